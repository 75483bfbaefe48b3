"""What is behind the person in a session."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from visavis.errors import InvalidInput
from visavis.media.pictures import Loop
from visavis.pool import NewSession
from visavis.pool.inline import InlinePool
from visavis.pool.studio import Studio
from visavis.settings import Settings


def settings(folder: Path, background: str = "") -> Settings:
    return Settings(data_dir=folder, background=background, llm="echo")


def corner(studio: Studio, request: NewSession, background: str | Path = "") -> tuple[int, ...]:
    """Y, U and V of the top left of what a session shows at rest."""
    picture = studio.cast(request, background).rest(None)
    assert isinstance(picture, Loop)
    pixels = picture.pixels
    chroma = pixels[512:].reshape(2, 256, 256)
    return int(pixels[0, 0]), int(chroma[0, 0, 0]), int(chroma[1, 0, 0])


GREEN = (111, 105, 58)
BLACK = (16, 128, 128)
SMALL = NewSession("demo-avatar", fps=5)


def test_a_session_has_the_background_it_asks_for_or_the_configured_one(tmp_path: Path) -> None:
    studio = Studio(settings(tmp_path, "#000000"))
    assert corner(studio, SMALL) == pytest.approx(BLACK, abs=2)
    assert corner(studio, SMALL, "green") == pytest.approx(GREEN, abs=2)


async def test_a_live_session_is_before_the_background_it_asks_for(tmp_path: Path) -> None:
    async with InlinePool(settings(tmp_path), warm=False) as pool:
        await pool.create(NewSession("demo-avatar", fps=5, background="#000000"))
        [drawn] = (tmp_path / "cache" / "loops").glob("demo-avatar-idle-*.i420")
        assert np.fromfile(drawn, np.uint8)[0] == 16
        with pytest.raises(InvalidInput, match="only films can be transparent"):
            await pool.create(NewSession("demo-avatar", background="transparent"))
        with pytest.raises(InvalidInput, match="no background 'wall.png'"):
            await pool.create(NewSession("demo-avatar", background="wall.png"))


def test_the_operators_pictures_have_names(tmp_path: Path) -> None:
    (tmp_path / "backgrounds").mkdir()
    assert cv2.imwrite(str(tmp_path / "backgrounds" / "wall.jpg"), np.zeros((40, 40, 3), np.uint8))
    assert corner(Studio(settings(tmp_path)), SMALL, "wall.jpg") == pytest.approx(BLACK, abs=2)


def test_a_model_that_can_not_says_so_only_if_it_was_asked_to(tmp_path: Path) -> None:
    studio = Studio(settings(tmp_path, "green"))
    request = NewSession("demo-avatar", model="mock")
    assert studio.cast(request, "").width == 512
    with pytest.raises(InvalidInput, match="'mock'"):
        studio.cast(request, "green")

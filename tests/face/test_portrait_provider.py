import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.face.recital import animated, hum, marks, said, shown
from visavis import registry
from visavis.avatar import Avatar, bundle
from visavis.errors import InvalidInput
from visavis.face.portrait import PortraitProvider
from visavis.media.pictures import Live, Loop
from visavis.settings import Settings
from visavis.testing.face import check_face


def photo(folder: Path, animation: dict[str, object] | None = None, fps: float = 25, **sizes: int) -> Avatar:
    """A bundle with a picture and no rig."""
    path = folder / "photo"
    path.mkdir()
    manifest = {"id": "photo", "fps": fps, "sample_rate": 16000, "width": 201, "height": 303} | sizes
    if animation is not None:
        manifest["metadata"] = {"animation": animation}
    (path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    shades = np.linspace(60, 220, 300, dtype=np.uint8)
    cv2.imwrite(str(path / "reference.png"), np.dstack([np.tile(shades[:, None], (1, 200))] * 3))
    return bundle.read(path)


MOUTH = {"mouth_center": [0.5, 0.6], "mouth_rx": 0.15, "mouth_ry": 0.04}


def test_the_provider_is_found_and_nothing_is_missing(settings: Settings) -> None:
    provider = registry.provider("face", "portrait", settings)
    assert (provider.name, provider.backend, provider.missing()) == ("portrait", "local", None)


def test_importing_the_provider_does_not_load_opencv() -> None:
    code = "import sys, visavis.face.portrait; sys.exit('cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603  # our own code


def test_given_an_avatar_twice_then_its_loops_are_shared(settings: Settings, avatar: Avatar) -> None:
    one, other = (PortraitProvider(settings).open(avatar).rest(None) for _ in range(2))
    assert isinstance(one, Loop)
    assert isinstance(other, Loop)
    assert one.clip is other.clip
    assert one.pixels is not other.pixels


def test_given_another_size_or_rate_then_the_face_has_it(settings: Settings, avatar: Avatar) -> None:
    provider = PortraitProvider(settings)
    small = provider.open(replace(avatar, width=256, height=256, fps=Fraction(30)))
    assert (small.width, small.height, small.fps) == (256, 256, Fraction(30))
    assert provider.open(avatar).width == 512


async def test_given_a_photo_with_a_mouth_then_it_speaks(settings: Settings, tmp_path: Path) -> None:
    face = PortraitProvider(settings).open(photo(tmp_path, MOUTH))
    assert (face.width, face.height) == (200, 302)
    pictures = shown(await animated(face, said(hum(0.4), marks([("ɑ", 0.4)]))))
    middle = pictures[5]
    assert isinstance(middle, Live)
    rest = face.rest(None).pixels
    changed = np.abs(middle.pixels.astype(int) - rest).max(axis=1)[:302] > 12
    assert changed[175:215].any()
    assert not changed[:160].any()
    assert (middle.pixels[175:215, 85:115] < 60).any()


async def test_given_a_photo_without_a_mouth_then_only_its_picture_is_shown(
    settings: Settings, tmp_path: Path
) -> None:
    face = PortraitProvider(settings).open(photo(tmp_path))
    rest = face.rest(None).pixels
    for picture in shown(await animated(face, said(hum(0.4), marks([("ɑ", 0.4)])))):
        assert np.array_equal(picture.pixels, rest)


@pytest.mark.parametrize("fps", [24, 25, 29.97, 30])
async def test_a_photo_keeps_the_contract_at_any_rate(settings: Settings, tmp_path: Path, fps: float) -> None:
    await check_face(PortraitProvider(settings).open(photo(tmp_path, MOUTH, fps)))


@pytest.mark.parametrize("animation", [{"mouth_center": "left"}, {"mouth_center": [0.5, 7], "mouth_rx": 0.1}, {}])
async def test_given_a_strange_mouth_then_there_is_none(
    settings: Settings, tmp_path: Path, animation: dict[str, object]
) -> None:
    await check_face(PortraitProvider(settings).open(photo(tmp_path, animation)))


def test_given_no_picture_then_the_input_is_invalid(settings: Settings, tmp_path: Path) -> None:
    avatar = photo(tmp_path)
    (avatar.path / "reference.png").unlink()
    with pytest.raises(InvalidInput):
        PortraitProvider(settings).open(avatar)


def test_given_a_broken_rig_then_the_input_is_invalid(settings: Settings, tmp_path: Path) -> None:
    avatar = photo(tmp_path)
    (avatar.path / "rig.json").write_text('{"scale": 2}', "utf-8")
    with pytest.raises(InvalidInput):
        PortraitProvider(settings).open(avatar)

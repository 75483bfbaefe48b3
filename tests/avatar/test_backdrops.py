from pathlib import Path

import cv2
import numpy as np
import pytest

from visavis.avatar import Avatar, Catalogue
from visavis.avatar.backdrops import GREEN, TRANSPARENT, Backdrops
from visavis.errors import InvalidInput
from visavis.settings import Settings


def wall(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((60, 90, 3), 80, dtype=np.uint8))
    return path


def settings(folder: Path, background: str = "") -> Settings:
    return Settings(data_dir=folder, background=background)


@pytest.fixture
def avatar(tmp_path: Path) -> Avatar:
    return Catalogue(settings(tmp_path)).avatar("demo-avatar")


@pytest.fixture
def photo(tmp_path: Path, avatar: Avatar) -> Avatar:
    return Avatar("photo", None, "portrait", 64, 64, avatar.fps, 16_000, {}, tmp_path)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("green", GREEN), ("#A0b1C2", "#a0b1c2"), ("transparent", TRANSPARENT), ("", None)],
)
def test_a_colour_or_nothing(tmp_path: Path, avatar: Avatar, wanted: str, expected: str | None) -> None:
    assert Backdrops(settings(tmp_path)).applied(avatar, wanted).background == expected


def test_given_a_name_then_the_picture_of_that_name_that_is_kept(tmp_path: Path, avatar: Avatar) -> None:
    kept = wall(tmp_path / "backgrounds" / "大堂-1.png")
    assert Backdrops(settings(tmp_path)).applied(avatar, "大堂-1.png").background == kept


def test_given_a_path_of_the_machines_user_then_that_picture(tmp_path: Path, avatar: Avatar) -> None:
    mine = wall(tmp_path / "some where" / "my.wall.png")
    assert Backdrops(settings(tmp_path / "data")).applied(avatar, mine).background == mine


@pytest.mark.parametrize(
    "wanted",
    [
        "../secret.png",
        "backgrounds/wall.png",
        "/etc/passwd",
        "..png",
        "wall.svg",
        "wall",
        "#12345",
        "blue",
        "\0.png",
    ],
)
def test_given_what_could_be_a_path_then_it_is_refused_without_a_look(
    tmp_path: Path, avatar: Avatar, wanted: str
) -> None:
    wall(tmp_path / "secret.png")
    with pytest.raises(InvalidInput, match="a background is"):
        Backdrops(settings(tmp_path)).applied(avatar, wanted)


@pytest.mark.parametrize("content", [None, b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_given_a_file_that_is_no_picture_then_its_name_is_said_and_not_its_path(
    tmp_path: Path, avatar: Avatar, content: bytes | None
) -> None:
    (tmp_path / "backgrounds").mkdir()
    if content is not None:
        (tmp_path / "backgrounds" / "wall.png").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"background 'wall\.png'") as refused:
        Backdrops(settings(tmp_path)).applied(avatar, "wall.png")
    assert str(tmp_path) not in refused.value.message


def test_the_configured_one_is_for_drawn_avatars_that_are_asked_for_no_other(
    tmp_path: Path, avatar: Avatar, photo: Avatar
) -> None:
    backdrops = Backdrops(settings(tmp_path, "#102030"))
    assert backdrops.applied(avatar).background == "#102030"
    assert backdrops.applied(avatar, "green").background == GREEN
    assert backdrops.applied(photo) is photo


def test_a_photo_keeps_its_own(tmp_path: Path, photo: Avatar) -> None:
    with pytest.raises(InvalidInput, match="only drawn avatars"):
        Backdrops(settings(tmp_path)).applied(photo, "green")


@pytest.mark.parametrize("wanted", ["transparent", "blue", "../wall.png", "/wall.png"])
def test_what_can_not_be_configured(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(ValueError, match="background"):
        settings(tmp_path, wanted)

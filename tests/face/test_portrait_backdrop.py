"""A drawn person before something else than its own background."""

import os
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.face.recital import animated, hum, marks, said, shown
from tests.face.test_portrait_provider import photo
from visavis.avatar import Avatar
from visavis.avatar.backdrops import TRANSPARENT
from visavis.errors import InvalidInput
from visavis.face import Cutout
from visavis.face.portrait import PortraitProvider, layers, loops
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.pose import Look, Mouth, Pose
from visavis.face.portrait.rig import Rig
from visavis.media.pictures import I420, Live, Loop, LoopClip
from visavis.settings import Settings


def before(avatar: Avatar, background: str | Path | None) -> Avatar:
    return replace(avatar, background=background)


def painted(path: Path, shade: int) -> Path:
    assert cv2.imwrite(str(path), np.full((50, 50, 3), shade, dtype=np.uint8))
    return path


def test_given_a_colour_or_a_picture_then_it_is_behind_the_person(avatar: Avatar, tmp_path: Path) -> None:
    assert np.abs(Rig(before(avatar, "#102030")).still()[:20, :20].astype(int) - (0x30, 0x20, 0x10)).max() <= 3
    assert Rig(before(avatar, painted(tmp_path / "dark.png", 0))).still()[:20, :20].max() <= 3


def test_given_a_picture_that_is_gone_then_it_says_which_avatar(avatar: Avatar, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="demo-avatar"):
        Rig(before(avatar, tmp_path / "gone.png"))


def test_given_no_background_then_edges_have_the_persons_own_colours(avatar: Avatar) -> None:
    rig = Rig(before(avatar, TRANSPARENT))
    alpha = rig.alpha(Pose())
    still = rig.still().astype(int)
    hair, beside = (still[200, np.flatnonzero(alpha[200] > 250)[0] + shift] for shift in (1, -1))
    assert np.abs(hair - beside).max() < 30
    assert np.abs(still[5, 5] - Rig(before(avatar, "green")).still()[5, 5]).max() > 40


def test_spread_colours_are_opaque_and_leave_what_is_opaque_as_it_is() -> None:
    pixels = np.zeros((61, 40, 4), dtype=np.uint8)
    pixels[20:40, 10:30] = (10, 120, 200, 255)
    spread = layers.spread(pixels)
    assert (spread[:, :, 3] == 255).all()
    assert np.abs(spread[:, :, :3].astype(int) - (10, 120, 200)).max() <= 2


def test_a_mouth_that_moves_leaves_the_outline_where_it_is(avatar: Avatar) -> None:
    rig = Rig(before(avatar, "green"))
    at_rest = rig.frame(Pose())
    for mouth in (Mouth(jaw=1.0), Mouth(smile=1.0), Mouth(round=1.0)):
        moved = at_rest.copy()
        rig.speak(moved, Pose(), Look(mouth, 1.0, 1.0))
        outside = np.abs(moved[:512].astype(int) - at_rest[:512])[rig.alpha(Pose()) < 8]
        assert outside.max() <= 6
        assert (moved != at_rest).any()


async def test_a_face_knows_where_the_person_is_in_pictures_at_rest_and_speaking(face: PortraitFace) -> None:
    pictures = shown(await animated(face, said(hum(0.4), marks([("ɑ", 0.4)]))))
    assert isinstance(face, Cutout)
    assert any(isinstance(picture, Live) for picture in pictures)
    for picture in (face.rest(None), *pictures):
        alpha = face.alpha(picture)
        assert alpha.shape == (512, 512)
        assert alpha[:20, :20].max() == 0
        assert alpha[200:360, 200:312].min() == 255


def test_a_photo_is_opaque(settings: Settings, tmp_path: Path) -> None:
    face = PortraitProvider(settings).open(photo(tmp_path))
    assert isinstance(face, Cutout)
    assert face.alpha(face.rest(None)).min() == 255


def test_each_background_has_a_puppet_and_loops_of_its_own(
    settings: Settings, avatar: Avatar, tmp_path: Path
) -> None:
    walls = painted(tmp_path / "wall.png", 0), painted(tmp_path / "other.png", 0)
    provider = PortraitProvider(settings)
    keys = []
    for background in (None, "#00b140", "#102030", *walls, None):
        picture = provider.open(before(avatar, background)).rest(None)
        assert isinstance(picture, Loop)
        keys.append(picture.clip.key)
    assert len(set(keys)) == 5 == len(keys) - 1
    assert keys[0] == keys[-1]


def clip(folder: Path, avatar: Avatar, draw: Callable[[int], I420] | None = None) -> LoopClip:
    frame = np.zeros((24, 16), dtype=np.uint8)
    return loops.clip(folder, avatar, "idle", (16, 16), Fraction(25), (4, 2), draw or (lambda _: frame))


def never(index: int) -> I420:
    raise AssertionError(index)


def test_other_backgrounds_do_not_take_the_place_of_the_usual_one(tmp_path: Path, avatar: Avatar) -> None:
    clip(tmp_path, avatar)
    clip(tmp_path, before(avatar, "#000001"))
    clip(tmp_path, before(avatar, "#000002"))
    for background in (None, "#000001", "#000002"):
        clip(tmp_path, before(avatar, background), never)


def test_given_another_picture_of_the_same_name_then_what_was_drawn_before_the_first_is_gone(
    tmp_path: Path, avatar: Avatar
) -> None:
    wall, folder = tmp_path / "wall.png", tmp_path / "loops"
    first = clip(folder, before(avatar, painted(wall, 0)))
    second = clip(folder, before(avatar, painted(wall, 90)))
    assert first.key != second.key
    assert [path.stem for path in folder.glob("*.i420")] == [second.key]


def test_only_the_backgrounds_used_last_are_kept(tmp_path: Path, avatar: Avatar) -> None:
    kept = [clip(tmp_path, avatar).key]
    for number in range(loops.BACKDROPS + 3):
        made = clip(tmp_path, before(avatar, f"#{number:06x}"))
        (tmp_path / f"{made.key}.vp8.loop").write_bytes(b"encoded")
        if number >= 4:
            kept.append(made.key)
        for path in tmp_path.glob(f"{made.key}.*"):
            os.utime(path, (number, number))
        if number == loops.BACKDROPS - 1:
            # The oldest one is used again.
            kept.append(clip(tmp_path, before(avatar, "#000000"), never).key)
    assert sorted(path.stem for path in tmp_path.glob("*.i420")) == sorted(kept)
    assert {path.name.removesuffix(".vp8.loop") for path in tmp_path.glob("*.loop")} == set(kept[1:])

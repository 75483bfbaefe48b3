from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.face.astronaut import portrait
from visavis.avatar import Avatar
from visavis.face.portrait.face import PortraitFace
from visavis.face.portrait.motion import MOTIONS
from visavis.face.portrait.photo import Photo
from visavis.face.portrait.pose import Look, Mouth
from visavis.face.portrait.repertoire import Repertoire
from visavis.face.portrait.visemes import VISEMES
from visavis.media.pictures import I420, Loop
from visavis.testing.face import check_face

MOUTH = np.s_[262:330, 205:310]
"""Lips and what is between them, wherever a viseme puts them."""
INSIDE = np.s_[278:300, 225:288]
"""Where the teeth are in the photograph."""


@pytest.fixture(scope="module")
def astronaut(tmp_path_factory: pytest.TempPathFactory) -> Avatar:
    return portrait(tmp_path_factory.mktemp("avatars"))


@pytest.fixture(scope="module")
def photo(astronaut: Avatar, loops_folder: Path) -> Photo:
    return complete(Photo(astronaut, loops_folder))


def complete(photo: Photo) -> Photo:
    """With every motion that it may have."""
    for name in MOTIONS:
        photo.clips.get(name)
    if isinstance(photo.clips, Repertoire):
        photo.clips.complete()
    return photo


def drawn(photo: Photo, look: Look, clip: str = "idle", index: int = 0) -> I420:
    return photo.draw(place(photo, clip, index), look)


def place(photo: Photo, clip: str = "idle", index: int = 0) -> Loop:
    return Loop(next(found for name, found in photo.clips.items() if name == clip), index)


def changed(one: I420, other: I420) -> npt.NDArray[np.int_]:
    """How much each pixel of luma differs."""
    difference: npt.NDArray[np.int_] = np.abs(one[:512].astype(int) - other[:512])
    return difference


async def test_a_photo_keeps_the_contract_of_faces(photo: Photo) -> None:
    await check_face(PortraitFace(photo))


def test_given_a_mouth_at_rest_then_the_picture_is_the_loops_frame(photo: Photo) -> None:
    for name in photo.clips:
        for index in (0, 37):
            at = place(photo, name, index)
            assert np.array_equal(photo.draw(at, Look()), at.pixels)


@pytest.mark.parametrize(("clip", "index"), [("idle", 0), ("speak-a", 61), ("think", 30)])
def test_given_a_mouth_almost_at_rest_then_the_patch_cannot_be_seen(photo: Photo, clip: str, index: int) -> None:
    at = place(photo, clip, index)
    difference = changed(photo.draw(at, Look(Mouth(part=0.021))), at.pixels)
    assert difference.max() <= 18
    assert difference.mean() < 0.05
    assert np.delete(difference, np.s_[262:330], axis=0).max() <= 6


def test_visemes_can_be_told_apart(photo: Photo) -> None:
    pictures = {name: drawn(photo, Look(viseme.mouth))[MOUTH].astype(int) for name, viseme in VISEMES.items()}
    for one, other in combinations(pictures, 2):
        assert np.abs(pictures[one] - pictures[other]).mean() > 1.5, (one, other)


def whites(picture: I420) -> int:
    """Bright places without the colour of skin, among those where the teeth are in the photograph."""
    luma, v = picture[278:302:2, 224:288:2], picture[640:].reshape(256, 256)[139:151, 112:144]
    return int(((luma > 165) & (v < 141)).sum())


def test_given_pressed_lips_then_neither_teeth_nor_the_dark_show(photo: Photo) -> None:
    rest, closed = (drawn(photo, Look(Mouth(press=press))) for press in (0.0, 0.85))
    assert whites(rest) > 60  # she smiles
    assert whites(closed) < 0.15 * whites(rest)
    assert closed[INSIDE].min() > 55


def test_given_an_open_vowel_then_the_dark_shows_under_the_upper_teeth(photo: Photo) -> None:
    picture = drawn(photo, Look(VISEMES["aa"].mouth))
    assert (picture[278:300, 235:275] > 170).sum() > 150
    assert (picture[MOUTH] < 70).sum() > 300


def test_given_f_then_upper_teeth_show_and_hardly_any_dark(photo: Photo) -> None:
    picture = drawn(photo, Look(VISEMES["FF"].mouth))
    assert (picture[INSIDE] > 180).sum() > 60
    assert (picture[286:310, 235:275] < 70).sum() == 0


def test_given_th_then_the_tongue_shows_where_s_shows_teeth(photo: Photo) -> None:
    tongue, teeth = (drawn(photo, Look(VISEMES[name].mouth)) for name in ("TH", "SS"))
    v_tongue, v_teeth = (v[640:].reshape(256, 256)[148:158, 120:136].astype(float) for v in (tongue, teeth))
    assert v_tongue.max() > v_teeth.max() + 3


def test_given_rounding_then_the_mouth_is_narrower(photo: Photo) -> None:
    def wide(mouth: Mouth) -> int:
        dark = drawn(photo, Look(mouth))[276:312, 200:312] < 85
        columns = np.nonzero(dark.any(axis=0))[0]
        return int(columns[-1] - columns[0])

    assert wide(VISEMES["U"].mouth) < 0.75 * wide(VISEMES["E"].mouth)


def test_given_an_open_jaw_then_the_chin_goes_down_and_the_shoulders_stay(photo: Photo) -> None:
    at = place(photo)
    picture = photo.draw(at, Look(Mouth(jaw=1.0)))
    chin = slice(340, 380)

    def edge(frame: I420) -> float:
        # The shadow of the chin on the neck.
        column = frame[chin, 250:262].mean(axis=1)
        return float(np.argmin(column[:34]))

    assert 4 <= edge(picture) - edge(at.pixels) <= 22
    assert changed(picture, at.pixels)[448:].max() == 0


@pytest.mark.parametrize("name", ["aa", "U", "PP"])
def test_given_speech_then_only_the_lower_face_changes(photo: Photo, name: str) -> None:
    at = place(photo, "speak-a", 60)
    difference = changed(photo.draw(at, Look(VISEMES[name].mouth)), at.pixels)
    outside = np.ones((512, 512), dtype=bool)
    outside[228:444, 146:366] = False
    assert difference[outside].max() == 0
    # At the patch's rim nothing moves: there is no seam.
    assert difference[228:240, 146:366].max() <= 4
    assert max(difference[240:440, 146:150].max(), difference[240:440, 362:366].max()) <= 4


def test_given_motion_then_what_is_far_from_the_head_stands_still(photo: Photo) -> None:
    still = place(photo).pixels
    for name, clip in photo.clips.items():
        for index in range(0, len(clip), 13):
            difference = changed(clip.frames[index], still)
            assert difference[:, :40].max() == 0, name
            assert difference[:, 490:].max() == 0, name


def test_the_loops_move_the_head(photo: Photo) -> None:
    at = place(photo, "speak-a")
    frames = [at.clip.frames[index] for index in range(0, len(at.clip), 9)]
    assert max(changed(frame, frames[0])[80:360, 110:400].mean() for frame in frames) > 2


def test_the_loops_meet_at_key_indices(photo: Photo) -> None:
    idle = photo.clips["idle"]
    for index in range(0, len(idle), idle.key_interval):
        for clip in photo.clips.values():
            difference = changed(clip.frames[index], idle.frames[index])
            # Eyes need not agree,
            difference[130:240, 150:370] = 0  # and neither need brows
            assert difference.max() <= 3


def test_given_closed_lids_then_no_white_of_the_eyes_is_left(photo: Photo) -> None:
    at = place(photo)
    shut = photo.draw(at, Look(lids=1.0))
    # The bright spot in the iris, and the iris itself.
    assert at.pixels[200:208, 208:222].min() < 60
    assert shut[199:204, 208:222].min() > 90
    difference = changed(shut, at.pixels)
    difference[170:225, 180:335] = 0
    assert difference.max() <= 4


def test_given_raised_brows_then_only_the_upper_face_changes(photo: Photo) -> None:
    at = place(photo)
    difference = changed(photo.draw(at, Look(brow=1.0)), at.pixels)
    assert difference[160:195, 180:340].max() > 25
    assert difference[215:].max() <= 4


def test_given_a_smile_then_the_corners_go_up(photo: Photo) -> None:
    def corner(smile: float) -> int:
        column = drawn(photo, Look(Mouth(smile=smile, part=0.05)))[262:300, 212:220]
        return int(np.argmin(column.astype(int).mean(axis=1)))

    assert corner(0.8) < corner(0.0)


def test_given_a_smaller_picture_then_it_speaks_too(tmp_path: Path) -> None:
    avatar = portrait(tmp_path, "half", width=241, height=243)
    found = Photo(avatar, tmp_path / "loops")
    at = place(found)
    assert (at.clip.width, at.clip.height) == (240, 242)
    difference = np.abs(found.draw(at, Look(VISEMES["aa"].mouth)).astype(int) - at.pixels)
    assert difference.max() > 60

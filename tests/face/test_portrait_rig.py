from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from visavis.avatar import Avatar, bundle
from visavis.errors import InvalidInput
from visavis.face.portrait.pose import Look, Mouth, Pose
from visavis.face.portrait.rig import Rig
from visavis.face.portrait.visemes import VISEMES
from visavis.media.pictures import I420

STOCK = sorted(
    path for path in (Path(bundle.__file__).parent / "stock").iterdir() if (path / "manifest.json").is_file()
)
REST = Pose()
POSES = (REST, Pose(turn=0.8, nod=0.5, tilt=1.5, head_y=3, breath=1), Pose(turn=-1, nod=-0.7, tilt=-2, head_x=-4))
EYES = np.s_[160:240, 170:342]
CHIN = np.s_[365:388, 246:266]


@pytest.fixture(scope="module")
def rig(avatar: Avatar) -> Rig:
    return Rig(avatar)


def spoken(rig: Rig, look: Look, pose: Pose = REST) -> I420:
    picture = rig.frame(pose)
    rig.speak(picture, pose, look)
    return picture


def difference(one: I420, other: I420) -> np.ndarray:
    """Of lightness, height x width."""
    found: np.ndarray = np.abs(one[:512].astype(int) - other[:512])
    return found


def test_there_are_at_least_three_stock_avatars() -> None:
    assert len(STOCK) >= 3


@pytest.mark.parametrize("path", STOCK, ids=lambda path: path.name)
def test_each_stock_avatar_is_small_and_its_still_picture_is_its_rest_pose(path: Path) -> None:
    assert sum(file.stat().st_size for file in path.iterdir()) <= 1_200_000
    found = bundle.read(path)
    assert found.name
    assert found.metadata["description"]
    still = cv2.imread(str(path / "reference.png"))
    assert still is not None
    assert np.abs(Rig(found).still().astype(int) - still).max() <= 2
    assert (path / "preview.png").read_bytes() == (path / "reference.png").read_bytes()


@pytest.mark.parametrize("path", STOCK, ids=lambda path: path.name)
@pytest.mark.parametrize("pose", POSES)
def test_every_viseme_of_every_avatar_looks_different(path: Path, pose: Pose) -> None:
    rig = Rig(bundle.read(path))
    lips = np.s_[280:350, 205:307]
    shown = {name: spoken(rig, Look(each.mouth), pose)[lips].astype(int) for name, each in VISEMES.items()}
    for name, picture in shown.items():
        for other, another in shown.items():
            if name < other:
                assert np.abs(picture - another).mean() > 1.0, (name, other)


def test_given_an_open_jaw_then_the_chin_is_lower(rig: Rig) -> None:
    change = difference(spoken(rig, Look(Mouth(jaw=1.0))), rig.frame(REST))
    assert change[CHIN].max() > 20


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize("mouth", [Mouth(part=0.021), Mouth(spread=0.021), Mouth(smile=0.021)])
def test_given_a_mouth_almost_at_rest_then_the_patch_cannot_be_seen(rig: Rig, pose: Pose, mouth: Mouth) -> None:
    change = difference(spoken(rig, Look(mouth), pose), rig.frame(pose))
    assert change.max() > 0, "it was drawn"
    assert (change > 12).sum() < 60
    assert change.mean() < 0.03


@pytest.mark.parametrize("pose", POSES)
def test_given_speech_then_nothing_moves_beyond_the_lower_face(rig: Rig, pose: Pose) -> None:
    change = difference(spoken(rig, Look(VISEMES["aa"].mouth), pose), rig.frame(pose))
    assert change[:260].max() == 0
    assert change[410:].max() == 0
    assert change[:, :160].max() == 0
    assert change[:, 350:].max() == 0


@pytest.mark.parametrize("pose", POSES)
@pytest.mark.parametrize(
    "look",
    [Look(brow=1.0), Look(brow=-1.0), Look(lids=1.0), Look(lids=-1.0), Look(brow=0.6, lids=0.4)],
    ids=["raised", "lowered", "closed", "wide", "both"],
)
def test_brows_and_lids_change_the_eye_region_only_and_as_a_whole_frame_would(
    rig: Rig, pose: Pose, look: Look
) -> None:
    shown = spoken(rig, look, pose)
    change = difference(shown, rig.frame(pose))
    assert change[EYES].max() > 25
    change[150:250, 155:357] = 0
    assert change.max() == 0
    # No seam: it is what drawing everything again would give.
    whole = rig.frame(replace(pose, brow=look.brow, lids=look.lids))
    assert difference(shown, whole).max() <= 2


def test_given_shut_eyes_then_look_can_not_open_or_close_them_further(rig: Rig) -> None:
    shut = Pose(lids=1.0)
    assert difference(spoken(rig, Look(lids=0.5), shut), rig.frame(shut)).max() <= 2


def test_given_an_open_eye_then_less_of_it_shows_the_more_the_lids_close(rig: Rig) -> None:
    def white(lids: float) -> int:
        return int((rig.frame(Pose(lids=lids))[200:226, 185:240] > 205).sum())

    found = [white(lids) for lids in (-1.0, 0.0, 0.5, 1.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[1] > found[2]


def test_given_a_smile_then_the_corners_are_higher_than_in_a_frown(rig: Rig) -> None:
    def corner(smile: float) -> float:
        """The mean row of lip-coloured chroma beside the middle."""
        v = spoken(rig, Look(Mouth(smile=smile)))[512 + 128 :].reshape(256, 256)[142:170]
        rows = np.nonzero((v[:, 112:118] > 158).any(axis=1))[0]
        return float(rows.mean())

    assert corner(0.9) < corner(-0.9) - 1


def test_given_a_smile_then_the_lower_lids_rise_and_the_upper_ones_stay(rig: Rig) -> None:
    plain, smiling = rig.frame(REST), spoken(rig, Look(Mouth(smile=1.0)))
    change = difference(smiling, plain)[190:240, 185:240]
    assert change[22:36].max() > 25, "the lower lid"
    assert change[:14].max() <= 2, "the upper one"
    assert difference(smiling, rig.frame(replace(REST, mouth=Mouth(smile=1.0)))).max() <= 2


def test_given_pressed_lips_then_a_moustache_follows_them() -> None:
    rig = Rig(bundle.read(next(path for path in STOCK if path.name == "samuel")))
    lip = spoken(rig, Look(Mouth(press=1.0)))[296:304, 240:272]
    moustache = rig.frame(REST)[290:296, 240:272]
    assert abs(lip.mean() - moustache.mean()) < 12, "no bare skin between"


def test_given_a_turn_then_the_face_moves_against_its_outline(rig: Rig) -> None:
    middle, turned = rig.alpha(REST), rig.alpha(Pose(turn=1))
    outline = np.abs(middle[200:300].astype(int) - turned[200:300]) > 128
    assert outline.mean() < 0.02
    assert difference(rig.frame(REST), rig.frame(Pose(turn=1)))[280:340].max() > 40


@pytest.mark.parametrize(("wanted", "bgr"), [("green", (64, 177, 0)), ("#102030", (0x30, 0x20, 0x10))])
def test_given_a_colour_then_it_is_behind_the_person(avatar: Avatar, wanted: str, bgr: tuple[int, ...]) -> None:
    for rig in (Rig(avatar, wanted), Rig(_with_background(avatar, wanted))):
        assert np.abs(rig.still()[:20, :20].astype(int) - bgr).max() <= 3
        assert np.abs(rig.still()[330:350, 250:262].astype(int) - Rig(avatar).still()[330:350, 250:262]).max() <= 2


def test_given_a_picture_of_the_bundle_then_it_is_behind_the_person(avatar: Avatar, tmp_path: Path) -> None:
    for file in avatar.path.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    wall = np.zeros((300, 900, 3), dtype=np.uint8)
    wall[:, 450:] = 255
    cv2.imwrite(str(tmp_path / "wall.png"), wall)
    still = Rig(replace(avatar, path=tmp_path), "wall.png").still()
    assert still[10, 10].max() < 8
    assert still[10, 500].min() > 247


@pytest.mark.parametrize("wanted", ["../secret.png", "nothing.png", "#12", "blue"])
def test_given_a_background_that_is_none_then_it_says_which_avatar(avatar: Avatar, wanted: str) -> None:
    with pytest.raises(InvalidInput, match="demo-avatar"):
        Rig(avatar, wanted)


@pytest.mark.parametrize("size", [320, 720])
def test_another_size_shows_the_same(avatar: Avatar, rig: Rig, size: int) -> None:
    look = Look(Mouth(jaw=0.8, upper=0.6), brow=0.5)
    sized = spoken(Rig(replace(avatar, width=size, height=size)), look, POSES[1])
    scaled = cv2.resize(sized[:size], (512, 512), interpolation=cv2.INTER_AREA)
    assert difference(scaled.astype(np.uint8), spoken(rig, look, POSES[1])).mean() < 2.5


def test_alpha_is_full_on_the_face_and_nothing_in_the_corners(rig: Rig) -> None:
    alpha = rig.alpha(REST)
    assert alpha.shape == (512, 512)
    assert alpha[200:360, 200:312].min() == 255
    assert alpha[:20, :20].max() == 0


def test_given_a_rig_without_a_picture_then_it_cannot_be_used(avatar: Avatar, tmp_path: Path) -> None:
    (tmp_path / "rig.json").write_bytes((avatar.path / "rig.json").read_bytes())
    with pytest.raises(InvalidInput, match="cannot be read"):
        Rig(replace(avatar, path=tmp_path))


def _with_background(avatar: Avatar, wanted: str) -> Avatar:
    return replace(avatar, manifest={**avatar.manifest, "metadata": {**avatar.metadata, "background": wanted}})

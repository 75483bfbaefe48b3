import cv2
import numpy as np
import pytest

from visavis.avatar import Avatar
from visavis.face.portrait import motion
from visavis.face.portrait.pose import Look, Mouth
from visavis.face.portrait.puppet import Drawn
from visavis.face.portrait.visemes import VISEMES, spoken
from visavis.media.pictures import I420, Loop

MOUTH = np.s_[284:336, 220:292]


def dark(picture: I420) -> int:
    """Pixels of the mouth that are as dark as its inside."""
    return int((picture[MOUTH] < 62).sum())


def drawn(puppet: Drawn, phoneme: str) -> I420:
    return puppet.draw(Loop(puppet.clips["idle"], 0), Look(spoken(phoneme)[0].mouth))


@pytest.mark.parametrize("phoneme", ["m", "b", "p"])
def test_given_a_bilabial_then_no_inside_of_the_mouth_shows(puppet: Drawn, phoneme: str) -> None:
    assert dark(drawn(puppet, phoneme)) == 0


def test_given_an_open_vowel_then_the_inside_shows(puppet: Drawn) -> None:
    assert dark(drawn(puppet, "ɑ")) > 150
    assert dark(drawn(puppet, "ɑ")) > dark(drawn(puppet, "ɛ")) > dark(drawn(puppet, "m"))


def test_given_f_then_teeth_show_and_no_dark(puppet: Drawn) -> None:
    picture = drawn(puppet, "f")
    assert int((picture[MOUTH] > 195).sum()) > 20
    assert dark(picture) < 10


def test_given_rounding_then_the_mouth_is_narrower_than_spread(puppet: Drawn) -> None:
    def redness(picture: I420) -> int:
        # V of lips is well above that of skin.
        v = picture[512 + 128 :].reshape(256, 256)[142:168, 100:156]
        return int((v > 161).any(axis=0).sum())

    assert redness(drawn(puppet, "u")) < 0.8 * redness(drawn(puppet, "i"))


def test_visemes_can_be_told_apart(puppet: Drawn) -> None:
    pictures = {
        name: puppet.draw(Loop(puppet.clips["idle"], 0), Look(shape.mouth))[MOUTH]
        for name, shape in VISEMES.items()
    }
    for name, picture in pictures.items():
        for other, another in pictures.items():
            if name < other:
                assert np.abs(picture.astype(int) - another).mean() > 1.0, (name, other)


def test_given_an_open_jaw_then_the_chin_is_lower(puppet: Drawn) -> None:
    place = Loop(puppet.clips["idle"], 0)
    column = np.abs(
        puppet.draw(place, Look(Mouth(jaw=1.0)))[340:362, 256].astype(int) - place.pixels[340:362, 256]
    )
    assert column.max() > 20


@pytest.mark.parametrize("index", [0, 13, 61, 110])
def test_given_a_mouth_almost_at_rest_then_the_patch_cannot_be_seen(puppet: Drawn, index: int) -> None:
    place = Loop(puppet.clips["speak-a"], index)
    patched = puppet.draw(place, Look(Mouth(part=1e-6)))
    difference = np.abs(patched.astype(int) - place.pixels)
    assert difference.max() <= 32
    assert (difference > 8).sum() < 120
    assert difference.mean() < 0.02


def test_the_loops_meet_at_key_indices_and_nowhere_else(puppet: Drawn) -> None:
    key = puppet.clips["idle"].key_interval
    for index in range(0, len(puppet.clips["idle"]), key):
        assert np.array_equal(puppet.clips["idle"].frames[index], puppet.clips["speak-a"].frames[index])
    assert not np.array_equal(puppet.clips["idle"].frames[key // 2], puppet.clips["speak-a"].frames[key // 2])


def test_the_last_frame_flows_into_the_first(puppet: Drawn) -> None:
    def step(one: int, other: int) -> float:
        frames = puppet.clips["speak-a"].frames
        return float(np.abs(frames[one].astype(int) - frames[other]).mean())

    assert step(-1, 0) < 2 * max(step(0, 1), step(-2, -1))


_BOTH: tuple[motion.Motion, motion.Motion] = ("idle", "speak-a")


def test_motions_leave_a_key_index_without_velocity(avatar: Avatar) -> None:
    for name in ("tilt", "turn", "nod", "head_x", "head_y", "brow"):
        idle, speak = (getattr(motion.pose(kind, 26, avatar.fps), name) for kind in _BOTH)
        assert abs(idle - speak) < 0.12


def test_idle_blinks_at_irregular_times(avatar: Avatar) -> None:
    lids = [motion.pose("idle", index, avatar.fps).lids for index in range(motion.length(avatar.fps))]
    closed = [index for index, value in enumerate(lids) if value == 1 and lids[index - 1] < 1]
    assert len(closed) >= 2
    assert lids[:: motion.key_interval(avatar.fps)] == [0.0] * motion.SECONDS
    assert closed[1] - closed[0] != len(lids) // 2


def test_the_still_picture_is_the_rest_pose(avatar: Avatar, puppet: Drawn) -> None:
    still = cv2.imread(str(avatar.path / "reference.png"))
    assert still is not None
    assert still.shape == (512, 512, 3)
    assert np.abs(still.astype(int) - cv2.imread(str(avatar.path / "preview.png"))).max() == 0

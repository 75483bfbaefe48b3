from fractions import Fraction
from itertools import pairwise

import pytest

from visavis.face.portrait.motion import MOTIONS, SECONDS, Motion, key_interval, length, origin, pose

PAL = Fraction(25)
HEAD = ("head_x", "head_y", "tilt", "turn", "nod", "breath")


@pytest.mark.parametrize("fps", [Fraction(24), PAL, Fraction(30_000, 1001), Fraction(1, 2)])
@pytest.mark.parametrize("motion", MOTIONS)
def test_at_key_indices_all_motions_hold_their_heads_the_same(motion: Motion, fps: Fraction) -> None:
    for index in range(0, length(fps), key_interval(fps)):
        here, there = pose(motion, index, fps), pose("idle", index, fps)
        assert [getattr(here, name) for name in HEAD] == pytest.approx([getattr(there, name) for name in HEAD])


@pytest.mark.parametrize("motion", MOTIONS)
def test_going_over_to_any_other_motion_is_as_smooth_as_going_on(motion: Motion) -> None:
    def step(one: Motion, index: int, other: Motion) -> float:
        here, there = pose(one, index, PAL), pose(other, index + 1, PAL)
        return float(max(abs(getattr(here, name) - getattr(there, name)) for name in HEAD))

    largest = max(step(motion, index, motion) for index in range(length(PAL)))
    for other in MOTIONS:
        for key in range(0, length(PAL), key_interval(PAL)):
            assert step(motion, key - 1, other) <= max(largest, 0.25)


@pytest.mark.parametrize("motion", MOTIONS)
def test_heads_do_not_jerk(motion: Motion) -> None:
    poses = [pose(motion, index, PAL) for index in range(length(PAL) + 1)]
    assert poses[0] == poses[-1]
    # Per mille of the width, degrees, and shares of a turn: half a pixel a picture.
    assert max(abs(b.head_y - a.head_y) for a, b in pairwise(poses)) < 1.0
    assert max(abs(b.tilt - a.tilt) for a, b in pairwise(poses)) < 0.2
    assert max(abs(b.nod - a.nod) for a, b in pairwise(poses)) < 0.3


@pytest.mark.parametrize("motion", MOTIONS)
def test_every_motion_blinks(motion: Motion) -> None:
    lids = [pose(motion, index, PAL).lids for index in range(length(PAL))]
    assert max(lids) > 0.9
    assert sum(value > 0.3 for value in lids) <= 10


def test_who_thinks_looks_away_and_who_listens_does_not() -> None:
    away = [abs(pose("think", index, PAL).gaze_x) for index in range(length(PAL))]
    steady = [abs(pose("listen", index, PAL).gaze_x) for index in range(length(PAL))]
    assert sum(value > 0.3 for value in away) >= 90
    assert max(steady) < 0.15


def test_a_nod_is_listening_but_for_two_seconds() -> None:
    assert [origin("nod", second) for second in range(SECONDS)] == ["nod", "listen", "nod", "listen"]
    key = key_interval(PAL)
    assert all(pose("nod", index, PAL) == pose("listen", index, PAL) for index in range(key, 2 * key))
    down = max(pose("nod", index, PAL).head_y - pose("listen", index, PAL).head_y for index in range(key))
    assert down > 2


def test_no_other_motion_shares_its_seconds() -> None:
    for motion in MOTIONS:
        if motion != "nod":
            assert {origin(motion, second) for second in range(SECONDS)} == {motion}

"""How a portrait moves by itself: breath, sway, glances and blinks, as functions of the frame's index.

All motions are one common, slow movement plus gestures of their own, each of which begins and ends, with no
velocity, at a key index: there one may go over from any motion to any other and nobody sees it. Only the eyes
need not agree: a real glance takes no longer than one picture.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal, get_args

from visavis.face.portrait.pose import Pose

Motion = Literal["idle", "speak-a", "listen", "think", "speak-b", "nod", "idle-b"]
"""In the order in which they are drawn: what is missed most comes first."""

MOTIONS: tuple[Motion, ...] = get_args(Motion)

SECONDS = 4
"""The length of every motion: one breath, fifteen a minute."""
BLINK = (0.0, 0.5, 1.0, 1.0, 0.75, 0.4, 0.15, 0.0)
"""How far the lids are closed, each 40 ms from the start of a blink: they close faster than they open."""
GLANCE = 0.06
"""Seconds that the eyes take from one place to another."""
FOLLOW = 0.35
"""How much the lids go along with a lowered gaze."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """What the head does within one second."""

    head_y: float = 0.0
    tilt: float = 0.0
    turn: float = 0.0
    nod: float = 0.0
    brow: float = 0.0
    peak: float = 0.5
    """When it is at its height, in seconds: 0.32 to 0.68."""
    again: float = 0.0
    """How much it swings: 0 once there and back, 1 up first, then down."""


@dataclass(frozen=True, slots=True)
class Score:
    """All of one motion beyond the common one. Times are seconds from its start."""

    gestures: tuple[Gesture, ...]
    """One for each second."""
    glances: tuple[tuple[float, float, float], ...]
    """(time, gaze x, gaze y): where the eyes go, ascending; before the first they are where the last left them."""
    blinks: tuple[float, ...]
    """When the lids begin to close."""
    brow: float = 0.0
    """Held all the time, as the eyes are."""
    lids: float = 0.0
    """Likewise."""


_LISTENING = (
    Gesture(tilt=0.75, nod=0.2, head_y=0.8, peak=0.55),
    Gesture(turn=0.2, brow=0.12, peak=0.4),
    Gesture(tilt=0.6, nod=0.3, head_y=1.2, peak=0.46),
    Gesture(tilt=0.25, turn=-0.15, peak=0.6),
)
_LISTENED = ((0.0, 0.0, 0.0), (0.9, 0.12, -0.03), (2.3, -0.08, 0.02), (3.3, 0.02, 0.0))

SCORES: dict[Motion, Score] = {
    "idle": Score(
        (
            Gesture(tilt=0.25, turn=0.25, peak=0.6),
            Gesture(turn=-0.2, nod=0.15),
            Gesture(tilt=-0.3, brow=0.1, peak=0.4),
            Gesture(turn=0.15, nod=-0.12, peak=0.62),
        ),
        ((0.0, 0.0, 0.0), (0.7, 0.1, 0.03), (1.5, -0.05, 0.0), (2.6, 0.06, -0.03), (3.4, 0.0, 0.0)),
        (1.42,),
    ),
    "speak-a": Score(
        (
            Gesture(head_y=2.8, nod=0.75, tilt=0.5, brow=0.15, peak=0.42, again=0.5),
            Gesture(head_y=-0.8, turn=0.75, tilt=-0.6, nod=-0.25, peak=0.6),
            Gesture(head_y=3.2, nod=0.9, turn=-0.35, brow=0.2, peak=0.5, again=0.7),
            Gesture(head_y=0.5, turn=-0.7, tilt=0.75, peak=0.38),
        ),
        (
            (0.0, 0.0, 0.0),
            (0.55, -0.1, 0.04),
            (1.3, 0.14, 0.0),
            (2.2, 0.0, 0.02),
            (3.2, -0.16, 0.1),
            (3.75, 0.0, 0.0),
        ),
        (0.5,),
    ),
    "listen": Score(_LISTENING, _LISTENED, (2.25,), brow=0.14, lids=-0.05),
    "think": Score(
        (
            Gesture(turn=0.55, nod=-0.3, tilt=-0.35, peak=0.62),
            Gesture(turn=0.3, nod=-0.35, head_y=-0.8, peak=0.5),
            Gesture(turn=-0.25, nod=-0.2, tilt=0.45, peak=0.45),
            Gesture(turn=-0.45, nod=-0.25, tilt=0.3, peak=0.58),
        ),
        ((0.0, 0.5, -0.55), (1.25, 0.62, -0.4), (2.15, -0.42, -0.5), (3.3, -0.5, -0.3)),
        (0.0, 2.05),
        brow=0.1,
    ),
    "speak-b": Score(
        (
            Gesture(turn=-0.6, tilt=-0.65, head_y=0.8, peak=0.55),
            Gesture(head_y=2.2, nod=0.6, tilt=0.3, peak=0.4, again=0.4),
            Gesture(turn=0.6, tilt=0.7, brow=0.18, nod=-0.3, head_y=-1.0, peak=0.62),
            Gesture(head_y=2.6, nod=0.8, turn=0.25, peak=0.45, again=0.6),
        ),
        ((0.0, 0.0, 0.0), (0.8, 0.12, 0.05), (1.7, -0.05, 0.0), (2.4, 0.2, -0.08), (3.05, 0.0, 0.0)),
        (1.4,),
    ),
    "nod": Score(
        (
            Gesture(head_y=4.2, nod=1.0, brow=0.1, peak=0.4, again=0.35),
            _LISTENING[1],
            Gesture(head_y=3.4, nod=0.85, tilt=0.3, brow=0.1, peak=0.36, again=0.5),
            _LISTENING[3],
        ),
        _LISTENED,
        (2.25,),
        brow=0.14,
        lids=-0.05,
    ),
    "idle-b": Score(
        (
            Gesture(turn=-0.3, tilt=-0.2, peak=0.45),
            Gesture(turn=0.4, nod=-0.1, peak=0.6),
            Gesture(tilt=0.3, nod=0.2, peak=0.55),
            Gesture(tilt=-0.25, brow=0.12),
        ),
        ((0.0, 0.0, 0.0), (1.15, 0.42, -0.05), (2.05, 0.36, 0.05), (2.7, 0.0, 0.0), (3.5, -0.06, 0.02)),
        (0.3, 3.1),
    ),
}


def key_interval(fps: Fraction) -> int:
    """Frames from one key index to the next: about a second."""
    return max(round(fps), 1)


def length(fps: Fraction) -> int:
    """Frames in a motion."""
    return SECONDS * key_interval(fps)


@lru_cache
def origin(motion: Motion, second: int) -> Motion:
    """The first motion, in the order of `MOTIONS`, that is the same in that second: perhaps the motion itself."""
    return next(other for other in MOTIONS if _second(other, second) == _second(motion, second))


def pose(motion: Motion, index: int, fps: Fraction) -> Pose:
    """Frame `index` of `motion`, the mouth at rest; the frame after the last is the first again."""
    key = key_interval(fps)
    index %= length(fps)
    phase = 2 * math.pi * index / length(fps)
    second, within = divmod(index, key)
    now = index / key
    score = SCORES[motion]
    gesture = score.gestures[second]
    swell, swing = _swell(within / key, gesture)
    gaze_x, gaze_y = _gaze(score.glances, now)
    blink = max(_blink(now - start) for start in score.blinks)
    lids = score.lids + FOLLOW * max(gaze_y, 0.0)
    return Pose(
        lids=lids + (1 - lids) * blink,
        brow=score.brow + gesture.brow * swell,
        gaze_x=gaze_x,
        gaze_y=gaze_y,
        head_x=2.2 * math.sin(phase) + 0.5 * math.sin(2 * phase + 1.1),
        head_y=0.8 * math.sin(phase + 2.0) + gesture.head_y * swing,
        tilt=0.5 * math.sin(phase + 0.7) + gesture.tilt * swell,
        turn=0.4 * math.sin(phase + 0.4) + gesture.turn * swell,
        nod=0.2 * math.sin(2 * phase) + gesture.nod * swing,
        breath=0.5 - 0.5 * math.cos(phase),
    )


def _second(motion: Motion, second: int) -> tuple[object, ...]:
    """All that makes one second of a motion."""
    score = SCORES[motion]
    last = [glance for glance in (*score.glances[-1:], *score.glances) if glance[0] <= second][-1:]
    glances = [glance for glance in score.glances if second - GLANCE < glance[0] < second + 1]
    blinks = [start for start in score.blinks if second - len(BLINK) * 0.04 < start < second + 1]
    return score.gestures[second], last, glances, blinks, score.brow, score.lids


def _swell(place: float, gesture: Gesture) -> tuple[float, float]:
    """How far a gesture is on, once there and back, and with its swing; zero slope at both ends."""
    warped = place ** (math.log(0.5) / math.log(gesture.peak))
    swell = math.sin(math.pi * warped) ** 2
    return swell, swell * (1 + gesture.again * math.sin(2 * math.pi * warped))


def _gaze(glances: tuple[tuple[float, float, float], ...], now: float) -> tuple[float, float]:
    """Where the eyes look: at rest on one place, then quickly to the next."""
    _, x, y = glances[-1]
    for start, to_x, to_y in glances:
        if start > now:
            break
        # One that begins with the motion is there at once: it may follow any other motion.
        way = 1.0 if start == 0 else min((now - start) / GLANCE, 1.0)
        x, y = x + (to_x - x) * way, y + (to_y - y) * way
    return x, y


def _blink(since: float) -> float:
    place = since / 0.04
    if not 0 <= place <= len(BLINK) - 1:
        return 0.0
    low = int(place)
    high = min(low + 1, len(BLINK) - 1)
    return BLINK[low] + (BLINK[high] - BLINK[low]) * (place - low)

"""How a portrait moves by itself: breath, sway, glances and blinks, as functions of the frame's index.

Both motions are one common, slow movement plus movements of their own that begin and end, with no
velocity, at each key index: there one may go over from one motion to the other and nobody sees it.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from visavis.face.portrait.pose import Pose

Motion = Literal["idle", "listen", "think", "speak-a", "speak-b", "nod"]

SECONDS = 6
"""The length of every motion: two breaths of three seconds."""
BLINK = (0.0, 0.5, 1.0, 1.0, 0.75, 0.4, 0.15, 0.0)
"""How far the lids are closed, each 40 ms from the start of a blink: they close faster than they open."""


@dataclass(frozen=True, slots=True)
class Gesture:
    """What the head does within one second."""

    head_y: float = 0.0
    tilt: float = 0.0
    turn: float = 0.0
    nod: float = 0.0
    brow: float = 0.0
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    blink: float = -1.0
    """When the lids begin to close, in seconds; negative for not at all."""


GESTURES: dict[Motion, tuple[Gesture, ...]] = {
    "idle": (
        Gesture(tilt=0.25, turn=0.2),
        Gesture(turn=-0.25, nod=0.15, blink=0.42),
        Gesture(tilt=-0.3, brow=0.12),
        Gesture(gaze_x=0.35, turn=0.3, nod=-0.1),
        Gesture(tilt=0.2, nod=0.2, blink=0.18),
        Gesture(turn=-0.2, brow=0.1),
    ),
    "speak-a": (
        Gesture(head_y=2.6, nod=0.8, tilt=0.5, brow=0.35),
        Gesture(head_y=-1.0, turn=0.7, tilt=-0.7, nod=-0.3, brow=0.1, blink=0.35),
        Gesture(head_y=3.2, nod=0.9, turn=-0.4, brow=0.55),
        Gesture(head_y=0.6, turn=-0.8, tilt=0.8, gaze_y=0.15),
        Gesture(head_y=2.4, nod=0.7, tilt=-0.5, brow=0.4, blink=0.6),
        Gesture(head_y=-0.8, turn=0.5, tilt=0.6, nod=-0.3, brow=0.2),
    ),
}
"""One gesture for each second of each motion."""


def key_interval(fps: Fraction) -> int:
    """Frames from one key index to the next: about a second."""
    return max(round(fps), 1)


def length(fps: Fraction) -> int:
    """Frames in a motion."""
    return SECONDS * key_interval(fps)


def pose(motion: Motion, index: int, fps: Fraction) -> Pose:
    """Frame `index` of `motion`, the mouth at rest; the frame after the last is the first again."""
    key = key_interval(fps)
    phase = 2 * math.pi * index / length(fps)
    second, within = divmod(index % length(fps), key)
    gesture = GESTURES[motion][second]
    # Rises and falls with zero slope at both ends.
    swell = math.sin(math.pi * within / key) ** 2
    quick = math.sin(2 * math.pi * within / key) * swell if motion == "speak-a" else 0.0
    return Pose(
        lids=_blink(within / key, gesture.blink),
        brow=gesture.brow * swell,
        gaze_x=gesture.gaze_x * swell,
        gaze_y=gesture.gaze_y * swell,
        head_x=2.6 * math.sin(phase) + 0.8 * math.sin(2 * phase + 1.1),
        head_y=0.9 * math.sin(phase + 2.0) + gesture.head_y * (swell + 0.5 * quick),
        tilt=0.55 * math.sin(phase + 0.7) + gesture.tilt * swell,
        turn=0.45 * math.sin(phase + 0.4) + gesture.turn * swell,
        nod=0.25 * math.sin(2 * phase) + gesture.nod * (swell + 0.4 * quick),
        breath=0.5 - 0.5 * math.cos(2 * phase),
    )


def _blink(now: float, start: float) -> float:
    place = (now - start) / 0.04
    if start < 0 or not 0 <= place <= len(BLINK) - 1:
        return 0.0
    low = int(place)
    high = min(low + 1, len(BLINK) - 1)
    return BLINK[low] + (BLINK[high] - BLINK[low]) * (place - low)

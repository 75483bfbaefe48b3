"""What a face looks like on the average, measured by its eyes: where everything is that is not looked for.

The unit is the distance of the eyes, the origin lies between them, y goes down. The numbers are the mean of the
faces and mirrored faces that the landmark model of mediapipe 0.10.21 finds in two freely usable portraits; the
mouth is the neutral one.
"""

import numpy as np

from visavis.avatar.analysis.landmarks import Landmarks, Points

EYES = np.array(((-0.5, 0.0), (0.5, 0.0)))

_EYE = np.array(
    ((-0.71, 0.0), (-0.66, -0.04), (-0.53, -0.085), (-0.365, -0.05),
     (-0.275, 0.03), (-0.345, 0.04), (-0.495, 0.055), (-0.635, 0.04))
)  # fmt: skip  # pairs side by side
_BROW = np.array(((-0.86, -0.175), (-0.77, -0.24), (-0.635, -0.28), (-0.45, -0.27), (-0.22, -0.23)))
_LEFT_OVAL = np.array(
    ((-1.06, 0.24), (-1.04, -0.22), (-0.78, -0.59), (-0.42, -0.70), (0.0, -0.71))
)  # fmt: skip  # pairs side by side
_LEFT_JAW = np.array(((0.0, 1.72), (-0.38, 1.61), (-0.72, 1.35), (-0.93, 0.98)))

NOSE = np.array((0.0, 0.65))
CHIN = np.array((0.0, 1.72))
MOUTH = np.array((0.0, 1.05))
"""The middle of the line between the lips."""
MOUTH_HALF = 0.41
"""Half the width of the mouth."""
UPPER, LOWER = 0.085, 0.14
"""How high the lips are above and below the line between them."""

_MIRROR = np.array((-1.0, 1.0))


def oval() -> Points:
    """16 points of the outline, from the left ear over the forehead."""
    right = _LEFT_OVAL[:-1][::-1] * _MIRROR
    jaw = _LEFT_JAW[::-1] * _MIRROR
    return np.concatenate([_LEFT_OVAL, right, jaw, _LEFT_JAW[1:]])


def similarity(eyes: Points) -> Points:
    """The map (2 x 3) from the unit of the template to the picture in which the eyes are there."""
    across = eyes[1] - eyes[0]
    turn = np.array(((across[0], -across[1]), (across[1], across[0])))
    return np.concatenate([turn, eyes.mean(0)[:, None]], axis=1)


def lips(middle: Points, half: float, upper: float, lower: float, curve: float = 0.0) -> Points:
    """16 points of a mouth: `curve` is how much lower its corners are than its middle (negative: it smiles)."""
    steps = np.linspace(-1, 1, 9)
    line = curve * steps**2
    above = np.stack([steps * half, line - upper * arch(steps)], axis=1)
    below = np.stack([steps * half, line + lower * (1 - np.abs(steps) ** 2.2)], axis=1)
    return np.asarray(middle + np.concatenate([above, below[1:-1][::-1]]))


def arch(steps: Points) -> Points:
    """The form of the upper lip's edge, -1 to 1 from corner to corner: 1 at the peaks of its bow."""
    return np.clip(1.08 * (1 - np.abs(steps) ** 1.7) - 0.22 * np.exp(-((steps / 0.13) ** 2)), 0, 1)


def inside(outer: Points, parted: float) -> Points:
    """12 points of the mouth's inside, `parted` (0 closed to 1) of what lies within its lips."""
    ends = outer[0], outer[8]
    above = np.stack([np.interp(np.linspace(0, 8, 7), np.arange(9), outer[:9, axis]) for axis in (0, 1)], axis=1)
    under = np.concatenate([outer[8:], outer[:1]])[::-1]
    below = np.stack([np.interp(np.linspace(0, 8, 7), np.arange(9), under[:, axis]) for axis in (0, 1)], axis=1)
    middle = above + (below - above) * (UPPER / (UPPER + LOWER))
    up, down = middle + (above - middle) * 0.7 * parted, middle + (below - middle) * 0.6 * parted
    inward = 0.04 * (ends[1] - ends[0])
    up[0], up[-1] = ends[0] + inward, ends[1] - inward
    return np.concatenate([up, down[1:-1][::-1]])


def follow(before: Points, after: Points, inner: Points) -> Points:
    """`inner` moved as the lips around it were: the nearest points count most."""
    distance = np.hypot(*(inner[:, None] - before[None]).transpose(2, 0, 1))
    weight = 1 / (distance**2 + 1)
    moves = weight @ (after - before) / weight.sum(1, keepdims=True)
    return np.asarray(inner + moves)


def face(eyes: Points) -> Landmarks:
    """The whole face, in the picture in which the eyes are there."""
    mouth = lips(MOUTH, MOUTH_HALF, UPPER, LOWER)
    right_eye = (_EYE * _MIRROR)[[4, 3, 2, 1, 0, 7, 6, 5]]
    return Landmarks(
        outer_lip=mouth,
        inner_mouth=inside(mouth, 0.0),
        eye_outlines=np.stack([_EYE, right_eye]),
        brows=np.stack([_BROW, (_BROW * _MIRROR)[::-1]]),
        face_oval=oval(),
        eye_centers=EYES,
        nose_tip=NOSE,
        chin=CHIN,
    ).moved(similarity(eyes))

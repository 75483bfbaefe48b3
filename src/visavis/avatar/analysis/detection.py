"""Faces in a picture, by the cascades that come with OpenCV 4: boxes, and a first guess of the eyes.

Sources: Viola and Jones 2001; Lienhart and Maydt 2002 (the frontal cascades of OpenCV).
"""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar.analysis.landmarks import Points

Grey = npt.NDArray[np.uint8]

SIDE, TURNED_SIDE = 640, 448
"""Pixels of the longer side that it is searched at, upright and turned: a face has to fill 1/20 or 1/14 of it."""

ANGLES = ((0,), (-20, 20), (-40, 40), (-90, 90, 180))
"""Degrees that a picture is turned by, until a face is found: upright, leaning, lying."""

PLAIN = 60
"""A score that ends the search: it is a face, and it stands upright enough."""

EYE_PATCH = 180
"""Pixels of the width of the patch that is searched for eyes."""

SURE = 18
"""Windows that both frontal cascades together have to see a face in."""

ALONE = 14
"""The same of the better one, if the other sees nothing."""

SMALLEST = 32
"""Pixels of the smallest box, at that size."""


@dataclass(frozen=True, slots=True)
class Found:
    """One face."""

    centre: Points
    """Pixels of the picture."""
    side: float
    """Pixels: the box is a square, from the brows to the lower lip and a little more."""
    angle: float
    """Degrees, positive clockwise: how far the picture was turned, so that the face stood upright."""
    score: float
    """How many windows a face was seen in, by both cascades together; 100 for one without doubt."""

    def eyes(self) -> Points:
        """Where its eyes are on the average; left first."""
        turn = math.radians(self.angle)
        right = np.array((math.cos(turn), math.sin(turn)))
        down = np.array((-right[1], right[0]))
        middle = self.centre - 0.11 * self.side * down
        return np.stack([middle - 0.19 * self.side * right, middle + 0.19 * self.side * right])


@cache
def _cascade(name: str) -> cv2.CascadeClassifier:
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / f"haarcascade_{name}.xml"))


def faces(grey: Grey) -> list[Found]:
    """The faces that look at the camera, the surest first; none of them hides another."""
    found: list[Found] = []
    for place, angles in enumerate(ANGLES):
        small, scale = _shrunk(grey, TURNED_SIDE if place else SIDE)
        even = cv2.equalizeHist(small).astype(np.uint8, copy=False)
        found += [each for angle in angles for each in _upright(even, scale, angle)]
        if not found and not place:
            # Evened out, a face before a plain wall may lose its contrast.
            found += _upright(small, scale, 0)
        # A face that leans is seen upright, too, but hardly: one step further tells.
        if any(each.score >= PLAIN for each in found) or (found and place):
            break
    kept: list[Found] = []
    for each in sorted(found, key=lambda each: each.score, reverse=True):
        if all(np.hypot(*(each.centre - other.centre)) > 0.5 * max(each.side, other.side) for other in kept):
            kept.append(each)
    return kept


def _upright(small: Grey, scale: float, angle: float) -> list[Found]:
    turned, back = _turned(small, angle)
    better = _search(turned, "frontalface_alt2")
    other = _search(turned, "frontalface_default") if better else []
    found = []
    for x, y, side, count in better:
        near = [each for each in other if np.hypot(x - each[0], y - each[1]) < 0.3 * side]
        score = count + max((each[3] for each in near), default=0)
        if score >= (SURE if near else ALONE):
            found.append(_placed((x, y, side, score), back, scale, angle))
    return found


def profile(grey: Grey) -> bool:
    """Whether there is a face that looks to the side."""
    small, _ = _shrunk(grey, TURNED_SIDE)
    return any(_search(picture, "profileface", 4) for picture in (small, np.ascontiguousarray(small[:, ::-1])))


def eyes_seen(grey: Grey, eyes: Points) -> int:
    """How many eyes the two cascades for eyes see where they should be: 0 to 4."""
    unit = EYE_PATCH / 3
    across = eyes[1] - eyes[0]
    turn = np.array(((across[0], -across[1]), (across[1], across[0]))) / unit
    matrix = np.concatenate([turn, (eyes[0] - turn @ (unit, unit))[:, None]], axis=1)
    patch = cv2.warpAffine(
        grey, matrix, (EYE_PATCH, 2 * EYE_PATCH // 3), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
    )
    seen = 0
    for name in ("eye", "eye_tree_eyeglasses"):
        boxes = _cascade(name).detectMultiScale(patch.astype(np.uint8, copy=False), 1.08, 3)
        for at in (unit, 2 * unit):
            seen += any(np.hypot(x + w / 2 - at, y + h / 2 - unit) < unit / 4 for x, y, w, h in boxes)
    return seen


def _search(picture: Grey, name: str, neighbours: int = 3) -> list[tuple[float, float, float, float]]:
    boxes, counts = _cascade(name).detectMultiScale2(picture, 1.08, neighbours, minSize=(SMALLEST, SMALLEST))
    pairs = zip(boxes, np.ravel(counts), strict=True)
    return [(x + wide / 2, y + wide / 2, float(wide), float(count)) for (x, y, wide, _), count in pairs]


def _shrunk(grey: Grey, side: int) -> tuple[Grey, float]:
    height, width = grey.shape
    scale = min(side / max(width, height), 2.0)
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(grey, (max(round(width * scale), 1), max(round(height * scale), 1)), interpolation=kind)
    return small.astype(np.uint8, copy=False), scale


def _turned(picture: Grey, angle: float) -> tuple[Grey, Points]:
    """The picture turned clockwise by -`angle`, all of it, and the map (2 x 3) back."""
    height, width = picture.shape
    if not angle:
        return picture, np.array(((1.0, 0, 0), (0, 1.0, 0)))
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos)
    matrix[:, 2] += (size[0] - width) / 2, (size[1] - height) / 2
    turned = cv2.warpAffine(picture, matrix, size, borderValue=(128,))
    return turned.astype(np.uint8, copy=False), cv2.invertAffineTransform(matrix).astype(np.float64)


def _placed(box: tuple[float, float, float, float], back: Points, scale: float, angle: float) -> Found:
    x, y, side, score = box
    centre = back[:, :2] @ np.array((x, y)) + back[:, 2]
    return Found(centre / scale, side / scale, angle, score)

"""`Landmarks`: where the parts of a face are, as a manifest keeps them in `metadata.animation`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from visavis.errors import InvalidInput

Points = npt.NDArray[np.float64]
"""n x 2: x and y, in pixels of the picture unless it says otherwise; the upper left corner of it is 0, 0."""

COUNTS = {
    "outer_lip": (16,),
    "inner_mouth": (12,),
    "eye_outlines": (2, 8),
    "brows": (2, 5),
    "face_oval": (16,),
    "eye_centers": (2,),
    "nose_tip": (),
    "chin": (),
}
"""How many points each part has; outlines are clockwise, from the left corner of the picture."""

MARGIN = 0.25
"""How far beyond the picture a point may be, as a part of its sides: a chin that was cut off is."""


@dataclass(frozen=True, slots=True)
class Landmarks:
    """The points of one face. "Left" and "right" are the picture's, not the person's."""

    outer_lip: Points
    """16 points: left corner, upper edge, right corner, lower edge."""
    inner_mouth: Points
    """12 likewise; a closed mouth has its upper points on its lower ones."""
    eye_outlines: Points
    """2 x 8 x 2: the left eye first, each from its left corner."""
    brows: Points
    """2 x 5 x 2: the left one first, each from left to right."""
    face_oval: Points
    """16 points, from the left ear over the forehead."""
    eye_centers: Points
    """2 points, left first."""
    nose_tip: Points
    """One point."""
    chin: Points
    """One point: the lowest of the outline."""

    @property
    def eye_distance(self) -> float:
        """Pixels from one eye to the other: what errors and sizes are measured by."""
        return float(np.hypot(*(self.eye_centers[1] - self.eye_centers[0])))

    @property
    def tilt(self) -> float:
        """Degrees, positive clockwise: how far the line through the eyes is turned."""
        x, y = self.eye_centers[1] - self.eye_centers[0]
        return math.degrees(math.atan2(y, x))

    def moved(self, matrix: Points) -> Self:
        """The same after an affine map (2 x 3)."""
        return type(self)(*(part @ matrix[:, :2].T + matrix[:, 2] for part in self._parts()))

    def mixed(self, other: "Landmarks", amount: float) -> "Landmarks":
        """`amount` (0 to 1) of the way to `other`."""
        pairs = zip(self._parts(), other._parts(), strict=True)
        return Landmarks(*(mine + (theirs - mine) * amount for mine, theirs in pairs))

    def animation(self, width: int, height: int) -> dict[str, Any]:
        """What a manifest says of it: parts of the picture's width and height, 0 to 1."""
        size = np.array((width, height), float)
        told: dict[str, Any] = {each.name: _rounded(getattr(self, each.name) / size) for each in fields(self)}
        lip, across = self.outer_lip, self.outer_lip[8] - self.outer_lip[0]
        centre = (lip.min(0) + lip.max(0)) / 2
        eyes = self.eye_outlines.max(1) - self.eye_outlines.min(1)
        head = self._head()
        return told | {
            "mouth_center": _rounded(centre / size),
            "mouth_rx": _rounded(np.hypot(*across) / 2 / width),
            "mouth_ry": _rounded((lip[:, 1].max() - lip[:, 1].min()) / 2 / height),
            "eye_rx": _rounded(eyes[:, 0].mean() / 2 / width),
            "eye_ry": _rounded(eyes[:, 1].mean() / 2 / height),
            "head_box": _rounded(head / np.array((width, height, width, height))),
            "head_tilt": round(self.tilt, 2),
        }

    def _head(self) -> Points:
        """Left, top, width and height of the whole head, hair and all, in pixels."""
        low, high = self.face_oval.min(0), self.face_oval.max(0)
        wide, tall = high - low
        return np.array((low[0] - 0.12 * wide, low[1] - 0.22 * tall, 1.24 * wide, 1.26 * tall))

    def _parts(self) -> list[Points]:
        return [getattr(self, each.name) for each in fields(self)]


def corrected(found: Landmarks | None, told: Mapping[str, Any], width: int, height: int) -> Landmarks | None:
    """`found` with the parts that a person moved, given as in `metadata.animation`; None if that is too little.

    Without `found` the whole face follows from the eyes and the mouth. Raises `InvalidInput`.
    """
    from visavis.avatar.analysis import template

    size = np.array((width, height), float)
    parts = {name: _read(name, told[name], COUNTS[name]) * size for name in COUNTS if name in told}
    if unknown := sorted(set(map(str, told)) - set(COUNTS) - DERIVED):
        raise InvalidInput(f"points: {unknown[0][:40]!r} is not a part of a face; known are {', '.join(COUNTS)}")
    if found is None:
        if not {"eye_centers", "outer_lip"} <= parts.keys():
            return None
        found = template.face(parts["eye_centers"])
    if "outer_lip" in parts and "inner_mouth" not in parts:
        parts["inner_mouth"] = template.follow(found.outer_lip, parts["outer_lip"], found.inner_mouth)
    if "eye_centers" in parts and "eye_outlines" not in parts:
        shift = (parts["eye_centers"] - found.eye_centers)[:, None]
        parts["eye_outlines"], parts["brows"] = found.eye_outlines + shift, parts.get("brows", found.brows + shift)
    if "chin" in parts and "face_oval" not in parts:
        low = np.clip(
            (found.face_oval[:, 1] - found.nose_tip[1]) / max(found.chin[1] - found.nose_tip[1], 1), 0, 1
        )
        parts["face_oval"] = found.face_oval + low[:, None] * (parts["chin"] - found.chin)
    made = Landmarks(**{each.name: parts.get(each.name, getattr(found, each.name)) for each in fields(Landmarks)})
    _sensible(made)
    return made


DERIVED = frozenset({"mouth_center", "mouth_rx", "mouth_ry", "eye_rx", "eye_ry", "head_box", "head_tilt"})
"""Parts of `metadata.animation` that follow from the points: what is told of them is not needed."""


def _read(name: str, value: Any, shape: tuple[int, ...]) -> Points:
    wrong = InvalidInput(
        f"points: {name} must be {' x '.join(map(str, (*shape, 2)))} numbers, as parts of the picture's sides"
    )
    try:
        found = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise wrong from None
    if found.shape != (*shape, 2) or not np.isfinite(found).all():
        raise wrong
    if found.min() < -MARGIN or found.max() > 1 + MARGIN:
        raise InvalidInput(f"points: {name} is outside of the picture")
    return found


def _sensible(face: Landmarks) -> None:
    """Refuse what no face looks like: a puppet would be torn."""
    right, down = face.eye_centers[1] - face.eye_centers[0], face.chin - face.eye_centers.mean(0)
    if right[0] <= 2 or face.outer_lip[8, 0] - face.outer_lip[0, 0] <= 2:
        raise InvalidInput("points: the eyes and the corners of the mouth go from left to right")
    if down[1] <= 0 or not 0 < (face.outer_lip.mean(0) - face.eye_centers.mean(0))[1] < down[1]:
        raise InvalidInput("points: the mouth belongs below the eyes and above the chin")


def _rounded(value: Any) -> Any:
    return np.round(value, 5).tolist()

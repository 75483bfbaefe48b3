"""Where the parts of a photographed face are: read from a manifest, and guessed where it says nothing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Points: TypeAlias = npt.NDArray[np.float64]
"""n x 2: places in the picture, in pixels."""

SMALLEST = 4.0
"""Pixels from the middle of a mouth to its corner: a smaller one cannot be seen to move."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A place, a size and a direction in the picture: what the curves of a mouth or an eye are measured in."""

    x: float
    """Pixels, of the middle."""
    y: float
    """Pixels, of the middle."""
    unit: float
    """Pixels from the middle to a corner."""
    angle: float
    """Radians, clockwise."""

    def inside(self, points: Points) -> Points:
        """Places of the picture in units from the middle."""
        c, s = math.cos(self.angle) / self.unit, math.sin(self.angle) / self.unit
        shifted = points - (self.x, self.y)
        return np.stack(
            (c * shifted[..., 0] + s * shifted[..., 1], c * shifted[..., 1] - s * shifted[..., 0]), axis=-1
        )

    def outside(self, points: Points) -> Points:
        """Places in units from the middle as places of the picture."""
        c, s = math.cos(self.angle) * self.unit, math.sin(self.angle) * self.unit
        return np.stack(
            (self.x + c * points[..., 0] - s * points[..., 1], self.y + s * points[..., 0] + c * points[..., 1]),
            axis=-1,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One eye."""

    frame: Frame
    upper: Points
    """The upper lid's edge, in units, from the left corner to the right one."""
    lower: Points
    """The lower lid's edge, likewise."""
    brow: Points
    """In pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """One face."""

    mouth: Frame
    lips: tuple[Points, Points, Points, Points]
    """Upper lip's outer and inner, lower lip's inner and outer edge, in units of the mouth, left corner first."""
    eyes: tuple[Eye, ...]
    """Two, or none if nobody said where they are."""
    nose: float
    """How far the tip of the nose is above the mouth, in units of the mouth."""
    chin: float
    """How far the chin is below the mouth, likewise."""
    face: Frame
    """The middle of the face; its unit is half of the face's width."""
    tall: float
    """Half of the face's height, in pixels."""
    head: tuple[float, float, float, float]
    """Left, top, right and bottom of the head with its hair, in pixels."""


def read(animation: object, width: int, height: int) -> Marks | None:
    """The marks of `metadata.animation` for a picture of that size; None if it does not say where the mouth is.

    Places are parts of the width and the height. What makes no sense counts as not said.
    """
    if not isinstance(animation, Mapping):
        return None
    size = np.array([width, height], dtype=np.float64)
    mouth = _mouth(animation, size)
    if mouth is None:
        return None
    frame, lips = mouth
    outlines = _outlines(animation, size, frame)
    apart = float(np.hypot(*(_middle(outlines[1]) - _middle(outlines[0])))) if outlines else 2.5 * frame.unit
    unit = Frame(frame.x, frame.y, apart / 2.5, frame.angle)
    if outlines:
        between = (_middle(outlines[0]) + _middle(outlines[1])) / 2
        up = np.array([frame.x, frame.y]) - between
        unit = Frame(frame.x, frame.y, unit.unit, math.atan2(-up[0], up[1]))
    brows = _rows(animation.get("brows"), size, 2, 5)
    eyes = tuple(
        _eye(outline, None if brows is None else brows[side], apart) for side, outline in enumerate(outlines)
    )
    nose = _single(animation.get("nose_tip"), size)
    chin = _single(animation.get("chin"), size)
    face, tall = _face(_points(animation.get("face_oval"), size, 16), unit)
    return Marks(
        mouth=frame,
        lips=lips,
        eyes=eyes,
        nose=_far(None if nose is None else -frame.inside(nose)[1], 1.1 * unit.unit / frame.unit),
        chin=_far(None if chin is None else frame.inside(chin)[1], 1.75 * unit.unit / frame.unit),
        face=face,
        tall=tall,
        head=_head(animation.get("head_box"), size, unit),
    )


def _mouth(found: Mapping[Any, Any], size: Points) -> tuple[Frame, tuple[Points, Points, Points, Points]] | None:
    middle = _single(found.get("mouth_center"), size)
    rx, ry = _number(found.get("mouth_rx")), _number(found.get("mouth_ry"))
    if middle is None or rx is None or ry is None or not (0 < rx < 0.5 and 0 < ry < 0.5):
        return None
    rx, ry = rx * float(size[0]), ry * float(size[1])
    outer = _points(found.get("outer_lip"), size, 16)
    if outer is not None and _plausible(outer, middle, rx):
        frame = _between(outer[0], outer[8])
        rim = frame.inside(outer)
        edges = rim[:9], np.concatenate((rim[:1], rim[:7:-1]))
    else:
        tilt = _number(found.get("head_tilt")) or 0.0
        frame = Frame(float(middle[0]), float(middle[1]), rx, math.radians(max(min(tilt, 60.0), -60.0)))
        x = np.linspace(-1, 1, 9)
        bow = np.sqrt(1 - x**2) * min(ry / rx, 0.5)
        edges = np.column_stack((x, -0.85 * bow)), np.column_stack((x, bow))
    if frame.unit < SMALLEST:
        return None
    inner = _points(found.get("inner_mouth"), size, 12)
    if inner is not None and outer is not None and _plausible(inner, middle, rx):
        rim = frame.inside(inner)
        return frame, (edges[0], rim[:7], np.concatenate((rim[:1], rim[:5:-1])), edges[1])
    # Where the lips would meet: nearer to the upper edge, as lower lips are fuller.
    x = np.linspace(-1, 1, 9)
    seam = np.column_stack((x, 0.55 * np.interp(x, *edges[0].T) + 0.45 * np.interp(x, *edges[1].T)))
    return frame, (edges[0], seam, seam, edges[1])


def _outlines(found: Mapping[Any, Any], size: Points, mouth: Frame) -> tuple[Points, ...]:
    """The edges of both eyes, picture-left first, eight places each from the left corner clockwise; or nothing."""
    outlines = _rows(found.get("eye_outlines"), size, 2, 8)
    if outlines is None:
        centres = _points(found.get("eye_centers"), size, 2)
        if centres is None:
            return ()
        apart = float(np.hypot(*(centres[1] - centres[0])))
        rx, ry = _number(found.get("eye_rx")), _number(found.get("eye_ry"))
        across = rx * float(size[0]) if rx and 0 < rx < 0.2 else 0.22 * apart
        down = ry * float(size[1]) if ry and 0 < ry < 0.2 else 0.09 * apart
        angle = math.atan2(centres[1, 1] - centres[0, 1], centres[1, 0] - centres[0, 0])
        turns = math.pi * (1 + np.arange(8) / 4)
        oval = np.column_stack((np.cos(turns), np.sin(turns) * min(down / across, 0.7))) if across > 0 else None
        if oval is None:
            return ()
        outlines = tuple(Frame(float(x), float(y), across, angle).outside(oval) for x, y in centres)
    left, right = (_middle(outline) for outline in outlines)
    apart = float(np.hypot(*(right - left)))
    wide = [float(np.hypot(*(outline[4] - outline[0]))) for outline in outlines]
    above = [-mouth.inside(middle)[1] for middle in (left, right)]
    # Eyes that stand on the mouth, or upon each other, would be torn apart.
    sensible = left[0] < right[0] and min(above) > 0.7 and SMALLEST < max(wide) < 0.9 * apart and min(wide) > 2
    return outlines if sensible else ()


def _eye(outline: Points, brow: Points | None, apart: float) -> Eye:
    frame = _between(outline[0], outline[4])
    rim = frame.inside(outline)
    if brow is None:
        brow = outline[:5] - (0.0, 0.27 * apart)
    return Eye(frame, rim[:5], np.concatenate((rim[:1], rim[:3:-1])), brow)


def _face(oval: Points | None, unit: Frame) -> tuple[Frame, float]:
    if oval is not None:
        low, high = oval.min(axis=0), oval.max(axis=0)
        wide, tall = (high - low) / 2
        if 1.5 * unit.unit < wide < 5 * unit.unit and 1.5 * unit.unit < tall < 7 * unit.unit:
            x, y = ((low + high) / 2).tolist()
            return Frame(x, y, float(wide), unit.angle), float(tall)
    x, y = unit.outside(np.array([0.0, -1.9])).tolist()
    return Frame(x, y, 2.75 * unit.unit, unit.angle), 3.75 * unit.unit


def _head(found: object, size: Points, unit: Frame) -> tuple[float, float, float, float]:
    if isinstance(found, list) and len(found) == 4:
        values = [_number(value) for value in found]
        if all(value is not None for value in values):
            x, y, w, h = (value or 0.0 for value in values)
            left, top, right, bottom = x * size[0], y * size[1], (x + w) * size[0], (y + h) * size[1]
            if left < unit.x < right and top < unit.y < bottom + unit.unit and w < 1.5 and h < 1.5:
                return float(left), float(top), float(right), float(bottom)
    x, y = unit.outside(np.array([0.0, -2.7])).tolist()
    return x - 3.5 * unit.unit, y - 4.5 * unit.unit, x + 3.5 * unit.unit, y + 4.5 * unit.unit


def _far(found: float | None, usual: float) -> float:
    return float(found) if found is not None and 0.5 * usual < found < 1.7 * usual else usual


def _plausible(rim: Points, middle: Points, rx: float) -> bool:
    """Whether places round a mouth go the way they should, near where the mouth is said to be."""
    half = len(rim) // 2
    wide = rim[half, 0] - rim[0, 0]
    far = np.abs(rim - middle).max()
    return bool(0.6 * rx < wide and far < 2.5 * rx and rim[1:half, 1].mean() <= rim[half + 1 :, 1].mean())


def _between(left: Points, right: Points) -> Frame:
    middle, across = (left + right) / 2, right - left
    return Frame(
        float(middle[0]),
        float(middle[1]),
        max(float(np.hypot(*across)) / 2, 1e-3),
        math.atan2(float(across[1]), float(across[0])),
    )


def _middle(outline: Points) -> Points:
    middle: Points = (outline[0] + outline[4]) / 2
    return middle


def _number(found: object) -> float | None:
    """A finite number, or None: JSON as Python reads it may hold NaN and infinities."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if abs(found) < 1e6 else None


def _points(found: object, size: Points, count: int) -> Points | None:
    """`count` places of the picture in pixels, or None."""
    if not isinstance(found, list) or len(found) != count:
        return None
    places = []
    for place in found:
        values = [_number(value) for value in place] if isinstance(place, list) and len(place) == 2 else []
        if len(values) != 2 or any(value is None or not -0.2 <= value <= 1.2 for value in values):
            return None
        places.append(values)
    scaled: Points = np.array(places, dtype=np.float64) * size
    return scaled


def _rows(found: object, size: Points, rows: int, count: int) -> tuple[Points, ...] | None:
    if not isinstance(found, list) or len(found) != rows:
        return None
    read = [_points(row, size, count) for row in found]
    return tuple(row for row in read if row is not None) if all(row is not None for row in read) else None


def _single(found: object, size: Points) -> Points | None:
    """One place inside the picture."""
    place = _points([found], size, 1)
    return place[0] if place is not None and (place[0] > 0).all() and (place[0] < size).all() else None

"""`Canvas`: parts whose edges are curves, laid over one another; and the colours they are laid in."""

import re
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from visavis.face.portrait.paint import YUVA, Colour, colour

Curve: TypeAlias = npt.NDArray[np.floating[Any]]
"""A height (positive is down) for each column."""
Area: TypeAlias = npt.NDArray[np.floating[Any]]
"""A value for each sample."""

ACROSS = 2
"""Samples in a pixel's width: steep edges need them; a flat one is smoothed exactly."""
CODE = re.compile("[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of a mouth."""

    upper: Colour = colour("c4656a")
    upper_dark: Colour = colour("a24b53")
    lower: Colour = colour("d3797b")
    lower_dark: Colour = colour("b85c62")
    gloss: Colour = colour("f6bdb6")
    seam: Colour = colour("7c3139")
    shadow: Colour = colour("b96e52")
    cavity: Colour = colour("3a1014")
    throat: Colour = colour("6a2528")
    tongue: Colour = colour("d47f7c")
    teeth: Colour = colour("f8f3ec")
    teeth_dark: Colour = colour("cdbdb2")
    teeth_back: Colour = colour("dcd0c6")

    @classmethod
    def of(cls, found: object) -> "Palette":
        """From a manifest's object of `rrggbb` codes; what is missing or no code keeps its default."""
        given: dict[str, Any] = found if isinstance(found, dict) else {}
        names = (each.name for each in fields(cls))
        return cls(**{n: colour(given[n]) for n in names if CODE.fullmatch(str(given.get(n)))})


def steep(curves: Curve) -> Curve:
    """How much longer each curve (the last axis) is than wide, place by place; at most 6."""
    found = np.ones_like(curves)
    rise = curves[..., 1:] - curves[..., :-1]
    rise *= rise * ACROSS**2
    rise += 1
    np.minimum(np.sqrt(rise, out=rise), 6.0, out=found[..., :-1])
    return found


class Canvas:
    """Premultiplied planes that parts are laid on, back to front."""

    def __init__(self, planes: npt.NDArray[np.float32], first: int = 0) -> None:
        self.planes = planes
        self.rows: Area = np.arange(first, first + planes.shape[1], dtype=np.float32)[:, None]
        """The number of each row of samples."""

    def band(self, upper: float, lower: float) -> "Canvas":
        """The rows from one height to another, and one more on each side."""
        low = max(int(upper) - 1, 0)
        return Canvas(self.planes[:, low : max(int(lower) + 2, low + 1)], low)

    def below(self, curve: Curve, soft: float | Curve = 1.0) -> Area:
        """1 for each sample that lies below `curve` in the picture, smoothed over `soft` pixels of height.

        Where a curve is steep, `steep` times the pixels keep it as smooth across as it is elsewhere.
        """
        area: Area = self.rows - (curve - 0.5 - soft / 2)
        if not isinstance(soft, float) or soft != 1.0:
            area *= 1 / soft
        return np.minimum(np.maximum(area, 0, out=area), 1, out=area)

    def inside(self, upper: Curve, lower: Curve, soft_upper: Curve, soft_lower: Curve) -> Area:
        """What lies below the one and not below the other curve, each edge smoothed over its own height."""
        area = self.below(upper, soft_upper)
        area -= self.below(lower, soft_lower)
        return np.maximum(area, 0, out=area)

    def between(self, upper: Curve, lower: Curve) -> Area:
        """How much of each sample lies between two curves, exactly."""
        area: Area = np.minimum(self.rows + 1, lower) - np.maximum(self.rows, upper)
        return np.minimum(np.maximum(area, 0, out=area), 1, out=area)

    def lay(self, cover: Area, main: Colour, other: Colour | None = None, share: Area | None = None) -> None:
        """Cover with `main`, or with a blend from `main` to `other` by `share`."""
        wanted = _column(main)
        if other is not None and share is not None:
            wanted = wanted + share * (_column(other) - wanted)
        change = wanted - self.planes
        change *= cover
        self.planes += change

    def picture(self) -> YUVA:
        """What was laid, at one sample a pixel."""
        samples = cv2.merge(list(self.planes))
        small = cv2.resize(samples, (samples.shape[1] // ACROSS, samples.shape[0]), interpolation=cv2.INTER_AREA)
        picture: YUVA = np.rint(small).astype(np.uint8)
        return picture


@cache
def _column(value: Colour) -> npt.NDArray[np.float32]:
    """A colour, opaque, in the shape that planes can be reckoned with."""
    return np.array([*value, 255.0], dtype=np.float32)[:, None, None]

"""Draws a mouth: lips, teeth, tongue and the dark behind them, from curves, in the colours of the picture.

All curves are functions of the place along the mouth, so each part is what lies between two of them, and
its edge can be smoothed exactly. Lengths are in units of 1/512 of the picture's width.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from visavis.face.portrait.paint import YUVA, Colour, colour
from visavis.face.portrait.pose import Mouth

Curve: TypeAlias = npt.NDArray[np.floating[Any]]
"""A height (positive is down) for each column."""
Area: TypeAlias = npt.NDArray[np.floating[Any]]
"""A value for each sample."""

ACROSS = 2
"""Samples per pixel along the mouth; across it, edges are smoothed exactly."""
DROP = 24.0
"""How far the lips part with the jaw wide open."""
PART = 9.0
"""How far they part without the jaw."""


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
    tongue: Colour = colour("c2605f")
    teeth: Colour = colour("f8f3ec")
    teeth_dark: Colour = colour("cdbdb2")


@dataclass(frozen=True, slots=True)
class Build:
    """The size and form of one mouth at rest, in 1/512 of the picture's width."""

    width: float = 29.0
    """Half the distance of the corners."""
    upper: float = 7.2
    """Thickness of the upper lip at its peaks."""
    lower: float = 9.6
    """Thickness of the lower lip in the middle."""
    smile: float = 3.0
    """How much higher the corners are than the middle."""

    @classmethod
    def of(cls, found: object) -> "Build":
        """From a manifest's object; what is missing or no number keeps its default."""
        given: dict[str, Any] = found if isinstance(found, dict) else {}
        names = ("width", "upper", "lower", "smile")
        return cls(**{n: float(given[n]) for n in names if isinstance(given.get(n), int | float)})


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a mouth is in a picture."""

    x: float
    """Pixels."""
    y: float
    """Pixels."""
    angle: float
    """Radians, clockwise."""
    scale: float
    """Pixels per unit."""


class _Canvas:
    """Premultiplied planes that parts are laid on, back to front."""

    def __init__(self, planes: npt.NDArray[np.float32], first: int = 0) -> None:
        self.planes = planes
        self.rows: Area = np.arange(first, first + planes.shape[1], dtype=np.float32)[:, None]
        """The number of each row of samples."""

    def band(self, upper: float, lower: float) -> "_Canvas":
        """The rows from one height to another, and one more on each side."""
        low = max(int(upper) - 1, 0)
        return _Canvas(self.planes[:, low : max(int(lower) + 2, low + 1)], low)

    def above(self, curve: Curve, soft: float = 1.0) -> Area:
        """1 where a sample lies below `curve` in the picture (at larger y), smoothed over `soft` pixels."""
        area: Area = self.rows - (curve - 0.5 - soft / 2)
        if soft != 1.0:
            area *= 1 / soft
        return np.clip(area, 0, 1, out=area)

    def between(self, upper: Curve, lower: Curve) -> Area:
        """How much of each sample lies between two curves, exactly."""
        area: Area = np.minimum(self.rows + 1, lower) - np.maximum(self.rows, upper)
        return np.clip(area, 0, 1, out=area)

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
        return np.rint(small).astype(np.uint8)


@cache
def _column(value: Colour) -> npt.NDArray[np.float32]:
    """A colour, opaque, in the shape that planes can be reckoned with."""
    return np.array([*value, 255.0], dtype=np.float32)[:, None, None]


def draw(mouth: Mouth, spot: Spot, build: Build, palette: Palette, lips: bool = True) -> tuple[YUVA, int, int]:
    """The mouth as a patch, with the even position of its corner in the picture.

    Without `lips`, only what shows between them.
    """
    k = spot.scale
    wide = build.width * (1 + 0.12 * mouth.spread - 0.36 * mouth.round - 0.05 * mouth.jaw)
    gap = max(DROP * mouth.jaw * (1 - 0.3 * mouth.round) + PART * mouth.part - 14 * mouth.press, 0.0)
    tuck = mouth.tuck

    reach = int(math.ceil((wide + 4) * k / 2)) * 2
    left = int(spot.x - reach) // 2 * 2
    columns = reach * 2 + 2
    x: Curve = (np.arange(columns * ACROSS, dtype=np.float32) + 0.5) / ACROSS + left
    u = (x - spot.x) / (k * math.cos(spot.angle))
    t: Curve = np.minimum(np.abs(u) / wide, 1)
    tt = t * t
    open_ = min(gap / 12, 1.0)

    inner = np.minimum(np.abs(u) / (wide * (0.93 - 0.06 * mouth.round)), 1)
    bow = (1 - inner**2.2) ** (0.62 - 0.12 * mouth.round)
    middle = np.exp(-((u / 4.6) ** 2))
    lift = build.smile * (1 - 0.6 * mouth.round) + 1.2 * max(mouth.spread, 0.0)
    line = -lift * tt * (0.5 + 0.5 * tt)
    seam = line + (0.5 * middle - 0.8 * np.exp(-(((np.abs(u) - 10) / 7) ** 2))) * (1 - 0.6 * open_)
    rise = gap * (0.18 + 0.14 * (1 - mouth.jaw))
    upper_edge = seam - rise * bow
    drop = (gap - rise) * bow - tuck * (1 - tt)
    lower_edge = np.maximum(seam * (1 - open_) + line * open_ + drop, upper_edge)

    thick = (1 - 0.45 * mouth.press) * (1 + 0.1 * mouth.round)
    cupid = 1 - 0.24 * np.exp(-((u / 4.2) ** 2)) * (1 - 0.6 * mouth.round)
    slope = 1 - t**1.9
    upper_lip = build.upper * thick * (1 - 0.12 * mouth.spread) * cupid * slope
    lower_lip = build.lower * thick * (1 - 0.10 * mouth.spread) * (1 - 0.42 * tuck) * (1 - t**2.3) ** 0.9
    upper_top = upper_edge - upper_lip
    lower_bottom = np.maximum(line + drop + lower_lip, lower_edge)

    top = int(spot.y + k * (float(upper_top.min()) - 2) - reach * abs(math.sin(spot.angle))) // 2 * 2
    bottom = spot.y + k * (float(lower_bottom.max()) + 13) + reach * abs(math.sin(spot.angle))
    rows = int(math.ceil((bottom - top) / 2)) * 2
    canvas = _Canvas(np.zeros((4, rows, columns * ACROSS), dtype=np.float32))
    base = spot.y - top + math.sin(spot.angle) * k * u

    def at(curve: Curve) -> Curve:
        return base + k * curve

    a_top, a_upper, a_lower, a_bottom = at(upper_top), at(upper_edge), at(lower_edge), at(lower_bottom)
    if lips:
        _shade(canvas.band(a_bottom.max() - 7 * k, a_bottom.max() + 12 * k), a_bottom, u, wide, k, palette)
    if gap > 0.15:
        _inside(
            canvas.band(a_upper.min(), a_lower.max()),
            mouth,
            gap,
            u,
            t,
            bow,
            seam,
            upper_edge,
            lower_edge,
            at,
            palette,
        )
    if lips:
        _lips(canvas, a_top, a_upper, a_lower, a_bottom, u, t, k, gap, palette)
    return canvas.picture(), left, top


def _shade(canvas: _Canvas, bottom: Curve, u: Curve, wide: float, k: float, palette: Palette) -> None:
    """The soft shadow of the lower lip on the chin, and the hollows of the corners."""
    below = (canvas.rows - bottom - 2.2 * k) / (3.6 * k)
    cover = np.exp(-below * below) * (0.34 * np.exp(-((u / (0.5 * wide)) ** 2)))
    canvas.lay(cover, palette.shadow)


def _inside(
    canvas: _Canvas,
    mouth: Mouth,
    gap: float,
    u: Curve,
    t: Curve,
    bow: Curve,
    seam: Curve,
    upper_edge: Curve,
    lower_edge: Curve,
    at: Any,
    palette: Palette,
) -> None:
    opening = canvas.between(at(upper_edge), at(lower_edge))
    height = at(lower_edge) - at(upper_edge)
    depth = np.clip((canvas.rows + 0.5 - at(upper_edge)) / np.maximum(height, 1), 0, 1)
    canvas.lay(opening, palette.cavity, palette.throat, depth * depth)
    if mouth.tongue > 0.02:
        crown = lower_edge - (gap * (0.16 + 0.62 * mouth.tongue)) * np.clip(1 - (t / 0.72) ** 2, 0, 1) ** 0.6
        cover = canvas.above(at(crown + 0.5), 2.0) * opening * (t < 0.72)
        canvas.lay(cover * min(mouth.tongue * 4, 1.0), palette.tongue, palette.throat, 1 - depth)
    if mouth.lower > 0.02:
        ridge = lower_edge - 4.2 * mouth.lower * np.clip(1 - (t / 0.8) ** 4, 0, 1)
        cover = canvas.above(at(ridge)) * opening
        canvas.lay(cover, palette.teeth_dark, palette.teeth, np.float32(0.35) * np.ones_like(cover))
    if mouth.upper > 0.02:
        length = min(2.4 + 5.2 * mouth.upper, 9.0)
        biting = seam + (length - 3.4) - 2.0 * (t / 0.8) ** 2
        biting = np.maximum(np.minimum(biting, upper_edge + length), upper_edge)
        if mouth.tuck > 0:
            biting = biting * (1 - mouth.tuck) + np.maximum(lower_edge + 0.2, biting) * mouth.tuck
        cover = (1 - canvas.above(at(biting))) * opening * np.clip((0.92 - t) * 8, 0, 1)
        near = np.clip(1 - (canvas.rows - at(upper_edge)) / 3.2, 0, 1)
        side = np.clip((t - 0.3) * 1.1, 0, 0.75)
        gaps = sum(np.exp(-(((np.abs(u) - place) / 0.45) ** 2)) for place in (0.0, 6.2, 11.2, 15.4))
        edge = (canvas.rows + 0.5 - at(biting)) / 0.9
        dim = 0.75 * near + side + 0.28 * gaps + 0.5 * mouth.lower * np.exp(-edge * edge)
        canvas.lay(cover, palette.teeth, palette.teeth_dark, np.clip(dim, 0, 1))


def _lips(
    canvas: _Canvas,
    top: Curve,
    upper: Curve,
    lower: Curve,
    bottom: Curve,
    u: Curve,
    t: Curve,
    k: float,
    gap: float,
    palette: Palette,
) -> None:
    whole, soft = canvas, 1.7 * k
    canvas = whole.band(lower.min(), bottom.max() + soft)
    rows = canvas.rows + 0.5
    # A smoothed edge would draw a line where a lip has no thickness.
    ends = np.clip((1 - t) * 14, 0, 1)
    fill = canvas.above(lower, 1.0) * (1 - canvas.above(bottom, soft)) * ends
    v = np.clip((rows - lower) / np.maximum(bottom - lower, 1), 0, 1)
    edge = np.clip(np.abs(v - 0.42) * 1.7 - 0.1 + 0.35 * t * t, 0, 1)
    canvas.lay(fill, palette.lower, palette.lower_dark, edge)
    shine = np.exp(-(((v - 0.4) / 0.2) ** 2)) * (np.exp(-(((u + 3.5) / 8) ** 2)) * 0.55)
    canvas.lay(fill * shine, palette.gloss)
    canvas = whole.band(top.min() - soft, upper.max() + 2 * k)
    rows = canvas.rows + 0.5
    fill = canvas.above(top, soft) * (1 - canvas.above(upper, 1.0)) * ends
    v = np.clip((rows - top) / np.maximum(upper - top, 1), 0, 1)
    canvas.lay(fill, palette.upper, palette.upper_dark, np.clip(v * 0.95 + 0.25 * t * t - 0.05, 0, 1))
    if gap < 4:
        line = (rows - upper) / (0.8 * k)
        width = np.clip((0.99 - t) * 9, 0, 1) * (0.85 * (1 - gap / 4))
        canvas.lay(np.exp(-line * line) * width, palette.seam)

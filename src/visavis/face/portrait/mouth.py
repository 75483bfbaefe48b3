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
PRESS = 14.0
"""How much of their parting pressed lips take back."""
CLOSED = 4.0
"""Lips nearer than this show the line where they meet."""
TEETH = (0.0, 6.2, 11.2, 15.4)
"""Where the upper teeth stand side by side, from the middle."""


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
    teeth_back: Colour = colour("dcd0c6")


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

    def below(self, curve: Curve, soft: float = 1.0) -> Area:
        """1 for each sample that lies below `curve` in the picture, smoothed over `soft` pixels."""
        area: Area = self.rows - (curve - 0.5 - soft / 2)
        if soft != 1.0:
            area *= 1 / soft
        return np.minimum(np.maximum(area, 0, out=area), 1, out=area)

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


@dataclass(frozen=True, slots=True)
class _Form:
    """The curves of one mouth, as rows of its canvas, and what they were reckoned from."""

    k: float
    """Pixels per unit."""
    gap: float
    """How far the lips are apart in the middle, in units."""
    wide: float
    """From the middle to a corner, in units."""
    u: Curve
    """Units from the middle, negative to the left."""
    t: Curve
    """0 in the middle to 1 at the corners and beyond."""
    seam: Curve
    """Where the lips would meet."""
    top: Curve
    """The upper lip's outer edge."""
    upper: Curve
    """The upper lip's inner edge."""
    lower: Curve
    """The lower lip's inner edge."""
    bottom: Curve
    """The lower lip's outer edge."""


def draw(mouth: Mouth, spot: Spot, build: Build, palette: Palette, lips: bool = True) -> tuple[YUVA, int, int]:
    """The mouth as a patch, with the even position of its corner in the picture.

    Without `lips`, only what shows between them.
    """
    wide = build.width * (1 + 0.12 * mouth.spread - 0.36 * mouth.round - 0.05 * mouth.jaw)
    reach = int(math.ceil((wide + 4) * spot.scale / 2)) * 2
    left = int(spot.x - reach) // 2 * 2
    columns = reach * 2 + 2
    x: Curve = (np.arange(columns * ACROSS, dtype=np.float32) + 0.5) / ACROSS + left
    form, top, rows = _form(mouth, spot, build, wide, (x - spot.x) / (spot.scale * math.cos(spot.angle)))
    canvas = _Canvas(np.zeros((4, rows, columns * ACROSS), dtype=np.float32))
    if lips:
        _shade(canvas, form, palette)
    if form.gap > 0.15:
        _inside(canvas, mouth, form, palette)
    if lips:
        _lips(canvas, form, palette)
    return canvas.picture(), left, top


def _form(mouth: Mouth, spot: Spot, build: Build, wide: float, u: Curve) -> tuple[_Form, int, int]:
    """The mouth's curves at `u`; the first row of the picture they need, even, and how many, even too."""
    k = spot.scale
    gap = max(DROP * mouth.jaw * (1 - 0.3 * mouth.round) + PART * mouth.part - PRESS * mouth.press, 0.0)
    t: Curve = np.minimum(np.abs(u) / wide, 1)
    tt = t * t
    # An open mouth loses the waves of the closed one.
    wave = 1 - 0.6 * min(gap / 12, 1.0)
    inner = np.minimum(np.abs(u) / (wide * (0.93 - 0.06 * mouth.round)), 1)
    bow = (1 - inner**2.2) ** (0.62 - 0.12 * mouth.round)
    lift = build.smile * (1 - 0.6 * mouth.round) + 1.2 * max(mouth.spread, 0.0)
    line = -lift * tt * (0.5 + 0.5 * tt)
    ripple = 0.5 * np.exp(-((u / 4.6) ** 2)) - 0.8 * np.exp(-(((np.abs(u) - 10) / 7) ** 2))
    seam = line + ripple * wave

    rise = gap * (0.18 + 0.14 * (1 - mouth.jaw))
    drop = (gap - rise) * bow - mouth.tuck * (1 - tt)
    upper = seam - rise * bow
    lower = np.maximum(line + ripple * wave * (1 - min(gap / 12, 1.0)) + drop, upper)

    thick = (1 - 0.45 * mouth.press) * (1 + 0.1 * mouth.round) * (1 - 0.11 * mouth.spread)
    cupid = 1 - 0.24 * np.exp(-((u / 4.2) ** 2)) * (1 - 0.6 * mouth.round)
    top = upper - build.upper * thick * cupid * (1 - t**1.9)
    bottom = line + drop + build.lower * thick * (1 - 0.42 * mouth.tuck) * (1 - t**2.3) ** 0.9
    bottom = np.maximum(bottom, lower)

    slant = wide * k * abs(math.sin(spot.angle))
    first = int(spot.y + k * (float(top.min()) - 2) - slant) // 2 * 2
    last = spot.y + k * (float(bottom.max()) + 13) + slant
    base = spot.y - first + math.sin(spot.angle) * k * u
    seam, top, upper, lower, bottom = (base + k * curve for curve in (seam, top, upper, lower, bottom))
    form = _Form(k, gap, wide, u, t, seam, top, upper, lower, bottom)
    return form, first, int(math.ceil((last - first) / 2)) * 2


def _shade(canvas: _Canvas, form: _Form, palette: Palette) -> None:
    """The soft shadow of the lower lip on the chin."""
    k, lowest = form.k, float(form.bottom.max())
    canvas = canvas.band(lowest - 7 * k, lowest + 12 * k)
    below = (canvas.rows - form.bottom - 2.2 * k) / (3.6 * k)
    canvas.lay(np.exp(-below * below) * (0.34 * np.exp(-((form.u / (0.5 * form.wide)) ** 2))), palette.shadow)


def _inside(canvas: _Canvas, mouth: Mouth, form: _Form, palette: Palette) -> None:
    """The dark, the tongue and the teeth, as far as they show between the lips."""
    canvas = canvas.band(form.upper.min(), form.lower.max())
    k, t, upper, lower = form.k, form.t, form.upper, form.lower
    opening = canvas.between(upper, lower)
    depth = np.clip((canvas.rows + 0.5 - upper) / np.maximum(lower - upper, 1), 0, 1)
    canvas.lay(opening, palette.cavity, palette.throat, depth * depth)
    if mouth.tongue > 0.02:
        arch = np.clip(1 - (t / 0.72) ** 2, 0, 1) ** 0.6
        crown = lower - k * form.gap * (0.16 + 0.62 * mouth.tongue) * arch
        cover = canvas.below(crown + 0.5 * k, 2 * k) * opening * (t < 0.72)
        canvas.lay(cover * min(mouth.tongue * 4, 1.0), palette.tongue, palette.throat, 1 - depth)
    if mouth.lower > 0.02:
        ridge = lower - 4.2 * k * mouth.lower * np.clip(1 - (t / 0.8) ** 4, 0, 1)
        canvas.lay(canvas.below(ridge) * opening, palette.teeth_back)
    if mouth.upper > 0.02:
        length = k * (2.4 + 5.2 * mouth.upper)
        edge = form.seam + length - k * (3.4 + 2.0 * (t / 0.8) ** 2)
        edge = np.maximum(np.minimum(edge, upper + length), upper)
        edge = edge + mouth.tuck * np.maximum(lower + 0.2 * k - edge, 0)
        cover = (1 - canvas.below(edge)) * opening * np.clip((0.92 - t) * 8, 0, 1)
        under_lip = np.clip(1 - (canvas.rows - upper) / (3.2 * k), 0, 1)
        side = np.clip((t - 0.3) * 1.1, 0, 0.75)
        between = sum(np.exp(-(((np.abs(form.u) - place) / 0.45) ** 2)) for place in TEETH)
        bite = (canvas.rows + 0.5 - edge) / (0.9 * k)
        dim = 0.75 * under_lip + side + 0.28 * between + 0.5 * mouth.lower * np.exp(-bite * bite)
        canvas.lay(cover, palette.teeth, palette.teeth_dark, np.clip(dim, 0, 1))


def _lips(whole: _Canvas, form: _Form, palette: Palette) -> None:
    """Both lips with their shading, and the line where they meet."""
    k, u, t, soft = form.k, form.u, form.t, 1.7 * form.k
    # A smoothed edge would draw a line where a lip has no thickness.
    ends = np.clip((1 - t) * 14, 0, 1)
    canvas = whole.band(form.lower.min(), form.bottom.max() + soft)
    fill = canvas.below(form.lower) * (1 - canvas.below(form.bottom, soft)) * ends
    v = np.clip((canvas.rows + 0.5 - form.lower) / np.maximum(form.bottom - form.lower, 1), 0, 1)
    rim = np.clip(np.abs(v - 0.42) * 1.7 - 0.1 + 0.35 * t * t, 0, 1)
    canvas.lay(fill, palette.lower, palette.lower_dark, rim)
    shine = np.exp(-(((v - 0.4) / 0.2) ** 2)) * (np.exp(-(((u + 3.5) / 8) ** 2)) * 0.55)
    canvas.lay(fill * shine, palette.gloss)

    canvas = whole.band(form.top.min() - soft, form.upper.max() + 2 * k)
    rows = canvas.rows + 0.5
    fill = canvas.below(form.top, soft) * (1 - canvas.below(form.upper)) * ends
    v = np.clip((rows - form.top) / np.maximum(form.upper - form.top, 1), 0, 1)
    canvas.lay(fill, palette.upper, palette.upper_dark, np.clip(v * 0.95 + 0.25 * t * t - 0.05, 0, 1))
    if form.gap < CLOSED:
        line = (rows - form.upper) / (0.8 * k)
        width = np.clip((0.99 - t) * 9, 0, 1) * (0.85 * (1 - form.gap / CLOSED))
        canvas.lay(np.exp(-line * line) * width, palette.seam)

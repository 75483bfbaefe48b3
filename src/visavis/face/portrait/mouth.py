"""Draws a mouth: lips, teeth, tongue and the dark behind them, from curves, in the colours of the picture.

All curves are functions of the place along the mouth, so each part is what lies between two of them, and
its edge can be smoothed exactly. Lengths are in units of 1/512 of the picture's width.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from visavis.face.portrait.canvas import ACROSS, Canvas, Curve, Palette, steep
from visavis.face.portrait.paint import YUVA
from visavis.face.portrait.pose import Mouth

DROP = 26.0
"""How far the lips part with the jaw wide open."""
PART = 10.0
"""How far they part without the jaw."""
PRESS = 14.0
"""How much of their parting pressed lips take back."""
CLOSED = 4.0
"""Lips nearer than this show the line where they meet."""
MARGIN = 4.6
"""Units beside the corners that their shade reaches."""
TIP = 0.9
"""From here to 1 the tip of the tongue comes out between the teeth."""
TEETH = (0.0, 6.8, 12.2, 16.8)
"""Where the upper teeth stand side by side, from the middle."""


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
    line: Curve
    """Where the lips would meet without their waves."""
    teeth: Curve
    """Down to where the upper teeth show: they stay where they are, whatever the lips do."""
    top: Curve
    """The upper lip's outer edge."""
    upper: Curve
    """The upper lip's inner edge."""
    lower: Curve
    """The lower lip's inner edge."""
    bottom: Curve
    """The lower lip's outer edge."""
    slopes: Curve
    """How steep the four edges are, top to bottom: `steep`."""


def draw(mouth: Mouth, spot: Spot, build: Build, palette: Palette, lips: bool = True) -> tuple[YUVA, int, int]:
    """The mouth as a patch, with the even position of its corner in the picture.

    Without `lips`, only what shows between them.
    """
    stretch = 0.13 * mouth.spread - 0.42 * mouth.round - 0.1 * mouth.jaw + 0.11 * mouth.smile
    wide = build.width * (1 + stretch)
    reach = int(math.ceil((wide + MARGIN) * spot.scale / 2)) * 2
    left = int(spot.x - reach) // 2 * 2
    columns = reach * 2 + 2
    x: Curve = (np.arange(columns * ACROSS, dtype=np.float32) + 0.5) / ACROSS + left
    form, top, rows = _form(mouth, spot, build, wide, (x - spot.x) / (spot.scale * math.cos(spot.angle)))
    canvas = Canvas(np.zeros((4, rows, columns * ACROSS), dtype=np.float32))
    if lips:
        _shade(canvas, form, palette)
    if form.gap > 0.15:
        _inside(canvas, mouth, form, palette, 0.7 if lips else 0.0)
    if lips:
        _lips(canvas, mouth, form, palette)
    if mouth.tongue > TIP and form.gap > 1:
        _tip(canvas, mouth, form, palette)
    return canvas.picture(), left, top


def _form(mouth: Mouth, spot: Spot, build: Build, wide: float, u: Curve) -> tuple[_Form, int, int]:
    """The mouth's curves at `u`; the first row of the picture they need, even, and how many, even too."""
    k = spot.scale
    gap = max(DROP * mouth.jaw * (1 - 0.3 * mouth.round) + PART * mouth.part - PRESS * mouth.press, 0.0)
    t: Curve = np.minimum(np.abs(u) / wide, 1)
    tt = t * t
    wave = min(gap / 12, 1.0)
    inner = np.minimum(np.abs(u) / (wide * (0.94 - 0.08 * mouth.round)), 1)
    bow = (1 - inner ** (2.2 + 0.4 * wave)) ** (0.62 - 0.12 * mouth.round + 0.3 * max(mouth.smile, 0.0))
    lift = build.smile * (1 - 0.6 * mouth.round) * (1 - 0.5 * wave) + 1.0 * max(mouth.spread, 0.0)
    lift += (7.5 if mouth.smile > 0 else 12.5) * mouth.smile
    # The corners follow the jaw a part of its way.
    line = -lift * tt * (0.4 + 0.6 * tt) + 0.28 * gap * (1 - 0.7 * max(mouth.spread, 0.0)) * tt
    ripple = 0.5 * np.exp(-((u / 4.6) ** 2)) - 0.8 * np.exp(-(((np.abs(u) - 10) / 7) ** 2))
    # An open mouth loses the waves of the closed one.
    seam = line + ripple * (1 - 0.6 * wave)

    rise = gap * (0.16 + 0.16 * (1 - mouth.jaw) + 0.13 * mouth.round) + 1.2 * mouth.tuck
    drop = (gap - rise) * bow - mouth.tuck * (1 - tt)
    upper = seam - rise * bow
    lower = np.maximum(line + ripple * (1 - 0.6 * wave) * (1 - wave) + drop, upper)
    teeth = np.maximum((rise + 3.6) * mouth.upper - rise - 1.3 * (u / 24) ** 2, upper)

    thick = (1 - 0.5 * mouth.press) * (1 - 0.12 * mouth.spread) * (1 - 0.14 * max(mouth.smile, 0.0))
    above = build.upper * thick * (1 + 0.34 * mouth.round)
    cupid = 1 - 0.24 * np.exp(-((u * build.width / wide / 4.6) ** 2)) * (1 - 0.5 * mouth.round)
    # Rounded lips end round, others in a point.
    top = upper - above * cupid * (1 - t ** (1.9 + 0.25 * mouth.round)) ** (1 - 0.42 * mouth.round)
    below = build.lower * thick * (1 + 0.22 * mouth.round) * (1 - 0.5 * mouth.tuck)
    bottom = np.maximum(
        line + drop + below * (1 - t ** (2.3 + 0.5 * mouth.round)) ** (0.9 - 0.36 * mouth.round), lower
    )

    slant = wide * k * abs(math.sin(spot.angle))
    first = int(spot.y + k * (min(float(top.min()), -lift) - 5) - slant) // 2 * 2
    last = spot.y + k * (float(bottom.max()) + 13) + slant
    base = spot.y - first + math.sin(spot.angle) * k * u
    line, teeth, top, upper, lower, bottom = (base + k * c for c in (line, teeth, top, upper, lower, bottom))
    slopes = steep(np.stack((top, upper, lower, bottom)))
    form = _Form(k, gap, wide, u, t, line, teeth, top, upper, lower, bottom, slopes)
    return form, first, int(math.ceil((last - first) / 2)) * 2


def _shade(canvas: Canvas, form: _Form, palette: Palette) -> None:
    """The soft shadow of the lower lip on the chin, and of the corners on the cheeks."""
    k, lowest = form.k, float(form.bottom.max())
    band = canvas.band(lowest - 7 * k, lowest + 12 * k)
    below = (band.rows - form.bottom - 2.2 * k) / (3.6 * k)
    band.lay(np.exp(-below * below) * (0.36 * np.exp(-((form.u / (0.5 * form.wide)) ** 2))), palette.shadow)
    heights = form.line[np.abs(form.u) > form.wide * 0.9]
    band = canvas.band(float(heights.min()) - 5 * k, float(heights.max()) + 6 * k)
    beyond = np.abs(form.u) - form.wide
    out = (beyond - 0.4) / 2.5
    # The dimple goes on where the lips point to.
    climb = np.maximum(beyond, 0) * (0.5 * k)
    off = (band.rows - form.line + climb - 0.4 * k) / (2.4 * k)
    band.lay(np.exp(-off * off) * (0.46 * np.exp(-out * out)), palette.shadow)


def _inside(canvas: Canvas, mouth: Mouth, form: _Form, palette: Palette, under: float) -> None:
    """The dark, the lower teeth, the tongue and the upper teeth, as far as they show between the lips.

    They reach `under` the lips by so many pixels: else skin would shine through where two smooth edges meet.
    """
    canvas = canvas.band(float(form.upper.min()), float(form.lower.max()))
    k, t, upper, lower, edge = form.k, form.t, form.upper, form.lower, form.teeth
    under_lips = under * np.clip((0.93 - t) * 14, 0, 1)
    opening = canvas.inside(upper - under_lips, lower + under_lips, form.slopes[1], form.slopes[2])
    depth = np.clip((canvas.rows + 0.5 - upper) / np.maximum(lower - upper, 1), 0, 1)
    canvas.lay(opening, palette.cavity, palette.throat, depth * depth)
    if mouth.lower > 0.02:
        ridge = np.maximum(lower - 6.0 * k * mouth.lower * np.clip(1 - (t / 0.86) ** 4, 0, 1), edge + 0.3 * k)
        side = np.clip((t - 0.25) * 1.3, 0, 0.8)
        cover = canvas.below(ridge) * opening * np.clip((0.86 - t) * 8, 0, 1)
        canvas.lay(cover, palette.teeth_back, palette.teeth_dark, side + 0.25 * _gaps(form, 0.72))
    if mouth.tongue > 0.02:
        high = min(mouth.tongue / 0.85, 1.0)
        arch = np.clip(1 - (t / 0.74) ** 2, 0, 1) ** 0.6
        crown = lower - k * form.gap * (0.2 + 0.66 * high) * arch
        cover = canvas.below(crown + 0.5 * k, 1.6 * k) * opening * (t < 0.74)
        hollow = np.exp(-((form.u / 2.4) ** 2)) * 0.14
        canvas.lay(cover * min(mouth.tongue * 4, 1.0), palette.tongue, palette.throat, 0.75 * (1 - depth) + hollow)
    if mouth.upper > 0.02:
        edge = edge + mouth.tuck * np.maximum(lower + 0.3 * k - edge, 0)
        cover = (1 - canvas.below(edge)) * opening * np.clip((0.93 - t) * 8, 0, 1)
        under_lip = np.clip(1 - (canvas.rows - upper) / (2.6 * k), 0, 1)
        side = np.clip((t - 0.3) * 1.1, 0, 0.75)
        bite = (canvas.rows + 0.5 - edge) / (0.8 * k)
        dim = 0.7 * under_lip + side + 0.3 * _gaps(form, 1.0) + 0.55 * mouth.lower * np.exp(-bite * bite)
        canvas.lay(cover, palette.teeth, palette.teeth_dark, np.clip(dim, 0, 1))


def _gaps(form: _Form, size: float) -> Curve:
    """1 where two teeth stand side by side."""
    near: Curve = np.abs(form.u)[:, None] - np.array(TEETH, dtype=np.float32) * size
    found: Curve = np.exp(-((near / 0.42) ** 2)).sum(axis=1)
    return found


def _tip(whole: Canvas, mouth: Mouth, form: _Form, palette: Palette) -> None:
    """The tip of the tongue between the teeth, over the lower lip."""
    k, u = form.k, form.u
    out = (mouth.tongue - TIP) / (1 - TIP)
    half = 0.44 * form.wide
    arch = np.clip(1 - (u / half) ** 2, 0, 1) ** 0.5
    upper = np.maximum(form.teeth - 0.2 * k, form.upper)
    lower = form.lower + (2.6 * out * arch - 2.2 * (1 - arch)) * k
    canvas = whole.band(float(upper.min()), float(lower.max()) + 2 * k)
    cover = canvas.between(upper, np.maximum(lower, upper)) * np.clip(arch * 3, 0, 1)
    under = (canvas.rows + 0.5 - lower) / (1.1 * k)
    canvas.lay(np.exp(-under * under) * np.clip(arch * 3, 0, 1) * (0.6 * min(out * 3, 1.0)), palette.seam)
    v = np.clip((canvas.rows + 0.5 - upper) / np.maximum(lower - upper, 1), 0, 1)
    canvas.lay(cover * min(out * 3, 1.0), palette.tongue, palette.throat, np.clip(0.8 - 2.4 * v, 0, 1))
    shine = np.exp(-(((v - 0.62) / 0.2) ** 2)) * np.exp(-(((u + 1.5) / (0.5 * half)) ** 2))
    canvas.lay(cover * shine * (0.42 * min(out * 3, 1.0)), palette.gloss)


def _lips(whole: Canvas, mouth: Mouth, form: _Form, palette: Palette) -> None:
    """Both lips with their shading, and the line where they meet."""
    k, u, t, soft = form.k, form.u, form.t, 1.7 * form.k
    # A smoothed edge would draw a line where a lip has no thickness.
    ends = np.clip((1 - t) * 12, 0, 1)
    canvas = whole.band(float(form.lower.min()), float(form.bottom.max()) + soft)
    fill = canvas.inside(form.lower, form.bottom, form.slopes[2], soft * form.slopes[3])
    fill *= ends
    v = np.clip((canvas.rows + 0.5 - form.lower) / np.maximum(form.bottom - form.lower, 1), 0, 1)
    rim = np.clip(np.abs(v - 0.4) * 1.9 - 0.12 + 0.45 * t * t, 0, 1)
    canvas.lay(fill, palette.lower, palette.lower_dark, rim)
    # Pushed forward, lips catch more light.
    bright = 0.56 + 0.22 * mouth.round - 0.25 * mouth.press
    # Two cushions, the one towards the light brighter.
    cushions = np.exp(-(((u + 5) / 6.5) ** 2)) + 0.5 * np.exp(-(((u - 6.5) / 5.5) ** 2))
    shine = np.exp(-(((v - 0.36) / 0.19) ** 2)) * (cushions * bright)
    canvas.lay(fill * shine, palette.gloss)

    canvas = whole.band(float(form.top.min()) - soft, float(form.upper.max()) + 2 * k)
    rows = canvas.rows + 0.5
    fill = canvas.inside(form.top, form.upper, soft * form.slopes[0], form.slopes[1])
    fill *= ends
    v = np.clip((rows - form.top) / np.maximum(form.upper - form.top, 1), 0, 1)
    canvas.lay(fill, palette.upper, palette.upper_dark, np.clip(v * 0.95 + 0.3 * t * t - 0.08, 0, 1))
    peaks = np.exp(-(((np.abs(u) - 5.5) / 5) ** 2)) * (0.2 + 0.3 * mouth.round)
    canvas.lay(fill * np.exp(-(((v - 0.3) / 0.2) ** 2)) * peaks, palette.gloss)
    if form.gap < CLOSED:
        line = (rows - form.upper) / ((0.8 + 0.3 * mouth.press) * k)
        width = np.clip((1.0 - t) * 9, 0, 1) * ((0.85 - 0.3 * t * t) * (1 - form.gap / CLOSED))
        canvas.lay(np.exp(-line * line) * width, palette.seam)

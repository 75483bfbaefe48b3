"""Cloth: outlines that are filled, folded and lit."""

from collections.abc import Sequence

import numpy as np

from portraits.form import (
    SCALE,
    Field,
    Points,
    X,
    Y,
    area,
    blur,
    curve,
    grain,
    light,
    line,
    mirrored,
    multiply,
    ramp,
    screen,
    swell,
)

Cover = tuple[Field, Field]
"""Colour and cover."""


def over(*parts: Cover) -> Cover:
    """Parts laid over one another, the first at the back."""
    out, cover = parts[0][0].copy(), parts[0][1].copy()
    for paint, here in parts[1:]:
        total = here + cover * (1 - here)
        share = (here / np.maximum(total, 1e-4))[:, :, None]
        out, cover = out + share * (paint - out), total
    return out, cover


def cloth(
    outline: Points | np.ndarray,
    stops: Sequence[str],
    folds: Sequence[tuple[Points, float]] = (),
    round_by: float = 14,
    thick: float = 8,
    weave: float = 0.012,
    smooth: bool = True,
) -> Cover:
    """A piece of cloth; `folds` are lines with heights (below 0: creases), its edge is round over `round_by`."""
    cover = area(curve(list(outline), closed=True) if smooth else outline)
    z = swell(cover, round_by, thick)
    for points, much in folds:
        z = z + much * blur(line(curve(points), (2, 7, 3)), 3.0)
    # Shoulders turn away from the light.
    z = z - 0.0010 * (X - 256) ** 2 - 0.02 * np.clip(Y - 440, 0, None)
    value = light(z, 0.4)
    out = ramp(np.clip((value - 0.25) / 0.7, 0, 1), stops)
    out = out * (1 + weave * grain(31, 0.5))[:, :, None]
    return np.clip(out, 0, 1), cover


def two(points: Points, stops: Sequence[str], folds: Sequence[tuple[Points, float]] = (), **more: float) -> Cover:
    """The same piece on both sides of the body."""
    left = cloth(points, stops, folds, **more)
    right = cloth(mirrored(points), stops, [(mirrored(way), much) for way, much in folds], **more)
    return over(left, right)


def shadow(
    cover: Cover, of: Field, code: str, much: float, soft: float = 4, dx: float = 3, dy: float = 5
) -> Cover:
    """`cover` under the shadow of what covers `of`."""
    cast = np.roll(blur(of, soft), (int(dy * SCALE), int(dx * SCALE)), (0, 1))
    return multiply(cover[0], code, much * cast), cover[1]


def stitch(cover: Cover, points: Points, code: str, much: float = 0.5, wide: float = 0.9) -> Cover:
    """A thin line along cloth."""
    return screen(cover[0], code, much * line(curve(points), wide, 0.3)), cover[1]

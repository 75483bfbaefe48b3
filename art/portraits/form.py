"""Forms that light can fall on: height fields, soft masks and colour ramps, for drawing people.

Lengths are units of 1/512 of the picture's width, x to the right and y down; pictures have `SCALE` pixels in
a unit. Colours are floats from 0 to 1 in the order B, G, R.
"""

import os
from collections.abc import Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Field: TypeAlias = npt.NDArray[np.floating[Any]]
"""A value for each pixel."""
Points: TypeAlias = Sequence[tuple[float, float]]
"""Places in units."""

SIDE = 512
SCALE = int(os.environ.get("ART_SCALE", "2"))
"""2 for what is kept; 1 is a quarter of the work, for a look while drawing."""
_axis = (np.arange(SIDE * SCALE, dtype=np.float32) + 0.5) / SCALE
X: Field = np.tile(_axis[None, :], (SIDE * SCALE, 1))
Y: Field = np.tile(_axis[:, None], (1, SIDE * SCALE))

KEY = np.array([-0.44, -0.52, 0.73], dtype=np.float32)
"""Towards the main light: from the left, above, in front."""
RIM = np.array([0.86, -0.30, 0.12], dtype=np.float32)
"""Towards the light behind the right shoulder."""


def colour(code: str) -> npt.NDArray[np.float32]:
    """`rrggbb` as B, G, R."""
    return np.array([int(code[at : at + 2], 16) / 255 for at in (4, 2, 0)], dtype=np.float32)


def curve(points: Points, count: int = 24, closed: bool = False) -> npt.NDArray[np.float64]:
    """A smooth line through `points` (Catmull-Rom), as n x 2."""
    p = np.array(points, dtype=np.float64)
    ring = np.vstack((p[-1:], p, p[:2])) if closed else np.vstack((2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]))
    t = np.linspace(0, 1, count, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(ring[:-3], ring[1:-2], ring[2:-1], ring[3:], strict=True):
        parts.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        )
    return np.vstack(parts) if closed else np.vstack((*parts, p[-1:]))


def mirrored(points: Points, middle: float = 256.0) -> Points:
    """`points` on the other side of the face."""
    return [(2 * middle - x, y) for x, y in points]


def both(points: Points) -> Points:
    """A closed outline of its left half, given from top to bottom."""
    return [*points, *reversed([p for p in mirrored(points) if abs(p[0] - 256) > 0.01])]


def area(outline: npt.NDArray[np.float64] | Points, soft: float = 0.0) -> Field:
    """1 within an outline, its edge smoothed, or blurred over `soft` units."""
    places = np.rint((np.array(outline) * SCALE - 0.5) * 256).astype(np.int32)
    mask = np.zeros((SIDE * SCALE, SIDE * SCALE), dtype=np.uint8)
    cv2.fillPoly(mask, [places], 255, cv2.LINE_AA, 8)
    return blur(mask.astype(np.float32) / 255, soft)


def line(path: npt.NDArray[np.float64] | Points, widths: Sequence[float] | float, soft: float = 0.0) -> Field:
    """1 along a path whose full width goes evenly through `widths`."""
    p = np.array(path, dtype=np.float64)
    w = np.atleast_1d(np.array(widths, dtype=np.float64))
    along = (
        np.interp(np.linspace(0, 1, len(p)), np.linspace(0, 1, len(w)), w) if len(w) > 1 else np.full(len(p), w[0])
    )
    step = np.gradient(p, axis=0)
    normal = np.stack((-step[:, 1], step[:, 0]), axis=1) / np.maximum(np.linalg.norm(step, axis=1), 1e-6)[:, None]
    half = normal * along[:, None] / 2
    return area(np.vstack((p + half, (p - half)[::-1])), soft)


def blur(value: Field, units: float) -> Field:
    """Gaussian, by its deviation."""
    if units <= 0:
        return value
    return cv2.GaussianBlur(value.astype(np.float32), (0, 0), units * SCALE, borderType=cv2.BORDER_REPLICATE)


def bump(x: float, y: float, wide: float, high: float, angle: float = 0.0) -> Field:
    """A smooth hill of height 1."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    u, v = ((X - x) * c + (Y - y) * s) / wide, (-(X - x) * s + (Y - y) * c) / high
    return np.exp(-(u * u + v * v) / 2)


def pair(x: float, y: float, wide: float, high: float, angle: float = 0.0) -> Field:
    """A hill on each side of the face, `x` from its middle."""
    return bump(256 - x, y, wide, high, -angle) + bump(256 + x, y, wide, high, angle)


def swell(mask: Field, width: float, height: float) -> Field:
    """A field that rises from the edge of a mask to `height` within `width` units, round like a pillow."""
    far = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / SCALE
    t = np.clip(far / width, 0, 1)
    return blur(height * np.sqrt(np.maximum(1 - (1 - t) ** 2, 0)), 0.7)


def normals(height: Field) -> tuple[Field, Field, Field]:
    """The direction that each place of a surface faces."""
    dx = cv2.Sobel(height.astype(np.float32), cv2.CV_32F, 1, 0, ksize=3) * SCALE / 8
    dy = cv2.Sobel(height.astype(np.float32), cv2.CV_32F, 0, 1, ksize=3) * SCALE / 8
    long = np.sqrt(dx * dx + dy * dy + 1)
    return -dx / long, -dy / long, 1 / long


def light(height: Field, wrap: float = 0.35) -> Field:
    """How much of the main light and of the sky a surface gets, about 0 to 1."""
    nx, ny, nz = normals(height)
    key = nx * KEY[0] + ny * KEY[1] + nz * KEY[2]
    key = np.clip((key + wrap) / (1 + wrap), 0, None)
    fill = np.clip(nx * 0.6 + nz * 0.75, 0, 1)
    sky = 0.5 - 0.5 * ny
    return 0.66 * key + 0.17 * fill + 0.17 * sky


def shine(height: Field, sharp: float) -> Field:
    """The main light mirrored towards the viewer."""
    nx, ny, nz = normals(height)
    half = KEY + np.array([0, 0, 1], dtype=np.float32)
    half /= np.linalg.norm(half)
    return np.clip(nx * half[0] + ny * half[1] + nz * half[2], 0, 1) ** sharp


def edge(height: Field, sharp: float = 3.0) -> Field:
    """The light from behind on what faces away."""
    nx, ny, nz = normals(height)
    side = np.clip(nx * RIM[0] + ny * RIM[1] + nz * RIM[2], 0, 1)
    return side * (1 - np.clip(nz, 0, 1)) ** (1 / sharp)


def ramp(value: Field, stops: Sequence[str]) -> Field:
    """Colours from dark to light for values from 0 to 1."""
    at = np.linspace(0, 1, len(stops))
    table = np.array([colour(stop) for stop in stops])
    return np.dstack([np.interp(value, at, table[:, channel]) for channel in range(3)]).astype(np.float32)


def tint(under: Field, code: str, share: Field) -> Field:
    """`under` with `share` (0 to 1) of a colour over it."""
    return under + np.clip(share, 0, 1)[:, :, None] * (colour(code) - under)


def multiply(under: Field, code: str, share: Field) -> Field:
    """`under` darkened by a colour as paint of that colour would."""
    return under * (1 + np.clip(share, 0, 1)[:, :, None] * (colour(code) - 1))


def screen(under: Field, code: str, share: Field) -> Field:
    """`under` lightened by light of a colour."""
    return 1 - (1 - under) * (1 - np.clip(share, 0, 1)[:, :, None] * colour(code))


def grain(seed: int, size: float) -> Field:
    """Random unevenness of about -1 to 1, as coarse as `size` units."""
    random = np.random.default_rng(seed)
    return blur(random.standard_normal(X.shape).astype(np.float32), size) * (size * SCALE * 3.5)

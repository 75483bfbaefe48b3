"""Ears."""

import numpy as np

from portraits.form import Field, X, area, blur, curve, light, line, mirrored, multiply, ramp, swell, tint
from portraits.head import Build, Skin


def ears(build: Build, skin: Skin, out_by: float = 0.0) -> tuple[Field, Field]:
    """Colour and cover of both ears."""
    ey = build.eye_y
    edge_x = min(x for x, y in build.outline if ey - 30 < y < ey + 60)
    x = edge_x - out_by
    shape = [
        (x + 6, ey - 8),
        (x + 1, ey - 17),
        (x - 6, ey - 18.5),
        (x - 11, ey - 12),
        (x - 12, ey + 2),
        (x - 9, ey + 16),
        (x - 6, ey + 28),
        (x - 4, ey + 38),
        (x + 1, ey + 43),
        (x + 6, ey + 40),
        (x + 9, ey + 30),
    ]
    inner = [
        (x + 2, ey - 8),
        (x - 3, ey - 12),
        (x - 7, ey - 7),
        (x - 7.4, ey + 4),
        (x - 5, ey + 14),
        (x - 3, ey + 22),
        (x + 2, ey + 26),
    ]
    out, cover = np.zeros((*X.shape, 3), dtype=np.float32), np.zeros_like(X)
    for points, groove in ((shape, inner), (mirrored(shape), mirrored(inner))):
        here = area(curve(points, closed=True))
        z = swell(here, 7, 5) - 3.2 * blur(line(curve(groove), (2, 4.5, 5)), 1.3)
        value = light(z) - 0.10
        part = ramp(np.clip((value - 0.13) / 0.83, 0, 1), skin.stops)
        part = tint(part, skin.blush, 0.28 * here)
        part = multiply(part, skin.shade, 0.75 * blur(line(curve(groove), (2, 4.5, 5)), 1.4))
        out = out + part * here[:, :, None] * (1 - cover[:, :, None])
        cover = np.maximum(cover, here)
    return out / np.maximum(cover, 1e-3)[:, :, None], cover

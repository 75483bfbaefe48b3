"""Two rows of teeth, drawn once for each photograph in its light, sharpness and grain."""

import cv2
import numpy as np
import numpy.typing as npt

from visavis.face.portrait.photo.light import Light

Sprite = npt.NDArray[np.float32]
"""Height x width x 4: Y, U, V less 128, and alpha 0 to 1; colour multiplied by alpha; luma counted from black."""

WIDE = 1.0
"""From the middle of a row to its end, in units of the mouth."""
TALL = 0.62
"""Of a row's picture, in units."""
EDGE = 0.12
"""From the picture's end to the row's edge, in units: below an upper row, above a lower one."""
UPPER = ((0.0, 0.33, 0.0), (0.33, 0.25, 0.025), (0.58, 0.2, 0.0), (0.77, 0.14, 0.05), (0.9, 0.1, 0.08))
"""For each tooth of the right half: where it begins, its width, and how much shorter it is than the first."""
LOWER = ((0.0, 0.19, 0.0), (0.19, 0.2, -0.01), (0.39, 0.19, 0.0), (0.57, 0.16, 0.03), (0.72, 0.13, 0.05))
FINE = 3
"""Times finer than it is kept, the row is drawn."""


def row(light: Light, unit: float, upper: bool) -> Sprite:
    """The upper or the lower row at `unit` pixels for each unit of the mouth."""
    scale = unit * FINE
    width, height = int(2 * WIDE * scale) // FINE * FINE, int(TALL * scale) // FINE * FINE
    u = (np.arange(width) + 0.5) / scale - WIDE
    v = ((np.arange(height) + 0.5) / scale)[:, None]
    # From the edge of the first tooth, positive into the row.
    depth = (TALL - EDGE) - v if upper else v - EDGE
    shade = np.zeros((height, width))
    cover = np.zeros((height, width))
    # A jaw is an arch: teeth at the side are further back, darker and higher.
    arch = (0.1 if upper else 0.02) * u**2
    for begin, wide, short in UPPER if upper else LOWER:
        x = (np.abs(u) - begin) / wide
        across = np.clip(1 - np.abs(x - 0.5) * 2, 0, 1)
        # Corners are rounded, the outer one more.
        corner = 0.09 * np.clip(1 - across * 3.2, 0, 1) ** 2 * (1 + 0.5 * (x > 0.5))
        inside = (x >= 0) & (x < 1)
        into = depth - arch - short * (1 if upper else 1) - corner
        cover += np.clip(into * scale / 1.5 + 0.5, 0, 1) * inside
        gap = np.exp(-((np.minimum(x, 1 - x) * wide / 0.018) ** 2)) * inside
        # Each tooth is a little round, its edge a little clear, its neck darker.
        form = 0.93 + 0.07 * np.clip(across * 1.6, 0, 1) ** 0.5 - 0.06 * np.exp(-((into / 0.03) ** 2))
        form = form - 0.16 * np.clip((depth - 0.22) / 0.2, 0, 1)
        shade += (form * (1 - 0.2 * gap)) * inside
    back = 1 - 0.5 * np.clip((np.abs(u) - 0.2) / 0.72, 0, 1) ** 1.3
    level = shade * back * (1 + light.side * u) * (1.0 if upper else 0.8)
    random = np.random.default_rng(7)
    bright, blue, red = (float(value) for value in light.teeth)
    warm = np.clip(1 - level, 0, 1)
    picture = np.dstack(
        (
            (bright - 16) * level,
            (blue - 128 - 5 * warm) * np.clip(level * 1.4, 0, 1),
            (red - 128 + 9 * warm) * np.clip(level * 1.4, 0, 1),
            np.ones_like(level),
        )
    )
    picture = (picture * np.clip(cover, 0, 1)[..., None]).astype(np.float32)
    small = cv2.resize(picture, (width // FINE, height // FINE), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), max(light.blur * 0.8, 0.4))
    grain = random.normal(0, light.grain, small.shape[:2])
    small[..., 0] += (grain * small[..., 3]).astype(np.float32)
    return small.astype(np.float32, copy=False)

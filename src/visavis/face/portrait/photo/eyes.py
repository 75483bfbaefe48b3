"""How a photographed eye closes, opens wide and looks elsewhere.

Lengths are in units of the eye: half of its width; heights are positive down, 0 on the line between the corners.
"""

import numpy as np
import numpy.typing as npt

from visavis.face.portrait.photo.lips import Values
from visavis.face.portrait.photo.marks import Eye, Points

REACH = 1.25
"""How far to the sides of the middle a lid moves."""
ABOVE = 0.85
"""How much of the skin above an eye its lid is made of."""
BELOW = 0.5
LASHES = 0.3
"""How much of that, at its edge, is not stretched: lashes would become blots."""
WIDER = 0.16
"""How far up a lid goes for wide eyes."""
GAZE = (0.16, 0.09)
"""How far an iris goes to the side and down."""
_X = np.linspace(-1, 1, 65)


class Lid:
    """One eye."""

    def __init__(self, eye: Eye) -> None:
        self.frame = eye.frame
        self._upper, self._lower = (_curve(edge) for edge in (eye.upper, eye.lower))
        self._lower = np.maximum(self._lower, self._upper + 0.02 * (1 - _X**2))
        # Lashes belong to the lid, and lie a little below its edge.
        self._lash = 0.06
        self._open = max(float((self._lower - self._upper).max()), 0.05)

    def warp(self, lids: float, u: Values, v: Values) -> tuple[Values, Values]:
        """How far above its photographed place the lid's skin at (`u`, `v`) is; and how much of it lies below the
        lid's edge, in units: the lid covers what is negative.
        """
        upper, lower = (np.interp(u, _X, edge).astype(np.float32) for edge in (self._upper, self._lower))
        inside = np.clip((1 - np.abs(u)) * 8, 0, 1)
        source = upper + np.float32(self._lash) * inside
        shut = min(max(lids, 0.0), 1.0)
        edge = source + shut * (lower - 0.02 - source) * inside + min(lids, 0.0) * WIDER * np.clip(1 - u * u, 0, 1)
        top = upper - np.float32(ABOVE)
        share = np.clip((v - top) / np.maximum(edge - LASHES - top, 0.05), 0, 1)
        return (share * (edge - source)).astype(np.float32), (v - edge).astype(np.float32)

    def look(self, x: float, y: float, u: Values, v: Values) -> tuple[Values, Values]:
        """Shifts that let the iris look to the side (`x`) and down (`y`), -1 to 1."""
        upper, lower = (np.interp(u, _X, edge).astype(np.float32) for edge in (self._upper, self._lower))
        middle, half = (upper + lower) / 2, np.maximum((lower - upper) / 2, 0.05)
        t = ((v - middle) / (half * 1.15)) ** 2
        share = np.clip(1 - t, 0, 1) * np.clip(1 - (u / 0.95) ** 2, 0, 1)
        share = np.sqrt(share)
        return -share * np.float32(x * GAZE[0]), -share * np.float32(y * GAZE[1])


def _curve(edge: Points) -> npt.NDArray[np.float64]:
    """A smooth curve of the third degree through the places of an edge, 0 at the corners."""
    x, y = np.clip(edge[1:-1, 0], -0.95, 0.95), edge[1:-1, 1]
    rim = np.clip(1 - x**2, 0.05, 1)
    basis = np.stack((np.sqrt(rim), x * rim), axis=1)
    weights, *_ = np.linalg.lstsq(basis, y, rcond=None)
    wide = 1 - _X**2
    curve: npt.NDArray[np.float64] = np.stack((np.sqrt(wide), _X * wide), axis=1) @ weights
    return curve

"""Marks that a machine can read in a picture: a frame counter and a flash, for measuring what arrives."""

import numpy as np
import numpy.typing as npt

from visavis.media.pictures import I420

Luma = npt.NDArray[np.uint8]
"""Height x width."""

BLOCK = 16
"""Side of one bit in pixels: survives the strongest compression used here."""
BITS = 22
WIDTH = (2 + BITS) * BLOCK
"""The narrowest picture that has room for the counter, in pixels."""
SQUARE = 128
"""Side of the flash in pixels."""
WHITE, BLACK = 235, 16
"""Limited-range luma (BT.601)."""


def draw(i420: I420, count: int) -> None:
    """Write `count` (modulo 2**22) as blocks along the top: white, black, then its bits, the highest first."""
    bits = [1, 0] + [count >> shift & 1 for shift in reversed(range(BITS))]
    for place, bit in enumerate(bits):
        _fill(i420, place * BLOCK, 0, BLOCK, WHITE if bit else BLACK)


def read(luma: Luma) -> int | None:
    """The count in a picture, or None if there is none or it cannot be read with certainty."""
    if luma.shape[0] < BLOCK or luma.shape[1] < WIDTH:
        return None
    inset = BLOCK // 4
    levels = [
        float(luma[inset : BLOCK - inset, x + inset : x + BLOCK - inset].mean()) for x in range(0, WIDTH, BLOCK)
    ]
    white, black = levels[:2]
    if white - black < 100:
        return None
    count = 0
    for level in levels[2:]:
        share = (level - black) / (white - black)
        if 0.35 < share < 0.65:
            return None
        count = count << 1 | (share > 0.5)
    return count


def flash(i420: I420, on: bool) -> None:
    """Draw the square at the centre: white when `on`, else black."""
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    side = min(SQUARE, width, height)
    _fill(i420, (width - side) // 4 * 2, (height - side) // 4 * 2, side, WHITE if on else BLACK)


def flashing(luma: Luma) -> bool:
    """Whether the square at the centre is white."""
    height, width = luma.shape
    reach = SQUARE // 4
    centre = luma[height // 2 - reach : height // 2 + reach, width // 2 - reach : width // 2 + reach]
    return float(centre.mean()) > (WHITE + BLACK) / 2


def _fill(i420: I420, x: int, y: int, side: int, level: int) -> None:
    """A grey square; `x`, `y` and `side` even."""
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    i420[y : min(y + side, height), x : x + side] = level
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    chroma[:, y // 2 : (y + side) // 2, x // 2 : (x + side) // 2] = 128

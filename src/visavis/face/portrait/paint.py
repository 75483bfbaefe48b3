"""Laying small pictures with transparency over an I420 picture, without any conversion of colour."""

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from visavis.media.pictures import I420

YUVA: TypeAlias = npt.NDArray[np.uint8]
"""Height x width x 4 (Y, U, V, alpha), limited range BT.601, colour multiplied by alpha; both sides even."""

Colour: TypeAlias = tuple[float, float, float]
"""Y, U, V, limited range BT.601."""


def colour(code: str) -> Colour:
    """`rrggbb` as Y, U, V."""
    r, g, b = (int(code[at : at + 2], 16) for at in (0, 2, 4))
    return (
        16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256,
        128 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256,
        128 + (112.439 * r - 94.154 * g - 18.285 * b) / 256,
    )


def from_bgra(picture: npt.NDArray[np.uint8]) -> YUVA:
    """A BGRA picture with straight alpha as YUVA."""
    bgra = picture.astype(np.float32)
    b, g, r, a = (bgra[:, :, channel] for channel in range(4))
    share = a / 255
    out = np.empty_like(bgra)
    out[:, :, 0] = (16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256) * share
    out[:, :, 1] = (128 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256) * share
    out[:, :, 2] = (128 + (112.439 * r - 94.154 * g - 18.285 * b) / 256) * share
    out[:, :, 3] = a
    return np.rint(out).astype(np.uint8)


def planes(picture: I420) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Y, U and V of an I420 picture as views into it."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    return picture[:height], chroma[0], chroma[1]


def lay(picture: I420, patch: YUVA, left: int, top: int) -> None:
    """Lay `patch` over `picture` in place, its corner at (`left`, `top`), both even; what is outside is cut."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    low_x, low_y = max(left, 0), max(top, 0)
    high_x, high_y = min(left + patch.shape[1], width), min(top + patch.shape[0], height)
    if low_x >= high_x or low_y >= high_y:
        return
    if (high_x - low_x, high_y - low_y) != (patch.shape[1], patch.shape[0]):
        patch = patch[low_y - top : high_y - top, low_x - left : high_x - left]
    luma, u, v = planes(picture)
    _over(luma[low_y:high_y, low_x:high_x], cv2.extractChannel(patch, 0), cv2.extractChannel(patch, 3))
    small = cv2.resize(patch, ((high_x - low_x) // 2, (high_y - low_y) // 2), interpolation=cv2.INTER_AREA)
    alpha = cv2.extractChannel(small, 3)
    area = np.s_[low_y // 2 : high_y // 2, low_x // 2 : high_x // 2]
    _over(u[area], cv2.extractChannel(small, 1), alpha)
    _over(v[area], cv2.extractChannel(small, 2), alpha)


def _over(under: npt.NDArray[np.uint8], over: cv2.typing.MatLike, alpha: cv2.typing.MatLike) -> None:
    kept = cv2.multiply(under, cv2.bitwise_not(alpha), scale=1 / 255)
    under[:] = cv2.add(kept, over)

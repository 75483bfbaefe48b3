"""The pixels of a photograph, and taking them from other places than where they are shown."""

import cv2
import numpy as np
import numpy.typing as npt

from visavis.face.portrait.paint import planes
from visavis.face.portrait.photo.light import YUV
from visavis.media.pictures import BGR, I420

Places = npt.NDArray[np.float32]
"""Rows x columns x 2: x and y, in pixels of the avatar."""

FINE = 2
"""Pixels of a texture for each of the avatar: taken from a finer picture, nothing loses its sharpness."""
_TO_YUV = np.array(
    [
        [25.064 / 256, 129.057 / 256, 65.738 / 256, 16],
        [112.439 / 256, -74.494 / 256, -37.945 / 256, 128],
        [-18.285 / 256, -94.154 / 256, 112.439 / 256, 128],
    ]
)
_NO_MAP = np.empty(0, dtype=np.float32)


class Texture:
    """Pixels of a photograph, or of a part of it that begins at (`left`, `top`)."""

    def __init__(self, pixels: YUV, scale: int, left: int = 0, top: int = 0) -> None:
        self.pixels = pixels
        self._scale = scale
        self._left, self._top = left, top
        self._offset = np.array([(scale - 1) / 2 - left * scale, (scale - 1) / 2 - top * scale], dtype=np.float32)

    def sample(self, places: Places) -> YUV:
        """What is at `places`; at the rim, what is nearest."""
        return self.taken(self.inside(places))

    def inside(self, places: Places) -> Places:
        """`places` as places of the texture itself."""
        wanted: Places = places * np.float32(self._scale)
        wanted += self._offset
        return wanted

    def taken(self, places: Places) -> YUV:
        """What is at places of the texture itself."""
        return cv2.remap(self.pixels, places, _NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(
            np.uint8, copy=False
        )

    def part(self, left: int, top: int, right: int, bottom: int) -> "Texture":
        """A copy of what lies in a box, in pixels of the avatar."""
        s = self._scale
        rows = slice((top - self._top) * s, (bottom - self._top) * s)
        columns = slice((left - self._left) * s, (right - self._left) * s)
        return Texture(self.pixels[rows, columns].copy(), s, left, top)


def texture(picture: BGR, width: int, height: int) -> Texture:
    """A picture of any size as an avatar of `width` x `height`."""
    size = width * FINE, height * FINE
    smaller = picture.shape[1] > size[0]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    fine = (
        picture if (picture.shape[1], picture.shape[0]) == size else cv2.resize(picture, size, interpolation=how)
    )
    return Texture(cv2.transform(fine, _TO_YUV).astype(np.uint8, copy=False), FINE)


def cut(picture: I420, box: tuple[int, int, int, int]) -> Texture:
    """A part of a finished picture; the box's sides are even."""
    left, top, right, bottom = box
    luma, u, v = planes(picture)
    half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    size = right - left, bottom - top
    colours = [cv2.resize(plane[half], size, interpolation=cv2.INTER_LINEAR) for plane in (u, v)]
    pixels = cv2.merge([luma[top:bottom, left:right], *colours])
    return Texture(pixels.astype(np.uint8, copy=False), 1, left, top)


def put(picture: I420, patch: YUV, left: int, top: int) -> None:
    """Replace a part of `picture`, in place; all sides are even."""
    height, width = patch.shape[:2]
    luma, u, v = planes(picture)
    luma[top : top + height, left : left + width] = patch[..., 0]
    small = cv2.resize(patch, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    half = np.s_[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2]
    u[half] = small[..., 1]
    v[half] = small[..., 2]

"""What part of a photo an avatar shows, and how large: head and shoulders, if there is more to see."""

from typing import NamedTuple

import cv2
import numpy as np

from visavis.avatar.analysis.landmarks import Landmarks, Points
from visavis.media.foreign_process import SHORTEST_SIDE
from visavis.media.pictures import BGR

WIDTH, HEIGHT = 8.0, 9.0
"""Of the part that is kept, in distances of the eyes: a head is 3 wide, 4 high."""

EYES_AT = 0.42
"""How far down the eyes are, as a part of its height."""

SPARE = 1.12
"""A photo that is hardly larger than that stays whole."""

LEAST = 384
"""Pixels of the longer side; a smaller picture is enlarged, so that a mouth has some pixels to move."""


class Frame(NamedTuple):
    """A part of a picture, in pixels, and the size it gets; both sides even."""

    left: int
    top: int
    right: int
    bottom: int
    width: int
    height: int

    def matrix(self) -> Points:
        """The map (2 x 3) from the picture to what is shown of it."""
        x, y = self.width / (self.right - self.left), self.height / (self.bottom - self.top)
        return np.array(((x, 0, -self.left * x), (0, y, -self.top * y)))

    def cut(self, picture: BGR) -> BGR:
        """That part, at that size."""
        part = picture[self.top : self.bottom, self.left : self.right]
        smaller = self.width < part.shape[1]
        how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
        return cv2.resize(part, (self.width, self.height), interpolation=how).astype(np.uint8, copy=False)


def frame(face: Landmarks | None, width: int, height: int, most: tuple[int, int]) -> Frame:
    """What to show of a picture, at most `most` (width, height) large; all of it without a face."""
    left, top, right, bottom = 0, 0, width, height
    if face is not None:
        x, y = face.eye_centers.mean(0)
        wide, tall = WIDTH * face.eye_distance, HEIGHT * face.eye_distance
        if width > SPARE * wide:
            left = int(np.clip(x - wide / 2, 0, width - wide))
            right = left + int(wide)
        if height > SPARE * tall:
            top = int(np.clip(y - EYES_AT * tall, 0, height - tall))
            bottom = top + int(tall)
    wide, tall = right - left, bottom - top
    larger = SHORTEST_SIDE / min(wide, tall) if face is None else LEAST / max(wide, tall)
    scale = min(most[0] / wide, most[1] / tall, max(1.0, larger))
    size = (max(round(side * scale) // 2 * 2, 16) for side in (wide, tall))
    return Frame(left, top, right, bottom, *size)

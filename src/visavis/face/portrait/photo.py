"""The puppet of a still picture: it does not move by itself, and speaks if somebody said where its mouth is."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar import Avatar
from visavis.face.portrait import mouth as drawing
from visavis.face.portrait.motion import Motion
from visavis.face.portrait.mouth import Build, Palette, Spot
from visavis.face.portrait.paint import lay, planes
from visavis.face.portrait.pose import Look, Mouth
from visavis.face.still import still_loop
from visavis.media.pictures import I420, Loop, LoopClip

OPEN = 0.34
"""How far the lips part with the jaw wide open, as a part of the mouth's width."""


class Photo:
    """The puppet of a still picture; `metadata.animation` of its manifest may say where the mouth is."""

    def __init__(self, avatar: Avatar) -> None:
        self._idle = still_loop(avatar)
        self.clips: Mapping[Motion, LoopClip] = {"idle": self._idle}
        self._mouth = _mouth(avatar.metadata.get("animation"), self._idle.width, self._idle.height)

    def draw(self, place: Loop, look: Look) -> I420:
        """Move what is below the mouth's line down, and show the inside of a mouth in the gap."""
        picture, mouth = np.array(place.pixels), look.mouth
        gap = max(0.8 * mouth.jaw * (1 - 0.3 * mouth.round) + 0.3 * mouth.part - 0.6 * mouth.press, 0.0)
        if self._mouth is None or gap < 0.01:
            return picture
        x, y, rx, ry = self._mouth
        drop = gap * OPEN * 2 * rx
        luma, u, v = planes(picture)
        for plane, size in ((luma, 1.0), (u, 0.5), (v, 0.5)):
            _lower(plane, x * size, y * size, rx * size, ry * size, drop * size)
        # The inside has the form of the drawn mouth, whose own gap is known.
        unit = drop / (drawing.DROP * gap)
        build = Build(width=rx * (1 - 0.3 * mouth.round) * 0.92 / unit, smile=0.0)
        inside = Mouth(jaw=gap, upper=mouth.upper, lower=mouth.lower, tongue=mouth.tongue, spread=0.0)
        patch, left, top = drawing.draw(inside, Spot(x, y, 0.0, unit), build, Palette(), lips=False)
        lay(picture, patch, left, top)
        return picture


def _lower(plane: npt.NDArray[np.uint8], x: float, y: float, rx: float, ry: float, drop: float) -> None:
    """Stretch what is below the line `y` down by `drop` near the mouth, fading out around it, in place."""
    left, right = max(int(x - 2 * rx), 0), min(int(x + 2 * rx) + 1, plane.shape[1])
    above, top = max(int(y - ry), 0), max(int(y), 0)
    bottom = min(int(y + 5 * ry + 2 * drop) + 1, plane.shape[0])
    if right - left < 2 or bottom - top < 2:
        return
    columns = np.arange(left, right, dtype=np.float32)
    rows = np.arange(top, bottom, dtype=np.float32)[:, None]
    side = np.cos(np.clip(np.abs(columns - x) / (1.15 * rx), 0, 1) * (np.pi / 2)) ** 2
    fall = np.clip((bottom - 1 - rows) / max(bottom - 1 - y, 1), 0, 1)
    source = np.maximum(rows - 0.75 * drop * side * fall, y - 0.5 * ry)
    map_x = np.broadcast_to(columns - left, source.shape).astype(np.float32)
    map_y = (source - above).astype(np.float32)
    part = plane[above:bottom, left:right]
    plane[top:bottom, left:right] = cv2.remap(
        part, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _mouth(animation: Any, width: int, height: int) -> tuple[float, float, float, float] | None:
    """Centre and radii in pixels, if the manifest has all of them and they make sense."""
    if not isinstance(animation, dict):
        return None
    centre = animation.get("mouth_center")
    if not isinstance(centre, list) or len(centre) != 2:
        return None
    found = [*centre, animation.get("mouth_rx"), animation.get("mouth_ry")]
    if not all(isinstance(value, int | float) and 0 < value < 1 for value in found):
        return None
    x, y, rx, ry = (float(value) for value in found)
    return x * width, y * height, rx * width, ry * height

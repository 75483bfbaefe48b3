"""`MouthGauge`: how far the mouth in a picture is from the mouth at rest, wherever the head has moved."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar import Avatar
from visavis.cli.bench.film_reading import Luma
from visavis.errors import InvalidInput

AT_REST = 3.8
"""Grey levels, root mean square over the mouth, up to which it counts as at rest. The stock avatars have at rest
0.6 to 3.3, wherever the head is; with a jaw that is a tenth open 4.6 to 8.8, and with an "ah" 31 to 61."""

WIDER, HIGHER = 1.1, 1.25
"""The box that is looked at, against the lips at rest."""
REACH = 12
"""How far it is looked for, in pixels of a picture 512 wide: farther than a head goes by itself."""
TILTS = np.arange(-2.5, 2.51, 0.5)
"""Degrees of the head for which it is looked for."""
SOFTER = 1.5
"""How much they are blurred before they are compared, in pixels: no two drawings of an edge are alike."""
FINER = 2
"""Times that they are enlarged for it: half a pixel of a lip's edge is 10 grey levels."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def of(self, luma: Luma) -> Luma:
        """That part."""
        return luma[max(self.top, 0) : max(self.bottom, 0), max(self.left, 0) : max(self.right, 0)]


class MouthGauge:
    """Compares with a picture of the face at rest."""

    def __init__(self, avatar: Avatar, rest: Luma) -> None:
        """`rest`: a picture of the avatar at rest. `InvalidInput` if nobody knows where its mouth is."""
        animation = avatar.metadata.get("animation")
        if not isinstance(animation, dict) or "mouth_center" not in animation:
            raise InvalidInput(f"avatar {avatar.id!r}: its manifest does not say where the mouth is")
        height, width = rest.shape
        x, y = animation["mouth_center"][0] * width, animation["mouth_center"][1] * height
        half = int(animation["mouth_rx"] * width * WIDER), int(animation["mouth_ry"] * height * HIGHER)
        reach = round(REACH * width / 512)
        left, top = int(x) - half[0], int(y) - half[1]
        right, bottom = int(x) + half[0], int(y) + half[1]
        self._around = Box(left - reach, top - reach, right + reach, bottom + reach)
        self._cheeks = (
            Box(left - half[0] - reach // 2, top, left - reach // 2, bottom),
            Box(right + reach // 2, top, right + reach // 2 + half[0], bottom),
        )
        self._rest = []
        for tilt in TILTS:
            turning = cv2.getRotationMatrix2D((x, y), float(tilt), 1.0)
            turned = cv2.warpAffine(rest, turning, (width, height), flags=cv2.INTER_CUBIC)
            self._rest.append(_fine(Box(left, top, right, bottom).of(turned.astype(np.uint8, copy=False))))

    def distance(self, luma: Luma) -> float:
        """Grey levels, root mean square, to the nearest place and tilt of the mouth at rest."""
        around = _fine(self._around.of(luma))
        least = min(
            float(cv2.minMaxLoc(cv2.matchTemplate(around, rest, cv2.TM_SQDIFF))[0]) / rest.size
            for rest in self._rest
        )
        return math.sqrt(max(least, 0.0))

    def sharpness(self, luma: Luma) -> float:
        """Of both cheeks beside the mouth: the variance of the Laplacian."""
        parts = [cv2.Laplacian(box.of(luma), cv2.CV_32F) for box in self._cheeks]
        return float(np.concatenate([part.ravel() for part in parts]).var())


def _fine(luma: Luma) -> Floats:
    soft = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), SOFTER)
    fine: Floats = cv2.resize(soft, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC).astype(
        np.float32, copy=False
    )
    return fine

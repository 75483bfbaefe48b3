"""Photographs of a face with lips marked by hand: the astronaut that scikit-image ships, and distortions."""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from skimage import data

Pixels = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]

LIPS = np.array(
    (
        (202.8, 139.3), (207.5, 139.5), (212.5, 139.5), (218.0, 139.6), (223.8, 140.9), (229.5, 140.1),
        (235.0, 140.1), (240.2, 140.3), (244.6, 141.0), (240.4, 143.9), (236.4, 147.6), (231.5, 152.6),
        (224.0, 154.9), (216.5, 154.1), (211.0, 150.2), (206.4, 145.2),
    )
)  # fmt: skip  # pairs side by side
"""The outer edge of her lips, marked by eye at 22 times the size: pixels, clockwise from the left corner."""

EYES = np.array(((203.5, 101.2), (246.6, 103.4)))
"""The middle of her irises, marked likewise."""


class Marked(NamedTuple):
    """A photograph, and where the lips and the eyes are."""

    picture: Pixels
    lips: Points
    eyes: Points

    @property
    def eye_distance(self) -> float:
        return float(np.hypot(*(self.eyes[1] - self.eyes[0])))


def astronaut() -> Pixels:
    """Eileen Collins, NASA, public domain: 512 x 512, BGR."""
    shown = data.astronaut()  # type: ignore[no-untyped-call]  # scikit-image has no types there
    return np.ascontiguousarray(shown[:, :, ::-1], dtype=np.uint8)


def turned(degrees: float) -> Marked:
    """Turned about the nose; positive turns the face clockwise."""
    matrix = cv2.getRotationMatrix2D((224, 120), -degrees, 1.0)
    picture = cv2.warpAffine(astronaut(), matrix, (512, 512), borderMode=cv2.BORDER_REFLECT)
    # Marks count from the corner of the first pixel, OpenCV from its middle.
    lips, eyes = (((part - 0.5) @ matrix[:, :2].T + matrix[:, 2]) + 0.5 for part in (LIPS, EYES))
    return Marked(picture.astype(np.uint8, copy=False), lips, eyes)


def mirrored() -> Marked:
    lips = LIPS * (-1, 1) + (512, 0)
    picture = np.ascontiguousarray(astronaut()[:, ::-1])
    return Marked(picture, np.concatenate([lips[8::-1], lips[:8:-1]]), (EYES * (-1, 1) + (512, 0))[::-1])


def halved() -> Marked:
    picture = cv2.resize(astronaut(), (256, 256), interpolation=cv2.INTER_AREA)
    return Marked(picture.astype(np.uint8, copy=False), LIPS / 2, EYES / 2)


def darkened() -> Marked:
    picture = np.clip((astronaut().astype(float) - 128) * 1.3 + 83, 0, 255)
    return Marked(picture.astype(np.uint8), LIPS, EYES)


def compressed() -> Marked:
    """Slightly out of focus, and a strongly compressed JPEG."""
    blurred = cv2.GaussianBlur(astronaut(), (0, 0), 1.2)
    jpeg = cv2.imencode(".jpg", blurred, [cv2.IMWRITE_JPEG_QUALITY, 35])[1]
    picture = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
    assert picture is not None
    return Marked(picture.astype(np.uint8, copy=False), LIPS, EYES)


def marked() -> dict[str, Marked]:
    """The photograph and its five kinds of distortions."""
    return {
        "plain": Marked(astronaut(), LIPS, EYES),
        "turned": turned(10),
        "turned back": turned(-10),
        "mirrored": mirrored(),
        "half size": halved(),
        "dark": darkened(),
        "compressed": compressed(),
    }


def spaced(outline: Points) -> Points:
    """The same 16 points at equal distances along the upper and the lower edge."""

    def even(line: Points) -> Points:
        far = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        at = np.linspace(0, far[-1], 9)
        return np.stack([np.interp(at, far, line[:, axis]) for axis in (0, 1)], axis=1)

    upper, lower = even(outline[:9]), even(np.concatenate([outline[8:], outline[:1]]))
    return np.concatenate([upper[:-1], lower[:-1]])

"""A real photograph with a face marked by hand: the astronaut Eileen Collins (NASA, public domain), as
scikit-image ships her, cut to a portrait; and distortions of it.
"""

import json
import math
from functools import cache
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from skimage import data

from visavis.avatar import Avatar, bundle
from visavis.media.pictures import BGR

Distortion = Literal["none", "left", "right", "mirrored", "half", "dark", "soft"]
DISTORTIONS: tuple[Distortion, ...] = ("left", "right", "mirrored", "half", "dark", "soft")

SIZE = 512
CUT = np.s_[0:256, 96:352]
"""Of the 512 x 512 picture: the marks below are in its pixels."""

OUTER = (
    (106.5, 139.8), (111, 140), (116, 139.9), (121, 139.9), (127, 140.6), (132.5, 139.8), (138, 139.6),
    (144, 139.9), (149.3, 140.4), (145, 144.8), (140.5, 149.2), (135.5, 153.2), (127.5, 155), (120, 153.8),
    (114.5, 150.3), (110, 145),
)  # fmt: skip
INNER = (
    (107.3, 140.2), (112, 141.3), (119, 143.1), (127, 144.2), (135, 143.9), (142, 142.2), (148.4, 140.9),
    (143, 145.3), (135.5, 149.2), (127, 150.0), (119, 149.0), (112.5, 145.5),
)  # fmt: skip
EYES = (
    (
        (96.5, 100.8), (100.5, 98.6), (107, 97.6), (113, 99.6), (117.8, 103.4), (113, 104.4), (107, 104.8),
        (101, 103),
    ),
    (
        (139.8, 104.8), (144.5, 101.4), (151, 99.9), (157, 101), (162.5, 104.2), (157, 106), (151, 106.8),
        (145, 105.7),
    ),
)  # fmt: skip
BROWS = (
    ((94, 90.6), (98, 89.4), (102, 88.6), (109, 90), (117, 92.6)),
    ((142, 93.6), (148, 92.8), (154, 92.3), (160, 92.5), (167, 96)),
)
OVAL = (
    (84, 108), (87, 90), (96, 79), (110, 76), (128, 78), (146, 82), (160, 85), (170, 92),
    (173, 110), (172, 128), (167, 150), (157, 165), (143, 176), (128, 179), (110, 174), (94, 156),
)  # fmt: skip
HEAD = (57, 16, 205, 180)
NOSE, CHIN = (126.5, 128.0), (128.0, 178.5)


@cache
def picture() -> BGR:
    """The portrait, undistorted."""
    whole: BGR = data.astronaut()  # type: ignore[no-untyped-call]  # scikit-image has no types
    found = np.ascontiguousarray(whole[CUT][..., ::-1])
    return cv2.resize(found, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def animation(matrix: npt.NDArray[Any] | None = None, mirrored: bool = False) -> dict[str, Any]:
    """The marks as a manifest has them; `matrix` (2 x 3) says where the places of the portrait went."""
    if matrix is None:
        matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])

    def moved(points: Any) -> list[list[float]]:
        places = (np.array(points, dtype=np.float64) + 0.5) * (SIZE / 256)
        places = places @ matrix[:, :2].T + matrix[:, 2]
        return [[round(float(x) / SIZE, 5), round(float(y) / SIZE, 5)] for x, y in places]

    def round_about(points: list[list[float]]) -> list[list[float]]:
        # Seen in a mirror, the left corner is the right one, and clockwise is the other way round.
        half = len(points) // 2
        return points[half::-1] + points[:half:-1] if mirrored else points

    sides = slice(None, None, -1) if mirrored else slice(None)
    outer, inner = round_about(moved(OUTER)), round_about(moved(INNER))
    low, high = np.min(outer, axis=0), np.max(outer, axis=0)
    corners = moved([(HEAD[x], HEAD[y]) for x in (0, 2) for y in (1, 3)])
    left, top = np.min(corners, axis=0)
    right, bottom = np.max(corners, axis=0)
    eyes = [round_about(moved(eye)) for eye in EYES][sides]
    centres = moved([(107.5, 101), (150.2, 103.4)])[sides]
    (lx, ly), (rx, ry) = centres
    return {
        "mouth_center": [float((low[0] + high[0]) / 2), float((low[1] + high[1]) / 2)],
        "mouth_rx": float(high[0] - low[0]) / 2,
        "mouth_ry": float(high[1] - low[1]) / 2,
        "outer_lip": outer,
        "inner_mouth": inner,
        "eye_centers": centres,
        "eye_rx": 0.042,
        "eye_ry": 0.014,
        "eye_outlines": eyes,
        "brows": [moved(brow)[sides] for brow in BROWS][sides],
        "nose_tip": moved([NOSE])[0],
        "chin": moved([CHIN])[0],
        "face_oval": moved(OVAL),
        "head_box": [float(left), float(top), float(right - left), float(bottom - top)],
        "head_tilt": math.degrees(math.atan2(ry - ly, rx - lx)),
    }


def distorted(how: Distortion) -> tuple[BGR, dict[str, Any]]:
    """The portrait with its marks: turned by ten degrees, mirrored, half as large, dark, or out of a poor JPEG."""
    found = picture()
    if how in ("left", "right"):
        matrix = cv2.getRotationMatrix2D((256, 290), 10.0 if how == "left" else -10.0, 1.0)
        turned = cv2.warpAffine(
            found, matrix, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return turned.astype(np.uint8), animation(matrix)
    if how == "mirrored":
        matrix = np.array([[-1.0, 0.0, SIZE], [0.0, 1.0, 0.0]])
        return np.ascontiguousarray(found[:, ::-1]), animation(matrix, mirrored=True)
    if how == "half":
        found = cv2.resize(found, (SIZE // 2, SIZE // 2), interpolation=cv2.INTER_AREA).astype(np.uint8)
    if how == "dark":
        found = np.clip((found.astype(np.float32) - 128) * 1.25 + 70, 0, 255).astype(np.uint8)
    if how == "soft":
        soft = cv2.GaussianBlur(found, (0, 0), 1.6)
        packed = cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, 35])[1]
        read = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert read is not None
        found = read.astype(np.uint8)
    return found, animation()


def portrait(
    folder: Path, how: Distortion = "none", marks: object = None, fps: float = 25, **sizes: int
) -> Avatar:
    """A bundle of it."""
    found, own = distorted(how)
    path = folder / f"astronaut-{how}"
    path.mkdir(parents=True, exist_ok=True)
    size = {"width": found.shape[1], "height": found.shape[0]} | sizes
    manifest = {"id": path.name, "fps": fps, "sample_rate": 16000, **size}
    manifest["metadata"] = {"animation": own if marks is None else marks}
    (path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    cv2.imwrite(str(path / "reference.png"), found)
    return bundle.read(path)

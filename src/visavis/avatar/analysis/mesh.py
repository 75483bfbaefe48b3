"""Precise landmarks by mediapipe 0.10.21, for an interpreter that has it: run as a file, never imported here.

That mediapipe needs numpy < 2, and Visavis needs numpy >= 2: they cannot share an environment.
`VISAVIS_PHOTO_PYTHON` names an interpreter that has it. It is given a PNG that Visavis wrote, and answers with one
line of JSON: the parts of the face as `metadata.animation` has them, or an empty object if there is not one face.
"""

import json
import resource
import sys
from typing import Any

import cv2
import mediapipe  # type: ignore[import-not-found]  # not in this environment: see above
import numpy as np

Points = np.ndarray[Any, np.dtype[np.float64]]
"""n x 2: x and y in pixels."""

Indices = tuple[int, ...]

CPU_SECONDS = 40

UPPER = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LOWER = (291, 375, 321, 405, 314, 17, 84, 181, 91, 146, 61)
INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (308, 324, 318, 402, 317, 14, 87, 178, 88, 95, 78)
EYES = ((33, 161, 159, 157, 133, 154, 145, 163), (362, 384, 386, 388, 263, 390, 374, 381))
BROWS = (
    ((70, 46), (63, 53), (105, 52), (66, 65), (107, 55)),
    ((336, 285), (296, 295), (334, 282), (293, 283), (300, 276)),
)
OVAL = (
    (234, 127, 162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 389, 356, 454)
    + (323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93)
)  # fmt: skip  # two halves
IRISES = (468, 473)
NOSE, CHIN = 1, 152
"""Indices of the 478 points of its mesh; left and right are the picture's."""


def spaced(points: Points, count: int) -> Points:
    """`count` points at equal distances along a line."""
    far = np.r_[0, np.cumsum(np.hypot(*np.diff(points, axis=0).T))]
    at = np.linspace(0, far[-1], count)
    return np.stack([np.interp(at, far, points[:, axis]) for axis in (0, 1)], axis=1)


def outline(points: Points, upper: Indices, lower: Indices, count: int) -> Points:
    """A closed line of `count` points from the left corner, from an upper and a lower edge."""
    half = count // 2 + 1
    above, below = spaced(points[list(upper)], half), spaced(points[list(lower)], half)
    return np.concatenate([above[:-1], below[:-1]])


def main(path: str) -> dict[str, Any]:
    """The parts of the face in the PNG file at `path`."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    picture = cv2.imread(path, cv2.IMREAD_COLOR)
    if picture is None:
        return {}
    height, width = picture.shape[:2]
    meshes = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=2, refine_landmarks=True)
    with meshes as mesh:
        found = mesh.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks or []
    if len(found) != 1:
        return {}
    # Distances along a line are those in pixels.
    points = np.array([(each.x * width, each.y * height) for each in found[0].landmark])
    oval = points[list(OVAL)]
    parts = {
        "outer_lip": outline(points, UPPER, LOWER, 16),
        "inner_mouth": outline(points, INNER_UPPER, INNER_LOWER, 12),
        "eye_outlines": points[np.array(EYES)],
        "brows": points[np.array(BROWS)].mean(2),
        "face_oval": spaced(np.concatenate([oval, oval[:1]]), 17)[:-1],
        "eye_centers": points[list(IRISES)],
        "nose_tip": points[NOSE],
        "chin": points[CHIN],
    }
    return {name: np.round(part / (width, height), 5).tolist() for name, part in parts.items()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))

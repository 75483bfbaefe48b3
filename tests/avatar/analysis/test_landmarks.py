"""Landmarks as manifests keep them, and as people correct them."""

from typing import Any

import numpy as np
import pytest

from visavis.avatar.analysis import template
from visavis.avatar.analysis.landmarks import COUNTS, corrected
from visavis.errors import InvalidInput

FACE = template.face(np.array(((160.0, 200.0), (240.0, 200.0))))
TOLD = FACE.animation(400, 500)


def test_a_manifest_has_all_parts_as_parts_of_the_picture() -> None:
    assert TOLD["eye_centers"] == [[0.4, 0.4], [0.6, 0.4]]
    for name, shape in COUNTS.items():
        assert np.array(TOLD[name]).shape == (*shape, 2)
    assert TOLD["mouth_rx"] == pytest.approx(0.41 * 80 / 400)
    assert TOLD["head_tilt"] == 0
    x, y, width, height = TOLD["head_box"]
    assert x < 0.35 < 0.65 < x + width
    assert y < 0.3 < 0.65 < y + height


def test_what_was_kept_reads_the_same() -> None:
    again = corrected(None, TOLD, 400, 500)
    assert again is not None
    assert again.animation(400, 500) == TOLD


def test_outlines_go_clockwise_from_the_left() -> None:
    for outline in (FACE.outer_lip, FACE.face_oval, *FACE.eye_outlines):
        following = np.roll(outline, -1, axis=0)
        area = (outline[:, 0] * following[:, 1] - following[:, 0] * outline[:, 1]).sum()
        # With y downwards, a positive area is clockwise.
        assert area > 0
    assert FACE.outer_lip[0, 0] == FACE.outer_lip[:, 0].min()
    assert FACE.outer_lip[8, 0] == FACE.outer_lip[:, 0].max()


def test_moved_lips_take_the_inside_along_and_a_moved_chin_the_outline() -> None:
    lips = (np.array(TOLD["outer_lip"]) + (0, 0.02)).tolist()
    made = corrected(FACE, {"outer_lip": lips, "chin": [0.5, TOLD["chin"][1] + 0.03]}, 400, 500)
    assert made is not None
    assert made.inner_mouth - FACE.inner_mouth == pytest.approx(np.broadcast_to((0, 10), (12, 2)), abs=0.1)
    assert made.face_oval[:, 1].max() - FACE.face_oval[:, 1].max() == pytest.approx(15, abs=0.1)
    assert made.brows.tolist() == FACE.brows.tolist()


def test_eyes_and_lips_are_enough_without_a_face() -> None:
    told = {"eye_centers": TOLD["eye_centers"], "outer_lip": TOLD["outer_lip"]}
    made = corrected(None, told, 400, 500)
    assert made is not None
    assert made.chin == pytest.approx(FACE.chin)
    assert corrected(None, {"chin": TOLD["chin"]}, 400, 500) is None


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"outer_lip": "here"}, "outer_lip must be 16 x 2 numbers"),
        ({"outer_lip": [[0.5, 0.5]]}, "outer_lip must be 16 x 2 numbers"),
        ({"chin": [float("nan"), 0.5]}, "chin must be 2 numbers"),
        ({"chin": {"x": 0.5}}, "chin must be 2 numbers"),
        ({"chin": None}, "chin must be 2 numbers"),
        ({"chin": [0.5, 3.0]}, "chin is outside of the picture"),
        ({"chin": [0.5, 0.2]}, "the mouth belongs below the eyes"),
        ({"eye_centers": [[0.6, 0.4], [0.4, 0.4]]}, "the eyes and the corners of the mouth go from left to right"),
        ({"ears": [[0.1, 0.4], [0.9, 0.4]]}, "'ears' is not a part of a face"),
    ],
)
def test_points_that_make_no_sense_are_refused(told: Any, reason: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        corrected(FACE, told, 400, 500)
    assert refusal.value.message.startswith(f"points: {reason}")


def test_a_face_between_two() -> None:
    other = template.face(np.array(((170.0, 210.0), (250.0, 210.0))))
    assert FACE.mixed(other, 0.5).chin == pytest.approx(FACE.chin + 5)

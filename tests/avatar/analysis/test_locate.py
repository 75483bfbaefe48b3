"""How near the landmarks are that are found without any model file (issue 4: 10 % of the eye distance)."""

import cv2
import numpy as np
import pytest

from tests.avatar.faces import Marked, Pixels, astronaut, marked, spaced
from visavis.avatar.analysis import checks
from visavis.avatar.analysis.landmarks import Landmarks
from visavis.avatar.analysis.locate import locate
from visavis.errors import InvalidInput

FACES = marked()


def off(found: np.ndarray[tuple[int, ...], np.dtype[np.float64]], face: Marked, part: str) -> float:
    """How far points are from where they were marked, as a part of the eye distance."""
    return float(np.hypot(*(found - getattr(face, part)).T).mean()) / face.eye_distance


@pytest.mark.parametrize("name", FACES)
def test_the_lips_and_the_eyes_are_where_they_were_marked(name: str) -> None:
    face = FACES[name]
    found = locate(face.picture)
    lips = float(np.hypot(*(spaced(found.outer_lip) - spaced(face.lips)).T).mean()) / face.eye_distance
    assert lips < 0.08
    assert off(found.eye_centers, face, "eyes") < 0.05


def test_a_grey_picture_has_a_mouth_too() -> None:
    face = FACES["plain"]
    grey = cv2.cvtColor(cv2.cvtColor(face.picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    found = locate(grey.astype(np.uint8, copy=False))
    assert float(np.hypot(*(spaced(found.outer_lip) - spaced(face.lips)).T).mean()) / face.eye_distance < 0.1


@pytest.mark.parametrize("name", FACES)
def test_the_parts_of_a_face_are_in_their_places(name: str) -> None:
    face = locate(FACES[name].picture)
    upright = face.moved(
        np.concatenate([cv2.getRotationMatrix2D((0, 0), face.tilt, 1.0)[:, :2], np.zeros((2, 1))], axis=1)
    )
    assert upright.brows[..., 1].max() < upright.eye_centers[:, 1].max()
    assert upright.eye_centers[:, 1].max() < upright.nose_tip[1] < upright.outer_lip[:, 1].min()
    assert upright.outer_lip[:, 1].max() < upright.chin[1]
    assert upright.face_oval[:, 1].max() <= upright.chin[1] + 0.1 * face.eye_distance
    # The inside lies within the lips, and her teeth are seen.
    lips = face.outer_lip.astype(np.float32)
    assert all(cv2.pointPolygonTest(lips, (x, y), measureDist=True) > -1.5 for x, y in face.inner_mouth.tolist())
    gap = upright.inner_mouth[9, 1] - upright.inner_mouth[3, 1]
    assert 0.06 * face.eye_distance < gap < 0.3 * face.eye_distance


def covered(face: Landmarks, picture: Pixels, colour: tuple[int, int, int]) -> Pixels:
    """The face with something over its mouth."""
    x, y = face.eye_centers.mean(0)
    unit = face.eye_distance
    corners = ((-0.8, 0.75), (0.8, 0.75), (0.75, 1.5), (-0.75, 1.5))
    outline = np.array([(x + a * unit, y + b * unit) for a, b in corners]).astype(np.int32)
    hidden = picture.copy()
    cv2.fillPoly(hidden, [outline], colour)
    return hidden


def two() -> Pixels:
    return np.concatenate([astronaut()[:, 60:400], astronaut()[:, 60:400]], axis=1)


def bad() -> dict[str, tuple[Pixels, str]]:
    face, picture = locate(astronaut()), astronaut()
    noise = np.random.default_rng(3).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    small = cv2.resize(picture, (160, 160), interpolation=cv2.INTER_AREA).astype(np.uint8)
    blurred = cv2.GaussianBlur(picture, (0, 0), 3.0).astype(np.uint8)
    cropped = picture[: int(face.nose_tip[1]) + 12, 140:310]
    return {
        "noise": (noise, "no face was found"),
        "one colour": (np.full((200, 200, 3), 90, np.uint8), "no face was found"),
        "two": (two(), "2 faces were found"),
        "far away": (small, "the face is too small"),
        "blurred": (blurred, "the face is blurred"),
        "night": ((picture * 0.15).astype(np.uint8), "the face is too dark"),
        "flash": (np.clip(picture * 1.3 + 70.0, 0, 255).astype(np.uint8), "the face is too bright"),
        "blue cloth": (covered(face, picture, (200, 150, 90)), "the mouth can't be seen"),
        "hand": (covered(face, picture, (150, 180, 215)), "the mouth can't be seen"),
        "no chin": (np.ascontiguousarray(cropped), "no face was found"),
    }


BAD = bad()


@pytest.mark.parametrize("name", BAD)
def test_what_will_not_make_a_portrait_is_refused_with_what_to_do(name: str) -> None:
    picture, reason = BAD[name]
    with pytest.raises(InvalidInput) as refusal:
        locate(picture)
    assert refusal.value.message.startswith(reason)
    assert "use" in refusal.value.message


def test_a_passer_by_is_no_second_face() -> None:
    picture = astronaut()
    away = cv2.resize(picture[40:240, 120:330], (60, 57), interpolation=cv2.INTER_AREA)
    picture[10:67, 10:70] = away
    assert abs(locate(picture).outer_lip.mean(0)[1] - 145) < 6


def test_sharpness_falls_with_blur() -> None:
    grey = cv2.cvtColor(astronaut()[60:180, 160:290], cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    soft = [cv2.GaussianBlur(grey, (0, 0), sigma).astype(np.uint8, copy=False) for sigma in (1, 2, 4)]
    figures = [checks.sharpness(each) for each in (grey, *soft)]
    assert figures == sorted(figures, reverse=True)

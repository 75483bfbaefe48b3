"""The face of a picture: found, checked, and its landmarks fitted. Only OpenCV and numpy, no model file."""

import cv2
import numpy as np

from visavis.avatar.analysis import checks, detection, eyes, lips, template
from visavis.avatar.analysis.detection import Found, Grey
from visavis.avatar.analysis.landmarks import Landmarks, Points
from visavis.errors import InvalidInput
from visavis.media.pictures import BGR

REACH = 0.13
"""Half the side of the window that an eye is looked for in, as a part of the face's box."""

LEAST_APART, MOST_APART = 0.26, 0.52
"""What eyes may be apart, as a part of the box."""


def locate(picture: BGR) -> Landmarks:
    """Where the parts of the one face are. Raises `InvalidInput` with what to do about the picture."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    height, width = grey.shape
    found = detection.faces(grey)
    if not found and detection.profile(grey):
        raise InvalidInput(checks.SIDEWAYS)
    face = checks.alone(found)
    at = eye_centres(grey, face)
    checks.human(grey, face, at)
    checks.near(at, width, height)
    mouth = lips.fit(picture, at)
    checks.seen(picture, at, mouth.clear)
    return fitted(picture, at, mouth)


def eye_centres(grey: Grey, face: Found) -> Points:
    """Where the eyes of a face are: 2 points, left first."""
    guess = face.eyes()
    found = np.stack([eyes.centre(grey, each, REACH * face.side) for each in guess])
    apart = float(np.hypot(*(found[1] - found[0]))) / face.side
    return found if LEAST_APART < apart < MOST_APART else guess


def fitted(picture: BGR, at: Points, mouth: lips.Lips) -> Landmarks:
    """The template, with the lips, the chin and the eyes where they are in this face."""
    usual = template.face(at)
    to_picture = template.similarity(at)
    outer, inner = (part @ to_picture[:, :2].T + to_picture[:, 2] for part in (mouth.outer, mouth.inner))
    low = chin(picture, at, float(mouth.outer[:, 1].max()))
    down = to_picture[:, :2] @ np.array((0.0, low - template.CHIN[1]))
    part = np.clip((template.oval()[:, 1] - template.NOSE[1]) / (template.CHIN[1] - template.NOSE[1]), 0, 1)
    return Landmarks(
        outer_lip=outer,
        inner_mouth=inner,
        eye_outlines=usual.eye_outlines,
        brows=usual.brows,
        face_oval=usual.face_oval + part[:, None] * down,
        eye_centers=at,
        nose_tip=usual.nose_tip,
        chin=usual.chin + down,
    )


def chin(picture: BGR, at: Points, lip: float) -> float:
    """How far below the eyes the chin ends, in units of the template: the dark arc where its shadow begins."""
    rows, columns = 96, 24
    y = np.linspace(max(lip + 0.22, 1.4), 2.1, rows)
    x = np.linspace(-0.3, 0.3, columns)
    grid = np.stack(np.broadcast_arrays(x[None], y[:, None] - 0.55 * x[None] ** 2), axis=-1)
    matrix = template.similarity(at)
    points = (grid @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    if points[..., 1].max() > picture.shape[0] - 1:
        return float(template.CHIN[1])
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    # By rows: the middle of what they show, whatever a collar does at one side.
    seen = cv2.remap(grey, points, np.empty(0, np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    line = np.convolve(np.pad(np.median(seen, axis=1).astype(float), 3, "edge"), np.ones(7) / 7, "valid")
    fall = -np.gradient(line)
    usual = np.exp(-(((y - template.CHIN[1]) / 0.13) ** 2) / 2)
    best = int(np.argmax(fall * usual))
    if fall[best] * usual[best] < 0.6:
        return float(template.CHIN[1])
    return float(0.3 * template.CHIN[1] + 0.7 * y[best])

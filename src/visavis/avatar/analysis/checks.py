"""Whether a face will make a portrait: each refusal says what to do."""

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar.analysis import template
from visavis.avatar.analysis.detection import Found, Grey, eyes_seen
from visavis.avatar.analysis.landmarks import Points
from visavis.errors import InvalidInput
from visavis.media.pictures import BGR

UNIT = 48
"""Pixels of the eyes' distance in the patch that is looked at."""

EYES_APART = 20
"""Pixels of the picture: below, a mouth is some ten pixels wide and nothing in it can be told."""

ALIKE = 0.45
"""A second face of at least this part of the first one's side is not a passer-by."""

OTHER = 30
"""The score of what counts as a second face."""

DOUBTFUL = 40
"""The score of a face that is believed only if its eyes are seen, too."""

SHARP = 0.095
"""How much of the patch's contrast is finer than a thirtieth of the eyes' distance, at least."""

DARK, BRIGHT = 42, 236
"""Mean lightness of the skin, 0 to 255."""

FLAT = 7.0
"""Standard deviation of the face's lightness: below, it is fog."""

CLEAR = 0.16
"""How much a mouth differs from the skin around it, at least."""

COVERED = 34.0
"""How far the colour of the lower face is from that of the upper one, in Lab."""

NO_FACE = (
    "no face was found; use a photo of one person who looks into the camera, with the whole face in light and "
    "nothing over it"
)
SIDEWAYS = "the face looks to the side; use a photo of it from the front"


def alone(faces: list[Found]) -> Found:
    """The one face of a picture."""
    if not faces:
        raise InvalidInput(NO_FACE)
    first = max(faces, key=lambda face: face.side * min(face.score, 60))
    others = [
        each for each in faces if each is not first and each.score > OTHER and each.side > ALIKE * first.side
    ]
    if others:
        raise InvalidInput(f"{len(others) + 1} faces were found; use a photo of one person, or cut the others off")
    return first


def human(grey: Grey, face: Found, eyes: Points) -> None:
    """Refuse what one cascade takes for a face and another does not: cats, coins."""
    if face.score < DOUBTFUL and eyes_seen(grey, eyes) < 3:
        raise InvalidInput(NO_FACE)


def near(eyes: Points, width: int, height: int) -> None:
    """Refuse a face that is too small, or not all in the picture."""
    apart = float(np.hypot(*(eyes[1] - eyes[0])))
    if apart < EYES_APART:
        raise InvalidInput(
            f"the face is too small: its eyes are {apart:.0f} pixels apart, {EYES_APART} is the least; "
            "use a photo from nearer, or of more pixels"
        )
    mouth = template.face(eyes).outer_lip
    if (mouth < 0).any() or (mouth > (width, height)).any():
        raise InvalidInput("the mouth is not in the picture; use a photo of the whole face")


def seen(picture: BGR, eyes: Points, clear: float) -> None:
    """Refuse what is too dark, too bright, blurred or hidden. `clear` is that of the lips."""
    patch = _patch(picture, eyes)
    grey = cv2.cvtColor(patch, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    face = _oval(grey.shape)
    light = float(grey[face].mean())
    if light < DARK:
        raise InvalidInput("the face is too dark; use a photo with light from the front")
    if light > BRIGHT or float((grey[face] > 252).mean()) > 0.3:
        raise InvalidInput("the face is too bright, parts of it are plain white; use a photo with softer light")
    if float(grey[face].std()) < FLAT:
        raise InvalidInput("the face has hardly any contrast; use a clearer photo")
    if sharpness(grey) < SHARP:
        raise InvalidInput("the face is blurred; use a photo that is in focus, or of more pixels")
    if clear < CLEAR or _covered(patch) > COVERED:
        raise InvalidInput(
            "the mouth can't be seen well: a hand, a mask, a beard or a shadow may hide it; "
            "use another photo, or say where the lips are"
        )


def sharpness(grey: Grey) -> float:
    """How much of the contrast of a patch is in its finest details: 0 for fog, 0.2 for a sharp photo."""
    soft = cv2.GaussianBlur(grey, (0, 0), UNIT / 30).astype(np.float32)
    face = _oval(grey.shape)
    fine, whole = (grey.astype(np.float32) - soft)[face], grey[face].astype(np.float32)
    return float(fine.std() / max(float(whole.std()), 1.0))


def _patch(picture: BGR, eyes: Points) -> BGR:
    """The face upright, from the brows to the chin."""
    apart = float(np.hypot(*(eyes[1] - eyes[0])))
    to_unit = np.array(((1 / UNIT, 0, -1.1), (0, 1 / UNIT, -0.5), (0, 0, 1)))
    matrix = template.similarity(eyes) @ to_unit
    source = cv2.GaussianBlur(picture, (0, 0), 0.4 * apart / UNIT) if apart > 1.3 * UNIT else picture
    size = round(2.2 * UNIT), round(2.3 * UNIT)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def _oval(shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    x, y = _grid(shape)
    return ((x / 0.85) ** 2 + ((y - 0.6) / 1.05) ** 2) < 1


def _grid(shape: tuple[int, ...]) -> tuple[Points, Points]:
    x, y = np.meshgrid(np.arange(shape[1]) / UNIT - 1.1, np.arange(shape[0]) / UNIT - 0.5)
    return x, y


def _covered(patch: BGR) -> float:
    """How different the skin around the mouth is from that of the cheeks and the nose."""
    lab = cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    x, y = _grid(patch.shape)
    upper = (np.abs(y - 0.4) < 0.15) & (np.abs(x) < 0.6)
    lower = (np.abs(y - 1.45) < 0.12) & (np.abs(x) < 0.35)
    beside = (np.abs(y - 1.0) < 0.15) & (np.abs(np.abs(x) - 0.62) < 0.1)
    skin, chin, corner = (np.median(lab[each], axis=0) for each in (upper, lower, beside))
    # Shadows are usual: lightness counts half.
    return min(
        float(np.hypot(*((other - skin) * (0.5, 1, 1))[[0, 1]]) + abs(other[2] - skin[2]))
        for other in (chin, corner)
    )

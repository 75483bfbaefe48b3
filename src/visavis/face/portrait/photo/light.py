"""What the inside of a mouth has to match in a photograph: light, colours, sharpness and grain."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.face.portrait.photo.lips import Lips
from visavis.face.portrait.photo.marks import Marks, Points

YUV = npt.NDArray[np.uint8]
"""Height x width x 3, limited range BT.601."""


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """Colours are Y, U, V, limited range."""

    skin: npt.NDArray[np.float32]
    lip: npt.NDArray[np.float32]
    teeth: npt.NDArray[np.float32]
    side: float
    """How much lighter the right side is than the middle, as a part: -0.4 to 0.4."""
    blur: float
    """Pixels over which an edge is spread, as the deviation of a normal distribution."""
    grain: float
    """Deviation of luma in what should be even."""


def measure(picture: YUV, marks: Marks, lips: Lips) -> Light:
    """Look at the lower face of `picture`."""
    mouth = marks.mouth
    cheeks = [
        _spot(picture, mouth.outside(np.array(place)), 0.22 * mouth.unit) for place in ((-1.5, -0.1), (1.5, -0.1))
    ]
    chin = _spot(picture, mouth.outside(np.array((0.0, 0.55 * lips.chin + 0.2))), 0.3 * mouth.unit)
    skin = np.median(np.stack([*cheeks, chin, chin]), axis=0).astype(np.float32)
    bright = skin[0] - 16
    side = float(np.clip((cheeks[1][0] - cheeks[0][0]) / max(2 * bright, 20), -0.4, 0.4))
    middle = lips.table.shape[1] // 2
    height = float(lips.table[2, middle] + lips.table[3, middle]) / 2
    lip = _spot(picture, mouth.outside(np.array((0.0, height))), 0.1 * mouth.unit).astype(np.float32)
    return Light(
        skin, lip, _teeth(picture, marks, lips, skin), side, _blur(picture, marks), _grain(picture, marks, lips)
    )


def _teeth(picture: YUV, marks: Marks, lips: Lips, skin: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The teeth that can be seen, or what teeth would look like in the light of `skin`."""
    luma, u, v = (float(value) for value in skin)
    usual = np.array([16 + min((luma - 16) * 1.18 + 10, 212), 128 + 0.35 * (u - 128), 128 + 0.25 * (v - 128)])
    if lips.rest > 0.08:
        found = _between(picture, marks, lips)
        bright = found[found[:, 0] >= np.quantile(found[:, 0], 0.7)]
        if len(bright) >= 8:
            colour = np.median(bright, axis=0)
            # A tongue or the dark is no tooth.
            if colour[0] > 0.8 * skin[0] and colour[2] < skin[2] + 4:
                return colour.astype(np.float32)
    return usual.astype(np.float32)


def _between(picture: YUV, marks: Marks, lips: Lips) -> npt.NDArray[np.float64]:
    """What the photograph shows between the lips, one row for each of some places."""
    x = np.linspace(-0.7, 0.7, 41)
    share = np.linspace(0.2, 0.8, 7)[:, None]
    places = np.interp(x, np.linspace(-2.4, 2.4, lips.table.shape[1]), lips.table[1])
    lower = np.interp(x, np.linspace(-2.4, 2.4, lips.table.shape[1]), lips.table[2])
    heights = places + share * (lower - places)
    wanted = marks.mouth.outside(np.stack(np.broadcast_arrays(x[None, :], heights), axis=-1)).reshape(-1, 2)
    return _at(picture, wanted)


def _at(picture: YUV, places: Points) -> npt.NDArray[np.float64]:
    height, width = picture.shape[:2]
    x = np.clip(np.rint(places[:, 0]).astype(int), 0, width - 1)
    y = np.clip(np.rint(places[:, 1]).astype(int), 0, height - 1)
    found: npt.NDArray[np.float64] = picture[y, x].astype(np.float64)
    return found


def _spot(picture: YUV, place: Points, radius: float) -> npt.NDArray[np.float64]:
    """The median colour around a place."""
    part = _square(picture, place, radius)
    median: npt.NDArray[np.float64] = np.median(part.reshape(-1, 3), axis=0)
    return median


def _square(picture: YUV, place: Points, radius: float) -> YUV:
    height, width = picture.shape[:2]
    size = max(round(radius), 1)
    x = min(max(round(float(place[0])), size), width - 1 - size)
    y = min(max(round(float(place[1])), size), height - 1 - size)
    return picture[max(y - size, 0) : y + size + 1, max(x - size, 0) : x + size + 1]


def _blur(picture: YUV, marks: Marks) -> float:
    """From the steepest edges of eyes and mouth: their height against their slope."""
    places = [(marks.mouth, 1.2), *((eye.frame, 1.2) for eye in marks.eyes)]
    widths = []
    for frame, reach in places:
        part = _square(picture, np.array([frame.x, frame.y]), reach * frame.unit)[..., 0].astype(np.float64)
        if min(part.shape) < 8:
            continue
        slope = np.maximum(np.abs(np.gradient(part, axis=0)), np.abs(np.gradient(part, axis=1)))
        steep = float(np.quantile(slope, 0.995))
        contrast = float(np.quantile(part, 0.97) - np.quantile(part, 0.03))
        widths.append(contrast / max(steep, 1.0))
    # A step of height 1, blurred by a deviation s, has the slope 1 / (2.5 s).
    return float(np.clip(min(widths, default=2.5) / 2.5, 0.5, 3.0))


def _grain(picture: YUV, marks: Marks, lips: Lips) -> float:
    place = marks.mouth.outside(np.array((0.0, 0.6 * lips.chin + 0.2)))
    part = _square(picture, place, 0.3 * marks.mouth.unit)[..., 0].astype(np.float64)
    if min(part.shape) < 3:
        return 0.0
    rough = part[1:-1, 1:-1] - (part[:-2, 1:-1] + part[2:, 1:-1] + part[1:-1, :-2] + part[1:-1, 2:]) / 4
    return float(np.clip(np.median(np.abs(rough)) / 0.6745 / 1.118, 0, 5))

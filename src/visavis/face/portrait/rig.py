"""`Rig`: the layers of a drawn avatar, put together for a `Pose`."""

import json
import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar import Avatar
from visavis.errors import InvalidInput
from visavis.face.portrait import mouth as drawing
from visavis.face.portrait.mouth import Build, Palette, Spot
from visavis.face.portrait.paint import from_bgra, lay
from visavis.face.portrait.pose import Mouth, Pose
from visavis.media.pictures import BGR, I420

Affine = npt.NDArray[np.float64]
"""2 x 3: places in the still picture → places in a picture, both in units."""

FILE = "rig.json"

ORDER = ("hairback", "body", "head", "eyes", "iris", "lids", "brows", "hairfront")
"""Back to front. A rig may leave any of them out."""

DEPTH = {"hairback": -1.0, "head": 0.0, "eyes": 0.8, "iris": 0.8, "lids": 0.8, "brows": 0.9, "hairfront": 0.3}
"""Units that a layer moves against the head's outline when it turns or nods fully."""
MOUTH_DEPTH = 0.9
NECK = (256.0, 396.0)
"""What the head tilts about, in units."""
BREATH = 1.7
"""Units that the shoulders rise."""
CHIN = 12.0
"""Units that the chin goes down with the jaw wide open."""
CELL = 16
"""Pixels from one control point of the jaw's warp to the next."""
_NO_MAP = np.empty(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Layer:
    """One picture of the drawing, cropped."""

    pixels: npt.NDArray[np.uint8]
    """BGRA, colour multiplied by alpha."""
    x: int
    """Of its corner, in the layer's own pixels."""
    y: int
    """Of its corner, in the layer's own pixels."""


class Rig:
    """Draws one avatar. Holds pictures only, so threads may share it. `InvalidInput` if its files are no rig."""

    def __init__(self, avatar: Avatar) -> None:
        self.width, self.height = avatar.width, avatar.height
        self.unit = avatar.width / 512
        """Pixels in one unit."""
        try:
            found = json.loads((avatar.path / FILE).read_text("utf-8"))
            self._scale = float(found["scale"]) * self.unit
            self._background = _opaque(avatar, found["background"])
            self._layers = {
                name: tuple(_layer(avatar, entry) for entry in entries)
                for name, entries in found["layers"].items()
            }
        except (OSError, ValueError, KeyError, TypeError):
            raise InvalidInput(f"avatar {avatar.id!r}: {FILE} or one of its pictures cannot be read") from None
        animation = avatar.metadata.get("animation")
        animation = animation if isinstance(animation, dict) else {}
        x, y = _pair(animation.get("mouth_center"), (0.5, 0.584))
        self._mouth = (x * 512, y * 512 * self.height / self.width)
        self._build = Build.of(animation.get("mouth_build"))
        self._palette = Palette()
        self._chin_layer, self._chin_corner = self._chin()

    def frame(self, pose: Pose) -> I420:
        """The whole picture for `pose`."""
        picture = self._background.copy()
        for name in ORDER:
            states = self._layers.get(name)
            if states:
                state = states[round(pose.lids * (len(states) - 1))] if name == "lids" else states[0]
                self._compose(picture, state, _place(pose, name))
        out: I420 = cv2.cvtColor(picture, cv2.COLOR_BGRA2YUV_I420).astype(np.uint8, copy=False)
        self._lips(out, pose, pose.mouth)
        return out

    def speak(self, picture: I420, pose: Pose, mouth: Mouth) -> None:
        """Change `picture`, the frame of `pose` with its mouth at rest, in place so that its mouth is `mouth`."""
        self._lower_face(picture, _place(pose, "head"), mouth.jaw * (1 - 0.25 * mouth.round) + 0.12 * mouth.part)
        self._lips(picture, pose, mouth)

    def still(self) -> BGR:
        """The rest pose, for a reference picture."""
        return cv2.cvtColor(self.frame(Pose()), cv2.COLOR_YUV2BGR_I420).astype(np.uint8, copy=False)

    def _compose(self, picture: npt.NDArray[np.uint8], layer: Layer, place: Affine) -> None:
        """Lay `layer`, moved by `place`, over `picture` (BGRA, its alpha means nothing) in place."""
        matrix = self._pixels(place, layer.x, layer.y)
        height, width = layer.pixels.shape[:2]
        corners = matrix @ np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]])
        left, top = (max(int(v) - 1, 0) for v in corners.min(axis=1))
        right = min(int(corners[0].max()) + 2, self.width)
        bottom = min(int(corners[1].max()) + 2, self.height)
        if left >= right or top >= bottom:
            return
        matrix[:, 2] -= (left, top)
        moved = cv2.warpAffine(layer.pixels, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        kept = cv2.bitwise_not(cv2.extractChannel(moved, 3))
        under = picture[top:bottom, left:right]
        under[:] = cv2.add(cv2.multiply(under, cv2.merge((kept, kept, kept, kept)), scale=1 / 255), moved)

    def _pixels(self, place: Affine, x: int, y: int) -> Affine:
        """`place` as a matrix from a layer's pixels (its corner at `x`, `y`) to the picture's."""
        step = self.unit / self._scale
        matrix = place.copy()
        matrix[:, :2] *= step
        corner = np.array([x + 0.5, y + 0.5])
        matrix[:, 2] = matrix[:, :2] @ corner + place[:, 2] * self.unit - 0.5
        return matrix

    def _lips(self, picture: I420, pose: Pose, mouth: Mouth) -> None:
        place = _place(pose, "head")
        x, y = place @ (*self._mouth, 1.0) + _parallax(pose, MOUTH_DEPTH)
        # Plain floats: numpy's own would turn the drawing's arrays into float64.
        spot = Spot(float(x) * self.unit, float(y) * self.unit, math.radians(pose.tilt), self.unit)
        patch, left, top = drawing.draw(mouth, spot, self._build, self._palette)
        lay(picture, patch, left, top)

    def _chin(self) -> tuple[npt.NDArray[np.uint8], tuple[float, float]]:
        """The lower face without its mouth as YUVA, fading out at its sides, and its corner in units."""
        head = self._layers["head"][0]
        x, y = self._mouth
        scale = self._scale / self.unit
        left, top = int((x - 78) * scale) - head.x, int((y - 26) * scale) - head.y
        right, bottom = int((x + 78) * scale) - head.x, int((y + 60) * scale) - head.y
        left, top = max(left, 0), max(top, 0)
        part = head.pixels[top:bottom, left:right].astype(np.float32)
        share = np.maximum(part[:, :, 3:], 1) / 255
        part[:, :, :3] = np.minimum(part[:, :, :3] / share, 255)
        columns = (np.arange(part.shape[1]) + left + head.x + 0.5) / scale - x
        rows = (np.arange(part.shape[0]) + top + head.y + 0.5) / scale - y
        fade = np.clip((74 - np.abs(columns)) / 10, 0, 1) * np.clip((rows[:, None] + 25) / 6, 0, 1)
        # Laid over itself, a half covered edge would grow: so the edge is moved in by half a pixel.
        part[:, :, 3] = np.maximum(part[:, :, 3] * 2 - 255, 0) * fade
        return from_bgra(part.astype(np.uint8)), ((left + head.x) / scale, (top + head.y) / scale)

    def _lower_face(self, picture: I420, place: Affine, jaw: float) -> None:
        """Lay the lower face, its chin lowered by `jaw`, over `picture` in place."""
        mx, my = self._mouth
        corners = place @ np.array(
            [[mx - 75, mx + 75, mx - 75, mx + 75], [my - 25, my - 25, my + 62, my + 62], [1] * 4]
        )
        left, top = (int(v * self.unit) // 2 * 2 for v in corners.min(axis=1))
        across, down = (int(v) + 2 for v in (corners.max(axis=1) - corners.min(axis=1)) * self.unit / CELL)
        u = left + (np.arange(across + 1) * CELL)[None, :] + 0.0
        v = top + (np.arange(down + 1) * CELL)[:, None] + 0.0
        inverse = cv2.invertAffineTransform(place)
        px, py = u / self.unit, v / self.unit
        sx = inverse[0, 0] * px + inverse[0, 1] * py + inverse[0, 2]
        sy = inverse[1, 0] * px + inverse[1, 1] * py + inverse[1, 2]
        sy = sy - CHIN * jaw * _jaw(sx - mx, sy - my)
        scale = self._scale / self.unit
        corner_x, corner_y = self._chin_corner
        control = np.dstack(((sx - corner_x) * scale - 0.5, (sy - corner_y) * scale - 0.5)).astype(np.float32)
        size = ((across + 1) * CELL, (down + 1) * CELL)
        half = CELL // 2
        # resize puts control point i at pixel (i + 0.5) * CELL - 0.5, so pixel 0.5 of ours is at `half`.
        flow = cv2.resize(control, size, interpolation=cv2.INTER_LINEAR)[half:-half, half:-half]
        patch = cv2.remap(self._chin_layer, flow, _NO_MAP, cv2.INTER_LINEAR)
        lay(picture, patch.astype(np.uint8, copy=False), left, top)


def _jaw(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How much of the jaw's movement a place (in units from the mouth's centre) takes part in, 0 to 1."""
    side = np.cos(np.clip(np.abs(x) / 74, 0, 1) * (np.pi / 2)) ** 2
    fall = np.clip((y + 22) / 42, 0, 1)
    return side * fall * fall * (3 - 2 * fall)


def _place(pose: Pose, layer: str) -> Affine:
    """Where `layer` goes in `pose`."""
    if layer == "body":
        grow = 1 + pose.breath * BREATH / 110
        return np.array([[1.0, 0.0, 0.0], [0.0, grow, 512 * (1 - grow)]])
    angle = math.radians(pose.tilt)
    c, s = math.cos(angle), math.sin(angle)
    x, y = NECK
    place = np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y]])
    place[:, 2] += (pose.head_x * 0.512, pose.head_y * 0.512 - pose.breath * BREATH * 0.55)
    place[:, 2] += _parallax(pose, DEPTH[layer])
    if layer == "iris":
        place[:, 2] += (pose.gaze_x * 3.2, pose.gaze_y * 1.8)
    if layer == "brows":
        place[1, 2] -= pose.brow * 3.0
    return place


def _parallax(pose: Pose, depth: float) -> npt.NDArray[np.float64]:
    return np.array([pose.turn * depth * 2.2, pose.nod * depth * 1.8])


def _layer(avatar: Avatar, entry: dict[str, Any]) -> Layer:
    pixels = _read(avatar, entry["file"])
    if pixels.shape[2] != 4:
        raise ValueError(entry["file"])
    alpha = pixels[:, :, 3:].astype(np.uint16)
    pixels[:, :, :3] = (pixels[:, :, :3] * alpha + 127) // 255
    return Layer(pixels, int(entry["x"]), int(entry["y"]))


def _opaque(avatar: Avatar, name: str) -> npt.NDArray[np.uint8]:
    pixels = cv2.resize(_read(avatar, name), (avatar.width, avatar.height), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA).astype(np.uint8, copy=False)


def _read(avatar: Avatar, name: str) -> npt.NDArray[np.uint8]:
    pixels = cv2.imread(str(avatar.path / name), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(name)
    return pixels.astype(np.uint8, copy=False)


def _pair(found: object, default: tuple[float, float]) -> tuple[float, float]:
    if isinstance(found, list) and len(found) == 2 and all(isinstance(v, int | float) for v in found):
        return float(found[0]), float(found[1])
    return default

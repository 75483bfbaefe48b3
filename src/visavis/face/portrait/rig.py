"""`Rig`: the layers of a drawn avatar, put together for a `Pose`."""

import json
import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar import Avatar
from visavis.avatar.backdrops import TRANSPARENT
from visavis.errors import InvalidInput
from visavis.face.portrait import layers, skin
from visavis.face.portrait import mouth as drawing
from visavis.face.portrait.canvas import Palette
from visavis.face.portrait.layers import Layer
from visavis.face.portrait.mouth import Build, Spot
from visavis.face.portrait.paint import lay, planes
from visavis.face.portrait.pose import STILL, Look, Mouth, Pose
from visavis.face.portrait.skin import Affine, Skin
from visavis.media.pictures import BGR, I420

FILE = "rig.json"

ORDER = ("hairback", "body", "head", "eyes", "iris", "lids", "brows", "hairfront")
"""Back to front. A rig may leave any of them out."""
EYES = ORDER[2:]
"""What is drawn again where lids differ from the loop's frame."""
BROWS = ("head", "brows", "hairfront")
"""What is drawn again where only brows are higher."""

HAIR = {"hairback": -1.0, "hairfront": 0.3}
"""How much of the face's movement against the head's outline the hair takes part in."""
NECK = (256.0, 410.0)
"""What the head tilts about, in units."""
BREATH = 1.7
"""Units that the shoulders rise."""
TURN, NOD = 3.0, 2.4
"""Units that the face moves against the head's outline when it turns or nods fully."""
BROW = 4.2
"""Units that raised brows go up."""
ABOVE, BELOW, ASIDE = 46.0, 20.0, 32.0
"""The box around both eyes and brows, in units from the eyes' centres."""
HIGHEST = 1.25
"""Of brows, so that they stay in the box."""
LEVEL = 1.2
"""Degrees of tilt up to which brows and lids lie in separate boxes."""
SQUINT = 2.4
"""Units that the lower lids rise in a full smile."""
SQUINTS = 3
"""Steps that they rise in."""
LIDS = 21.0
"""From the eyes' centres up to where nothing of lids is drawn any more."""


class Rig:
    """Draws one avatar. Holds pictures only, so threads may share it. `InvalidInput` if its files are no rig.

    `background` stands in for the avatar's own: `#rrggbb`, `green`, or the name of a picture in the bundle.
    """

    def __init__(self, avatar: Avatar, background: str | None = None) -> None:
        self.width, self.height = avatar.width, avatar.height
        self.unit = avatar.width / 512
        """Pixels in one unit."""
        try:
            found = json.loads((avatar.path / FILE).read_text("utf-8"))
            # The layers have their size whatever the picture's is: `scale` is of the bundle's own width.
            scale = float(found["scale"]) * int(avatar.manifest["width"]) / 512
            wanted = background or avatar.background
            wanted = wanted or avatar.metadata.get("background") or found["background"]
            self._background = layers.background(avatar, wanted)
            self._layers = {
                name: tuple(layers.load(avatar, entry) for entry in entries)
                for name, entries in found["layers"].items()
            }
            self._wide = int(found.get("lids_wide", 0))
        except (OSError, ValueError, KeyError, TypeError):
            raise InvalidInput(f"avatar {avatar.id!r}: {FILE} or one of its pictures cannot be read") from None
        self._scale = scale
        """Pixels of a layer in one unit."""
        animation = avatar.metadata.get("animation")
        animation = animation if isinstance(animation, dict) else {}
        tall = 512 * self.height / self.width
        x, y = _pair(animation.get("mouth_center"), (0.5, 0.6))
        self._mouth = (x * 512, y * tall)
        eyes = animation.get("eye_centers")
        self._eyes = [
            (ex * 512, ey * tall)
            for ex, ey in (_pair(each, (0.5, 0.42)) for each in (eyes if isinstance(eyes, list) else [])[:2])
        ] or [(x * 512, (y - 0.18) * tall)]
        self._build = Build.of(animation.get("mouth_build"))
        self._palette = Palette.of(animation.get("palette"))
        self._squints = tuple(
            tuple(self._squinting(lid, step / SQUINTS) for lid in self._layers.get("lids", ()))
            for step in range(SQUINTS + 1)
        )
        self._skin = Skin(self._layers["head"][0], self._mouth, self.unit, scale)
        if wanted == TRANSPARENT:
            # What is half covered then has the person's own colour, whatever the film is laid over.
            self._draw(self._background, Pose(), ORDER, (0, 0))
            self._background = layers.spread(self._background)

    def frame(self, pose: Pose) -> I420:
        """The whole picture for `pose`."""
        picture = self._background.copy()
        self._draw(picture, pose, ORDER, (0, 0))
        out: I420 = cv2.cvtColor(picture, cv2.COLOR_BGRA2YUV_I420).astype(np.uint8, copy=False)
        if not pose.mouth.at_rest:
            self._skin.lay(out, _place(pose), _parallax(pose), pose.mouth)
        self._lips(out, pose, pose.mouth)
        return out

    def alpha(self, pose: Pose) -> npt.NDArray[np.uint8]:
        """Where the person is in the frame of `pose`, 0 to 255: height x width."""
        picture = np.zeros_like(self._background)
        self._draw(picture, pose, ORDER, (0, 0))
        return cv2.extractChannel(picture, 3).astype(np.uint8, copy=False)

    def speak(self, picture: I420, pose: Pose, look: Look) -> None:
        """Change `picture`, the frame of `pose` with its mouth at rest, in place so that it shows `look`."""
        if abs(look.brow) >= STILL or abs(look.lids) >= STILL or _squint(look.mouth):
            self._upper_face(picture, pose, look)
        if not look.mouth.at_rest:
            self._skin.lay(picture, _place(pose), _parallax(pose), look.mouth)
            self._lips(picture, pose, look.mouth)

    def still(self) -> BGR:
        """The rest pose, for a reference picture."""
        return cv2.cvtColor(self.frame(Pose()), cv2.COLOR_YUV2BGR_I420).astype(np.uint8, copy=False)

    def _draw(
        self, picture: npt.NDArray[np.uint8], pose: Pose, names: tuple[str, ...], corner: tuple[int, int]
    ) -> None:
        """Lay the named layers over `picture` (BGRA), the part of the frame from `corner` on."""
        for name in names:
            states = self._layers.get(name)
            if not states:
                continue
            if name == "head":
                self._skin.compose(picture, corner, _place(pose), _parallax(pose))
            else:
                state = states[0]
                if name == "lids":
                    state = self._squints[_squint(pose.mouth)][self._lid(len(states), pose.lids)]
                layers.compose(picture, state, self._pixels(self._spot(pose, name), state, corner))

    def _lid(self, count: int, closed: float) -> int:
        """The picture of the lids for `closed`, -1 to 1."""
        steps = self._wide if closed < 0 else count - 1 - self._wide
        return min(max(self._wide + round(closed * steps), 0), count - 1)

    def _squinting(self, lid: Layer, share: float) -> Layer:
        """A picture of the lids with the lower ones `share` of the way up."""
        rows = np.arange(lid.pixels.shape[0])
        below = (rows + lid.y + 0.5) / self._scale - self._eyes[0][1]
        return layers.lifted(lid, SQUINT * share * self._scale * np.exp(-(((below - 7) / 6) ** 2)))

    def _spot(self, pose: Pose, name: str) -> Affine:
        """Where the layer `name` goes in `pose`."""
        if name == "body":
            grow = 1 + pose.breath * BREATH / 110
            return np.array([[1.0, 0.0, 0.0], [0.0, grow, 512 * (1 - grow)]])
        place = _place(pose)
        place[:, 2] += _parallax(pose) * HAIR.get(name, skin.NEAR)
        if name == "iris":
            place[:, 2] += (pose.gaze_x * 3.4, pose.gaze_y * 2.0)
        if name == "brows":
            # Lowered brows come closer to each other, too.
            close = 1 + 0.03 * min(pose.brow, 0.0)
            place = place @ np.array([[close, 0, 256 * (1 - close)], [0, 1, -pose.brow * BROW], [0, 0, 1]])
        return place

    def _pixels(self, place: Affine, layer: Layer, corner: tuple[int, int]) -> Affine:
        """`place` as a matrix from the layer's pixels to those of a picture whose corner is at `corner`."""
        step = self.unit / self._scale
        matrix = place.copy()
        matrix[:, :2] *= step
        inside = np.array([layer.x + 0.5, layer.y + 0.5])
        matrix[:, 2] = matrix[:, :2] @ inside + place[:, 2] * self.unit - 0.5 - corner
        return matrix

    def _upper_face(self, picture: I420, pose: Pose, look: Look) -> None:
        """Draw brows and eyes again, in place."""
        # Raised brows alone leave the eyes as they are, and cost half.
        squint = _squint(look.mouth) or _squint(pose.mouth)
        brows = abs(look.lids) < STILL and not squint and look.brow > 0 <= pose.brow and abs(pose.tilt) < LEVEL
        place, shift, unit = _place(pose), _parallax(pose), self.unit
        x, y = np.array([(place @ (*eye, 1.0) + shift) * unit for eye in self._eyes]).T
        low = y.min() - LIDS * unit if brows else y.max() + BELOW * unit
        left, top = (max(int(v) // 2 * 2, 0) for v in (x.min() - ASIDE * unit, y.min() - ABOVE * unit))
        right, bottom = min(int(x.max() + ASIDE * unit), self.width) // 2 * 2, min(int(low), self.height) // 2 * 2
        if right <= left or bottom <= top:
            return
        closed = pose.lids + look.lids * (1 - max(pose.lids, 0.0))
        brow = min(pose.brow + look.brow, HIGHEST)
        pose = replace(pose, mouth=look.mouth, lids=min(max(closed, -1.0), 1.0), brow=brow)
        part = self._background[top:bottom, left:right].copy()
        self._draw(part, pose, BROWS if brows else EYES, (left, top))
        small = cv2.cvtColor(part, cv2.COLOR_BGRA2YUV_I420).astype(np.uint8, copy=False)
        for whole, piece, half in zip(planes(picture), planes(small), (1, 2, 2), strict=True):
            whole[top // half : bottom // half, left // half : right // half] = piece

    def _lips(self, picture: I420, pose: Pose, mouth: Mouth) -> None:
        depth = float(skin.depth(np.array(self._mouth[0]), np.array(self._mouth[1])))
        x, y = _place(pose) @ (*self._mouth, 1.0) + _parallax(pose) * depth
        # Plain floats: numpy's own would turn the drawing's arrays into float64.
        spot = Spot(float(x) * self.unit, float(y) * self.unit, math.radians(pose.tilt), self.unit)
        patch, left, top = drawing.draw(mouth, spot, self._build, self._palette)
        lay(picture, patch, left, top)


def _squint(mouth: Mouth) -> int:
    """How many of the steps the lower lids rise."""
    return min(max(round(mouth.smile * SQUINTS), 0), SQUINTS)


def _place(pose: Pose) -> Affine:
    """Where the head's outline goes in `pose`."""
    angle = math.radians(pose.tilt)
    c, s = math.cos(angle), math.sin(angle)
    x, y = NECK
    place = np.array([[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y]])
    place[:, 2] += (pose.head_x * 0.512, pose.head_y * 0.512 - pose.breath * BREATH * 0.55)
    return place


def _parallax(pose: Pose) -> npt.NDArray[np.float64]:
    """Units that the middle of the face moves against the outline."""
    return np.array([pose.turn * TURN, pose.nod * NOD])


def _pair(found: Any, default: tuple[float, float]) -> tuple[float, float]:
    if isinstance(found, list) and len(found) == 2 and all(isinstance(v, int | float) for v in found):
        return float(found[0]), float(found[1])
    return default

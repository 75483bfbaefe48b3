"""`Skin`: the head of a drawn avatar as a surface that turns, and that the jaw and the cheeks pull."""

from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from visavis.face.portrait import layers
from visavis.face.portrait.layers import Layer
from visavis.face.portrait.paint import YUVA, from_bgra, lay
from visavis.face.portrait.pose import STILL, Mouth
from visavis.media.pictures import I420

Affine: TypeAlias = npt.NDArray[np.float64]
"""2 x 3: places in the still picture → places in a picture, both in units (1/512 of its width)."""
Floats: TypeAlias = npt.NDArray[np.float64]

CENTRE, RADII = (256.0, 222.0), (94.0, 152.0)
"""Of the head's outline, in units."""
NEAR = 0.9
"""How much of a turn the middle of the face, with eyes and mouth, takes part in."""
TIP = 0.35
"""How much more the tip of the nose does."""
CHIN = 15.0
"""Units that the chin goes down with the jaw wide open."""
CELL = 16
"""Pixels from one control point of a warp to the next."""
ASIDE, UP, DOWN = 76.0, 26.0, 66.0
"""The lower face, in units from the mouth's middle."""
CHEEKS = 66.0
"""`UP` where the cheeks move, too."""
_NO_MAP = np.empty(0, dtype=np.float32)


def depth(x: Floats, y: Floats) -> Floats:
    """How much of a turn a place of the still picture (in units) takes part in: 0 at the head's outline."""
    far = np.hypot((x - CENTRE[0]) / RADII[0], (y - CENTRE[1]) / RADII[1])
    fall = np.clip((far - 0.5) / 0.5, 0, 1)
    nose = TIP * np.exp(-(((x - 256) / 16) ** 2) - ((y - 262) / 24) ** 2)
    return NEAR * (1 - fall * fall * (3 - 2 * fall)) + nose


class Skin:
    """The head's layer. Holds pictures only."""

    def __init__(self, head: Layer, mouth: tuple[float, float], unit: float, step: float) -> None:
        """`mouth` is its middle in units; `unit` pixels of the picture in one, `step` pixels of the layer."""
        self._head = head
        self._mouth = mouth
        self._unit = unit
        self._step = step
        self._lower = self._patch(UP, 6.0)
        self._cheeks = self._patch(CHEEKS, 16.0)
        self._folded = self._folds(self._cheeks)

    def compose(
        self, picture: npt.NDArray[np.uint8], corner: tuple[int, int], place: Affine, shift: Floats
    ) -> None:
        """Lay the whole head over `picture` (BGRA), whose corner is at `corner` (pixels) of the frame.

        `shift` is how far, in units, the middle of the face moves against its outline.
        """
        rows, columns = picture.shape[:2]
        height, width = self._head.pixels.shape[:2]
        step = self._step
        x0, y0 = self._head.x / step, self._head.y / step
        box = (x0 - 4, y0 - 4, x0 + width / step + 4, y0 + height / step + 4)
        left, top, right, bottom = self._bounds(place, box)
        left, top = max(left - corner[0], 0), max(top - corner[1], 0)
        right, bottom = min(right - corner[0], columns), min(bottom - corner[1], rows)
        if left >= right or top >= bottom:
            return
        start, size = (left + corner[0], top + corner[1]), (right - left, bottom - top)
        flow = self._flow(place, shift, start, size, None, (self._head.x, self._head.y))
        moved = cv2.remap(self._head.pixels, flow, _NO_MAP, cv2.INTER_LINEAR)
        layers.over(picture[top:bottom, left:right], moved)

    def lay(self, picture: I420, place: Affine, shift: Floats, mouth: Mouth) -> None:
        """Lay the lower face, pulled by `mouth`, over `picture` in place; lips are not drawn."""
        smiling = abs(mouth.smile) >= STILL
        patch, x, y = self._cheeks if smiling else self._lower
        if mouth.smile >= STILL:
            share = min(mouth.smile, 1.0)
            patch = cv2.addWeighted(patch, 1 - share, self._folded, share, 0).astype(np.uint8, copy=False)
        mx, my = self._mouth
        box = (mx - ASIDE - 2, my - (CHEEKS if smiling else UP), mx + ASIDE + 2, my + DOWN + CHIN * mouth.jaw + 4)
        left, top, right, bottom = self._bounds(place, box)
        left, top = left // 2 * 2, top // 2 * 2
        size = ((right - left + 1) // 2 * 2, (bottom - top + 1) // 2 * 2)
        flow = self._flow(place, shift, (left, top), size, mouth, (x, y))
        warped = cv2.remap(patch, flow, _NO_MAP, cv2.INTER_LINEAR)
        lay(picture, warped.astype(np.uint8, copy=False), left, top)

    def _bounds(self, place: Affine, box: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        """Where a box (left, top, right, bottom in units) comes to lie, in pixels of the frame."""
        left, top, right, bottom = box
        corners = place @ np.array([[left, right, left, right], [top, top, bottom, bottom], [1, 1, 1, 1]])
        low, high = corners.min(axis=1) * self._unit, corners.max(axis=1) * self._unit
        return int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1

    def _flow(
        self,
        place: Affine,
        shift: Floats,
        start: tuple[int, int],
        size: tuple[int, int],
        mouth: Mouth | None,
        corner: tuple[int, int],
    ) -> npt.NDArray[np.float32]:
        """For each pixel of the frame from `start` on, where in the layer it looks, in pixels from `corner`."""
        # The grid lies at the same pixels wherever the part begins: all parts get the same values.
        first_x, first_y = start[0] // CELL * CELL, start[1] // CELL * CELL
        across = (start[0] + size[0] - first_x) // CELL + 2
        down = (start[1] + size[1] - first_y) // CELL + 2
        u = (first_x + np.arange(across) * CELL + 0.5)[None, :] / self._unit
        v = (first_y + np.arange(down) * CELL + 0.5)[:, None] / self._unit
        inverse = cv2.invertAffineTransform(place)
        x: Floats = inverse[0, 0] * u + inverse[0, 1] * v + inverse[0, 2]
        y: Floats = inverse[1, 0] * u + inverse[1, 1] * v + inverse[1, 2]
        if shift.any():
            near = depth(x, y)
            x, y = x - shift[0] * near, y - shift[1] * near
        if mouth is not None:
            dx, dy = _pull(mouth, x - self._mouth[0], y - self._mouth[1])
            x, y = x - dx, y - dy
        control = np.dstack((x * self._step - (0.5 + corner[0]), y * self._step - (0.5 + corner[1]))).astype(
            np.float32
        )
        half = CELL // 2
        # resize puts control point i at pixel (i + 0.5) * CELL - 0.5, and all is moved by that half cell.
        dense = cv2.resize(control, (across * CELL, down * CELL), interpolation=cv2.INTER_LINEAR)
        ox, oy = start[0] - first_x + half, start[1] - first_y + half
        out: npt.NDArray[np.float32] = np.ascontiguousarray(dense[oy : oy + size[1], ox : ox + size[0]])
        return out

    def _patch(self, up: float, soft: float) -> tuple[YUVA, int, int]:
        """The lower face from `up` over the mouth as YUVA, fading out at its sides; its corner in the layer."""
        mx, my = self._mouth
        step, head = self._step, self._head
        left, top = max(int((mx - ASIDE) * step), head.x), max(int((my - up) * step), head.y)
        right, bottom = int((mx + ASIDE) * step), int((my + DOWN) * step)
        part = head.pixels[top - head.y : bottom - head.y, left - head.x : right - head.x].astype(np.float32)
        share = np.maximum(part[:, :, 3:], 1) / 255
        part[:, :, :3] = np.minimum(part[:, :, :3] / share, 255)
        columns = (np.arange(part.shape[1]) + left + 0.5) / step - mx
        rows = (np.arange(part.shape[0]) + top + 0.5) / step - my
        fade = np.clip((ASIDE - 2 - np.abs(columns)) / 10, 0, 1) * np.clip((rows[:, None] + up - 1) / soft, 0, 1)
        # Laid over itself, a half covered edge would grow: so the edge is moved in by half a pixel.
        part[:, :, 3] = np.maximum(part[:, :, 3] * 2 - 255, 0) * fade
        return from_bgra(part.astype(np.uint8)), left, top

    def _folds(self, cheeks: tuple[YUVA, int, int]) -> YUVA:
        """The cheeks with the shade from nose to mouth that a smile makes, and the light above it."""
        patch, left, top = cheeks
        mx, my = self._mouth
        x = (np.arange(patch.shape[1]) + left + 0.5) / self._step - mx
        y = ((np.arange(patch.shape[0]) + top + 0.5) / self._step - my)[:, None]
        # From beside the nose outwards and round the corner of the mouth, soft at both ends.
        line = 21 + 27 * np.sin(np.clip((y + 40) / 40, 0, 1.3) * (np.pi / 2))
        off = np.abs(x) - line
        ends = np.clip((y + 42) / 26, 0, 1) * np.clip((12 - y) / 26, 0, 1)
        ends = ends * ends * (3 - 2 * ends)
        shade = np.exp(-((off / np.where(off > 0, 3.8, 9.0)) ** 2)) * ends
        glow = np.exp(-(((np.abs(x) - 54) / 13) ** 2) - ((y + 32) / 12) ** 2)
        out = patch.astype(np.float32)
        dark = 1 - 0.13 * shade + 0.06 * glow
        alpha = out[:, :, 3] / 255
        out[:, :, 0] = (out[:, :, 0] - 16 * alpha) * dark + 16 * alpha
        # Shade on skin is warmer, not greyer.
        out[:, :, 2] += 4 * shade * alpha * np.minimum(out[:, :, 0] / 160, 1)
        return np.rint(np.clip(out, 0, 255)).astype(np.uint8)


def _pull(mouth: Mouth, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """How far, in units, `mouth` moves skin at a place (in units from its middle)."""
    jaw = mouth.jaw * (1 - 0.25 * mouth.round) + 0.12 * mouth.part
    side = 1 - np.clip((np.abs(x) - 22) / 52, 0, 1)
    side = side * side * (3 - 2 * side)
    fall = np.clip((y + 22) / 42, 0, 1)
    down = CHIN * jaw * side * fall * fall * (3 - 2 * fall)
    # Pressed or tucked lips push the chin up.
    down = down - (2.2 * mouth.press + 1.2 * mouth.tuck) * np.exp(-((x / 26) ** 2) - ((y - 30) / 16) ** 2)
    # The skin over them, and a beard on it, goes along with lips that get thinner.
    if mouth.press:
        down = down + 3.4 * mouth.press * np.exp(-((x / 34) ** 2) - ((y + 9) / 7.5) ** 2)
    beside = np.exp(-(((np.abs(x) - 42) / 20) ** 2) - ((y + 2) / 24) ** 2)
    inwards = 2.0 * max(mouth.jaw - 0.2, 0.0) - 3.0 * mouth.smile - 2.2 * mouth.spread
    across = -np.sign(x) * inwards * beside
    if mouth.round:
        # As far as the corners of the mouth, nearly.
        near = np.exp(-(((np.abs(x) - 30) / 24) ** 2) - ((y - 4) / 19) ** 2)
        across = across - 10.5 * mouth.round * near * np.clip(x / 14, -1, 1)
    if mouth.smile:
        cheek = np.exp(-(((np.abs(x) - 44) / 20) ** 2) - ((y + 18) / 20) ** 2)
        down = down - 5.0 * mouth.smile * cheek
    # Nothing moves where the patch ends.
    rim = np.clip((74 - np.abs(x)) / 20, 0, 1)
    return across * rim, down

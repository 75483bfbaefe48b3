"""How a photographed head moves: a shift of every place that is linear in the numbers of a `Pose`.

Given on a coarse grid of control points; between them it is smooth enough to be interpolated. A shift leads
from a place of the moved picture to where in the photograph it comes from.
"""

import math

import numpy as np
import numpy.typing as npt

from visavis.face.portrait.photo.marks import Marks
from visavis.face.portrait.pose import Pose

Grid = npt.NDArray[np.float32]
"""rows x columns x 2: a shift (x, y) in pixels for each control point."""

Area = tuple[int, int, int, int]
"""Left, top, right and bottom control point; one more on each side is meant."""

KEPT = 8
"""Areas whose fields are kept together: the face has three that are drawn again and again."""
TURN = 0.13
"""How far the nose moves when the head turns fully, as a part of half of the mouth's width."""
NOD = 0.11
"""Likewise when it nods."""
LIFT = 0.035
"""How far the shoulders rise, likewise."""
BROW = 0.13
"""How far brows go up, likewise."""
FADE = 0.32
"""How far beyond the head, as a part of half of its size, the picture gives way to it."""
RIM = 0.05
"""How near to the picture's edge, as a part of its width, nothing moves any more."""


class Head:
    """The head of one photograph; `step` pixels from one control point to the next."""

    def __init__(self, marks: Marks | None, width: int, height: int, step: int) -> None:
        rows, columns = -(-height // step), -(-width // step)
        self.step = step
        x = ((np.arange(columns) + 0.5) * step - 0.5)[None, :]
        y = ((np.arange(rows) + 0.5) * step - 0.5)[:, None]
        self._fields = np.zeros((7, rows, columns, 2), dtype=np.float32)
        if marks is None:
            self._margin()
            return
        left, top, right, bottom = marks.head
        unit = marks.mouth.unit
        across, down = (right - left) / 2, (bottom - top) / 2
        mid_x, mid_y = (left + right) / 2, (top + bottom) / 2
        far = np.hypot((x - mid_x) / across, (y - mid_y) / down)
        head = 1 - _smooth((far - 1.02) / FADE)
        edge = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
        head = head * _smooth(edge / (RIM * width))
        c, s = math.cos(marks.face.angle), math.sin(marks.face.angle)
        fx, fy = (x - marks.face.x) / marks.face.unit, (y - marks.face.y) / marks.tall
        fx, fy = c * fx + s * fy, c * fy - s * fx
        depth = np.clip(1 - (np.hypot(fx, fy) / 1.2) ** 2, 0, 1) ** 1.5
        # The nose stands out.
        depth = depth + 0.3 * np.exp(-((fx / 0.22) ** 2) - ((fy - 0.15) / 0.24) ** 2)
        depth = depth * _smooth(edge / (RIM * width))
        neck_x, neck_y = mid_x, bottom + 0.6 * unit
        turned = np.stack(np.broadcast_arrays(-(y - neck_y), x - neck_x), axis=-1) * head[..., None]
        far = ((x - mid_x) / (1.25 * across)) ** 2 + ((y - bottom - 2.2 * unit) / (2.2 * unit)) ** 2
        chest = np.clip(1 - far, 0, 1) ** 2
        chest = chest * _smooth(edge / (RIM * width))
        # The order of `_numbers`.
        self._fields[0, ..., 0] = head * width / 1000
        self._fields[1, ..., 1] = head * width / 1000
        self._fields[2] = turned * math.radians(1)
        self._fields[3, ..., 0] = depth * (TURN * unit)
        self._fields[4, ..., 1] = depth * (NOD * unit)
        self._fields[5, ..., 1] = -(0.6 * head + chest * (1 - head)) * (LIFT * unit)
        for eye in marks.eyes:
            near = np.full(head.shape, np.inf)
            size = 0.36 * eye.frame.unit
            for bx, by in eye.brow:
                near = np.minimum(near, ((x - bx) / (1.6 * size)) ** 2 + ((y - by) / size) ** 2)
            self._fields[6, ..., 1] -= np.exp(-near) * (BROW * unit)
        self._fields[np.abs(self._fields) < 0.004] = 0
        self._margin()

    def shifts(self, pose: Pose, area: Area) -> Grid:
        """The shifts of `pose` at the control points of an area."""
        left, top, right, bottom = area
        numbers = np.array(
            [pose.head_x, pose.head_y, pose.tilt, pose.turn, pose.nod, pose.breath, pose.brow], dtype=np.float32
        )
        shape = bottom - top + 2, right - left + 2, 2
        # A motion takes what is there from where it was: hence the sign.
        shifts: Grid = (-numbers @ self._part(area)).reshape(shape)
        return shifts

    def points(self, area: Area) -> Grid:
        """Where the control points of an area are."""
        left, top, right, bottom = area
        grid = np.empty((bottom - top + 2, right - left + 2, 2), dtype=np.float32)
        grid[..., 0] = ((np.arange(left - 1, right + 1) + 0.5) * self.step - 0.5)[None, :]
        grid[..., 1] = ((np.arange(top - 1, bottom + 1) + 0.5) * self.step - 0.5)[:, None]
        return grid

    def moved(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom, in pixels, of what can move at all; multiples of the step."""
        rows, columns = np.nonzero(np.abs(self._fields).max(axis=(0, 3)))
        if not len(rows):
            return 0, 0, 0, 0
        step = self.step
        return (
            max(int(columns.min()) - 1, 0) * step,
            max(int(rows.min()) - 1, 0) * step,
            (int(columns.max()) + 2) * step,
            (int(rows.max()) + 2) * step,
        )

    def _margin(self) -> None:
        """One more control point on each side: between the last two, something has to be interpolated too."""
        self._padded = np.pad(self._fields, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
        self._parts: dict[Area, npt.NDArray[np.float32]] = {}

    def _part(self, area: Area) -> npt.NDArray[np.float32]:
        """One row for each number of a pose; the areas that are wanted again and again are kept."""
        part = self._parts.get(area)
        if part is None:
            left, top, right, bottom = area
            part = self._padded[:, top : bottom + 2, left : right + 2].reshape(7, -1)
            if len(self._parts) < KEPT:
                self._parts[area] = part
        return part


def _smooth(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    t = np.clip(value, 0, 1)
    eased: npt.NDArray[np.float64] = t * t * (3 - 2 * t)
    return eased

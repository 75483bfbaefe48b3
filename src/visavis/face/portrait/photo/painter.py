"""Draws parts of a photograph that moves: head and brows by one warp, then the mouth and the eyes in it.

Every part is taken from the photograph itself in one step, whatever moved: so a live picture is exactly as sharp
as the loop's frame it is laid on, and the same where the mouth moves nothing.
"""

import math

import cv2
import numpy as np

from visavis.face.portrait.photo import lips as warping
from visavis.face.portrait.photo.eyes import ABOVE, BELOW, REACH, Lid
from visavis.face.portrait.photo.head import Area, Grid, Head
from visavis.face.portrait.photo.inside import Inside
from visavis.face.portrait.photo.light import YUV, measure
from visavis.face.portrait.photo.lips import Form, Lips, Values
from visavis.face.portrait.photo.marks import Frame, Marks
from visavis.face.portrait.photo.picture import Places, Texture, put
from visavis.face.portrait.pose import Look, Mouth, Pose
from visavis.media.pictures import I420

Box = tuple[int, int, int, int]
"""Left, top, right and bottom, in pixels; even."""


class Painter:
    """Draws one face. Keeps nothing from picture to picture."""

    def __init__(self, marks: Marks, texture: Texture, width: int, height: int, still: bool) -> None:
        self.width, self.height = width, height
        self._marks = marks
        # Fine enough for the lips of a small mouth, coarse enough for a large one to cost the same.
        self._step = int(min(max(2 * round(marks.mouth.unit / 20), 2), 16))
        self.head = Head(None if still else marks, width, height, self._step)
        """Does not move if the picture is `still`: one of a film, which moves by itself."""
        self._lips = Lips(marks)
        light = measure(texture.sample(_identity((0, 0, width, height))), marks, self._lips)
        self._soft = 0.8 * light.blur
        self._inside = Inside(self._lips, light, marks.mouth.unit)
        self._lower = self.lower_face(marks.mouth)
        self._lids = () if still else tuple(Lid(eye) for eye in marks.eyes)

    def whole(self, texture: Texture) -> I420:
        """The photograph as it is."""
        picture = np.empty((self.height * 3 // 2, self.width), dtype=np.uint8)
        put(picture, texture.sample(_identity((0, 0, self.width, self.height))), 0, 0)
        return picture

    def pose(self, picture: I420, texture: Texture, pose: Pose) -> None:
        """Move everything but the mouth in `picture`, which shows the photograph, in place."""
        left, top, right, bottom = self.head.moved()
        box = left, top, min(right, self.width), min(bottom, self.height)
        if right > left and bottom > top:
            put(picture, self._warped(texture, pose, box), left, top)
        self.eyes(picture, texture, pose)

    def look(self, picture: I420, texture: Texture, pose: Pose, look: Look) -> None:
        """Change the face in `picture`, the frame of `pose`, to `look`, in place."""
        if self._lids and (abs(look.brow) > 0.01 or abs(look.lids) > 0.01):
            shown = _with(pose, look)
            box = self._upper_face()
            put(picture, self._warped(texture, shown, box), box[0], box[1])
            self.eyes(picture, texture, shown)
        if not look.mouth.at_rest:
            self.mouth(picture, texture, pose, look.mouth, self._marks.mouth)

    def mouth(self, picture: I420, texture: Texture, pose: Pose, mouth: Mouth, place: Frame) -> None:
        """Change the mouth at `place` (in the photograph) in `picture`, in place."""
        form = self._lips.form(mouth)
        box = self._lower if place is self._marks.mouth else self.lower_face(place)
        area = self._area(box)
        shifts = self.head.shifts(pose, area)
        grid = self.head.points(area) + shifts
        u, v = _local(grid, place)
        du, dv = warping.warp(self._lips, form, u, v)
        patch = texture.taken(self._spread(texture.inside(grid + _global(du, dv, place)), box))
        inner = self._around(place, form, shifts, area)
        left, top, right, bottom = inner
        if right > left and bottom > top:
            inside = self._area(inner)
            rows = slice(inside[1] - area[1], inside[3] - area[1] + 2)
            base = self._spread(grid[rows, inside[0] - area[0] : inside[2] - area[0] + 2], inner)
            part = patch[top - box[1] : bottom - box[1], left - box[0] : right - box[0]]
            part[:] = self._lips_of(texture, base, mouth, form, place)
        put(picture, patch, box[0], box[1])

    def eyes(self, picture: I420, texture: Texture, pose: Pose) -> None:
        """Close the eyes of `picture`, as far as `pose` has them closed, and let them look, in place."""
        if abs(pose.lids) < 0.01 and abs(pose.gaze_x) < 0.02 and abs(pose.gaze_y) < 0.02:
            return
        for lid in self._lids:
            box = self._box(lid.frame, (-REACH, REACH), (-ABOVE - 0.4, BELOW + 0.2), pose)
            if box[2] <= box[0] or box[3] <= box[1]:
                continue
            base = self._dense(pose, box)
            u, v = _local(base, lid.frame)
            patch = texture.sample(base + _global(*lid.look(pose.gaze_x, pose.gaze_y, u, v), lid.frame))
            if abs(pose.lids) >= 0.01:
                up, below = lid.warp(pose.lids, u, v)
                skin = texture.sample(base + _global(np.zeros_like(up), -up, lid.frame))
                soft = self._soft / lid.frame.unit
                cover = np.clip(0.5 - below / np.float32(2 * soft), 0, 1) * (np.abs(u) < 1)
                patch = _mixed(patch, skin.astype(np.float32), cover)
            put(picture, patch, box[0], box[1])

    def lower_face(self, place: Frame) -> Box:
        """What a mouth may change."""
        reach = warping.REACH + 0.1
        down = self._lips.chin + warping.CHIN * warping.JAW + 0.85 * warping.NECK
        above = max(self._lips.base + warping.CHEEK, self._lips.above) + 0.05
        return self._box(place, (-reach, reach), (-above, down), Pose())

    def live(self) -> Box:
        """What of the photograph is needed for pictures in which it moves."""
        boxes = [self._lower, *([self._upper_face()] if self._lids else [])]
        moved = self.head.moved()
        if moved[2] > moved[0]:
            boxes.append(moved)
        # Shifts reach a little beyond: no motion is longer than half a mouth.
        pad = round(0.5 * self._marks.mouth.unit / 2) * 2
        left, top = (min(box[side] for box in boxes) - pad for side in (0, 1))
        right, bottom = (max(box[side] for box in boxes) + pad for side in (2, 3))
        return max(left, 0), max(top, 0), min(right, self.width), min(bottom, self.height)

    def _lips_of(self, texture: Texture, base: Places, mouth: Mouth, form: Form, place: Frame) -> YUV:
        """The lips' inner edges and what is between them, each pixel on its own; `base` is where it comes from."""
        u, v = _local(base, place)
        size = u.shape[1], u.shape[0]
        # At every other pixel: all but the choice between the lips is smooth.
        half = cv2.resize(base, (size[0] // 2, size[1] // 2), interpolation=cv2.INTER_AREA)
        du, above, below, under, over = (
            cv2.resize(field, size, interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
            for field in warping.fields(self._lips, form, *_local(half.astype(np.float32, copy=False), place))
        )
        dv = np.where(under < over, above, below)
        skin = texture.sample(base + _global(du, dv, place))
        soft = np.float32(self._soft / place.unit)
        cover: Values = np.clip((np.minimum(under, soft) + np.minimum(over, soft)) / (2 * soft), 0, 1)
        # Where the lips' edges are steep, heights alone would leave steps.
        cover = cv2.GaussianBlur(cover, (3, 3), 0).astype(np.float32, copy=False)
        if form.meet > 0.05:
            skin = self._seam(skin, form, under, over, u)
        if form.gap < 0.01:
            return skin
        rows, columns = np.nonzero(cover.max(axis=1))[0], np.nonzero(cover.max(axis=0))[0]
        if len(rows) and len(columns):
            gap = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            places = u[gap], v[gap], under[gap], over[gap]
            colours = self._inside.paint(mouth, form, places, self._own(texture, base[gap], place, form, places))
            skin[gap] = _mixed(skin[gap], np.ascontiguousarray(colours.transpose(1, 2, 0)), cover[gap])
        return skin

    def _own(
        self,
        texture: Texture,
        base: Places,
        place: Frame,
        form: Form,
        places: tuple[Values, Values, Values, Values],
    ) -> tuple[Places, Values] | None:
        """What the photograph shows between its own lips, and how much of it can be seen."""
        if not self._lips.rest:
            return None
        # The nearer to the mouth of the photograph, the less it may differ from it.
        spare = max(1 - form.moved * 20, 0.0)
        u, v = places[0], places[1] + np.float32(form.hidden)
        share, covered = self._lips.photographed(u, v, np.float32(self._soft / place.unit), spare)
        covered += np.float32(form.hidden)
        seen = texture.sample(base + _global(np.zeros_like(covered), covered, place))
        return np.ascontiguousarray(seen.transpose(2, 0, 1), dtype=np.float32), share

    def _seam(self, skin: YUV, form: Form, under: Values, over: Values, u: Values) -> YUV:
        """Where lips that are apart in the photograph meet, there is no dark line yet."""
        unit = self._marks.mouth.unit
        wide = max(1.1 * self._soft / unit, 0.028)
        near = (under - over) / (2 * wide)
        line = np.exp(-near * near) * np.clip((0.98 - np.abs(u) / form.wide) * 8, 0, 1)
        dark = np.float32(0.5 * form.meet) * line * np.clip(1 - form.gap * 12, 0, 1)
        shadow = np.broadcast_to(np.array([40, 124, 140], dtype=np.float32), skin.shape)
        return _mixed(skin, shadow, dark)

    def _around(self, place: Frame, form: Form, shifts: Grid, area: Area) -> Box:
        """A box that holds what lies between the lips, and their edges, within an area."""
        reach = max(form.wide, 1.0) + 0.06
        upper, lower = float(form.edges[0, :, 1].min()) - 0.08, float(form.edges[0, :, 2].max()) + 0.08
        row = min(max(int(place.y) // self._step - area[1], 0), shifts.shape[0] - 1)
        column = min(max(int(place.x) // self._step - area[0], 0), shifts.shape[1] - 1)
        x, y = place.x - float(shifts[row, column, 0]), place.y - float(shifts[row, column, 1])
        c, d = math.cos(place.angle) * place.unit, math.sin(place.angle) * place.unit
        across, slant = abs(c) * reach, abs(d) * reach
        sides = -d * upper, -d * lower
        s = self._step
        left, top, right, bottom = (max(area[0], 0) * s, max(area[1], 0) * s, area[2] * s, area[3] * s)
        return (
            max(math.floor((x - across + min(sides) - 1) / s) * s, left),
            max(math.floor((y + c * upper - slant - 1) / s) * s, top),
            min(math.ceil((x + across + max(sides) + 2) / s) * s, right, self.width),
            min(math.ceil((y + c * lower + slant + 2) / s) * s, bottom, self.height),
        )

    def _upper_face(self) -> Box:
        """Eyes and brows, wherever a pose may have them."""
        eyes = self._marks.eyes
        rims = np.concatenate(
            [eye.brow for eye in eyes]
            + [eye.frame.outside(np.concatenate((eye.upper, eye.lower))) for eye in eyes]
        )
        pad = 0.8 * self._marks.mouth.unit
        (left, top), (right, bottom) = rims.min(axis=0) - pad, rims.max(axis=0) + pad
        return self._aligned(left, top, right, bottom)

    def _box(self, place: Frame, x: tuple[float, float], y: tuple[float, float], pose: Pose) -> Box:
        """A box that holds a stretch of places, moved by `pose`."""
        corners = place.outside(np.array([(u, v) for u in x for v in y], dtype=np.float64))
        row = min(max(int(place.y) // self._step, 0), (self.height - 1) // self._step)
        column = min(max(int(place.x) // self._step, 0), (self.width - 1) // self._step)
        corners = corners - self.head.shifts(pose, (column, row, column + 1, row + 1))[1, 1]
        (left, top), (right, bottom) = corners.min(axis=0) - 2, corners.max(axis=0) + 2
        return self._aligned(left, top, right, bottom)

    def _aligned(self, left: float, top: float, right: float, bottom: float) -> Box:
        s = self._step
        return (
            max(math.floor(left / s) * s, 0),
            max(math.floor(top / s) * s, 0),
            min(math.ceil(right / s) * s, self.width),
            min(math.ceil(bottom / s) * s, self.height),
        )

    def _area(self, box: Box) -> Area:
        """The control points of a box."""
        s = self._step
        return box[0] // s, box[1] // s, -(-box[2] // s), -(-box[3] // s)

    def _spread(self, places: Grid, box: Box) -> Places:
        """Places for every pixel of `box` from those of its control points."""
        s = self._step
        size = places.shape[1] * s, places.shape[0] * s
        dense = cv2.resize(places, size, interpolation=cv2.INTER_LINEAR).astype(np.float32, copy=False)
        return dense[s : s + box[3] - box[1], s : s + box[2] - box[0]]

    def _dense(self, pose: Pose, box: Box) -> Places:
        """Where in the photograph every pixel of `box` comes from."""
        area = self._area(box)
        return self._spread(self.head.points(area) + self.head.shifts(pose, area), box)

    def _warped(self, texture: Texture, pose: Pose, box: Box) -> YUV:
        area = self._area(box)
        grid = self.head.points(area) + self.head.shifts(pose, area)
        return texture.taken(self._spread(texture.inside(grid), box))


def _with(pose: Pose, look: Look) -> Pose:
    return Pose(
        lids=min(max(pose.lids + look.lids, -1.0), 1.0),
        brow=pose.brow + look.brow,
        gaze_x=pose.gaze_x,
        gaze_y=pose.gaze_y,
        head_x=pose.head_x,
        head_y=pose.head_y,
        tilt=pose.tilt,
        turn=pose.turn,
        nod=pose.nod,
        breath=pose.breath,
    )


def _identity(box: Box) -> Places:
    left, top, right, bottom = box
    places = np.empty((bottom - top, right - left, 2), dtype=np.float32)
    places[..., 0] = np.arange(left, right, dtype=np.float32)[None, :]
    places[..., 1] = np.arange(top, bottom, dtype=np.float32)[:, None]
    return places


def _local(places: Places, frame: Frame) -> tuple[Values, Values]:
    c, s = np.float32(math.cos(frame.angle) / frame.unit), np.float32(math.sin(frame.angle) / frame.unit)
    x, y = places[..., 0] - np.float32(frame.x), places[..., 1] - np.float32(frame.y)
    return c * x + s * y, c * y - s * x


def _global(u: Values, v: Values, frame: Frame) -> Places:
    c, s = np.float32(math.cos(frame.angle) * frame.unit), np.float32(math.sin(frame.angle) * frame.unit)
    places = np.empty((*u.shape, 2), dtype=np.float32)
    places[..., 0] = c * u - s * v
    places[..., 1] = s * u + c * v
    return places


def _mixed(one: YUV, other: np.ndarray[tuple[int, ...], np.dtype[np.float32]], share: Values) -> YUV:
    first = one.astype(np.float32)
    first += share[..., None] * (other - first)
    mixed: YUV = np.clip(first + np.float32(0.5), 0, 255).astype(np.uint8)
    return mixed

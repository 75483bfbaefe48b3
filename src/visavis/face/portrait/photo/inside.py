"""What shows between the lips of a photograph: the dark, the tongue, and teeth in the photograph's own light."""

import cv2
import numpy as np
import numpy.typing as npt

from visavis.face.portrait.photo import teeth
from visavis.face.portrait.photo.light import Light
from visavis.face.portrait.photo.lips import Form, Lips, Values
from visavis.face.portrait.pose import Mouth

Colours = npt.NDArray[np.float32]
"""3 x rows x columns: luma counted from black, U and V less 128."""

_BLACK = np.array([16, 128, 128], dtype=np.float32)[:, None, None]


class Inside:
    """The inside of one mouth. `unit` is how many pixels half of its width is."""

    def __init__(self, lips: Lips, light: Light, unit: float) -> None:
        self._lips = lips
        self._unit = max(unit, 32.0)
        """Of the drawn teeth: small ones are drawn larger, or they would have no form."""
        scaled = Light(light.skin, light.lip, light.teeth, light.side, light.blur * self._unit / unit, light.grain)
        self._upper = teeth.row(scaled, self._unit, True)
        self._lower = teeth.row(scaled, self._unit, False)
        skin = float(light.skin[0]) - 16
        self._dark = _column(0.17 * skin, -5.5, 17.0)
        self._deep = _column(0.09 * skin, -3.0, 9.0)
        red = light.lip - (16.0, 128.0, 128.0)
        self._tongue = _column(0.6 * skin, 0.4 * red[1] - 10, 0.6 * max(red[2], 10.0) + 15)
        self._floor = self._tongue * _column(1.15, 1.1, 1.1)
        self._side = light.side
        middle = lips.table.shape[1] // 2
        self._edge = float(lips.table[1][middle]) + 0.07
        """Where the upper teeth end."""
        if lips.rest > 0.08:
            self._edge = float(lips.table[2][middle]) - 0.02

    def paint(
        self,
        mouth: Mouth,
        form: Form,
        places: tuple[Values, Values, Values, Values],
        own: tuple[Colours, Values] | None,
    ) -> Colours:
        """The colours at `places`: (u, v, how far under the upper lip, how far over the lower one), in units.

        `own` is what the photograph itself shows there (Y, U, V), and how much of it can be seen.
        """
        u, v, under, over = places
        gap = np.maximum(under + over, 0.02)
        depth = np.minimum(np.maximum(under / gap, 0), 1)
        far = np.minimum(np.abs(u) / form.wide, 1)
        side = 1 + self._side * u
        # Light comes in from the front and above: it is darkest behind the upper teeth and at the corners.
        light = (0.35 + 0.65 * depth) * (1 - 0.6 * far * far) * side
        out: Colours = self._deep + light * ((self._dark - self._deep) * 1.6)
        self._lay_tongue(out, mouth, form, far, depth, gap, side)
        if mouth.lower > 0.02:
            top = self._edge + form.jaw - 0.03 + 0.12 * (1 - mouth.lower)
            self._lay_row(out, self._lower, u, v - top + teeth.EDGE, 0.95, min(mouth.lower * 2.5, 1.0))
        if mouth.upper > 0.02 and self._lips.rest <= 0.08:
            edge = self._edge + 0.09 * (mouth.upper - 0.5)
            # Rounded lips are in front of the teeth, and keep the light from them.
            self._lay_row(out, self._upper, u, v - edge + teeth.TALL - teeth.EDGE, form.light)
        if own is not None:
            colours, share = own
            out += share * (_dimmed(colours - _BLACK, form.light) - out)
        self._lay_tip(out, mouth, form, u, v, side)
        # In the photograph, what there is of shadow is there already.
        shadow = 1 - min((form.moved if self._lips.rest else form.gap) * 4, 1.0) * (
            0.4 * np.exp(-under * (1 / 0.06)) + 0.22 * np.exp(-over * (1 / 0.05))
        )
        out *= shadow
        return out + _BLACK

    def _lay_tongue(
        self, out: Colours, mouth: Mouth, form: Form, far: Values, depth: Values, gap: Values, side: Values
    ) -> None:
        """The tongue lies on the floor of the mouth, and rises."""
        arch = np.maximum(1 - (far * (1 / 0.78)) ** 2, 0)
        arch = 0.6 * arch + 0.4 * np.sqrt(arch)
        crown = 1 - (0.22 + 0.5 * min(mouth.tongue, 1.0)) * arch
        cover = np.clip((depth - crown) * (form.gap * self._unit * 0.4) + 0.3, 0, 1)
        cover *= min(max(form.gap * 6 - 0.4, 0.0), 1.0) * (arch > 0)
        lit = (0.42 + 0.42 * np.clip((depth - crown) * 2.5, 0, 1) * (1 - 0.5 * (1 - mouth.tongue))) * side
        # A line along its middle.
        lit *= 1 - 0.12 * np.exp(-((far * (1 / 0.06)) ** 2))
        out += cover * (lit * self._floor - out)

    def _lay_tip(self, out: Colours, mouth: Mouth, form: Form, u: Values, v: Values, side: Values) -> None:
        """The tip of the tongue against or between the teeth."""
        amount = min(max((mouth.tongue - 0.75) / 0.25, 0.0), 1.0)
        if amount <= 0:
            return
        wide = 0.48 * form.wide
        top = self._edge - 0.04 * amount + 0.12 * (1 - amount)
        x = np.clip(np.abs(u) / wide, 0, 1)
        crown = top + 0.1 * x * x + 0.25 * np.clip(x - 0.8, 0, 1)
        soft = self._unit / 2.5
        cover = np.clip((v - crown) * soft + 0.5, 0, 1) * np.clip((1 - x) * wide * soft, 0, 1) * amount
        below = np.clip((v - crown) * (1 / 0.28), 0, 1)
        lit = (1.28 - 0.25 * below - 0.25 * x * x - 0.2 * np.exp(-(((v - crown) * (1 / 0.03)) ** 2))) * side
        out += cover * (lit * self._tongue - out)

    def _lay_row(
        self, out: Colours, row: teeth.Sprite, u: Values, v: Values, light: float, share: float = 1.0
    ) -> None:
        map_x = (u + np.float32(teeth.WIDE)) * np.float32(self._unit) - np.float32(0.5)
        map_y = v * np.float32(self._unit) - np.float32(0.5)
        found = cv2.remap(row, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
        planes = np.ascontiguousarray(found.transpose(2, 0, 1), dtype=np.float32)
        out *= 1 - np.float32(share) * planes[3]
        out += np.float32(share) * _dimmed(planes[:3], light)


def _dimmed(colours: Colours, light: float) -> Colours:
    """In the shadow of lips, which is a warm one."""
    if light > 0.99:
        return colours
    dim: Colours = colours * np.float32(light)
    dim += colours[:1] * _column(0, -0.05 * (1 - light), 0.12 * (1 - light))
    return dim


def _column(luma: float, u: float, v: float) -> Colours:
    """A colour in the shape that planes can be reckoned with."""
    return np.array([luma, u, v], dtype=np.float32)[:, None, None]

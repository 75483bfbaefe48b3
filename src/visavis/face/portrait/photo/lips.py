"""How a photographed mouth changes its form: from its own curves to those of a `Mouth`, and the warp between.

Lengths are in units of the mouth: half of its width. `x` goes along the mouth, -1 at its left corner and 1 at
its right one; heights are positive down, 0 on the line between the corners.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from visavis.face.portrait.photo.marks import Marks, Points
from visavis.face.portrait.pose import Mouth

Values = npt.NDArray[np.float32]
"""One value for each place."""

CHEEK = 0.55
"""How much higher than the skin below the nose the cheeks move."""
BELOW = 1.7
"""How far down a mouth that gets narrower takes the skin along."""
REACH = 2.4
"""How far to the sides a moving mouth takes the cheeks along."""
SAMPLES = 193
"""Of a curve, from -REACH to REACH."""
JAW = 0.6
"""How far the lips part with the jaw wide open."""
PART = 0.25
"""How far they part without the jaw."""
CHIN = 0.72
"""How much of the lower lip's way the chin goes."""
EDGE = 0.036
"""How far an open mouth in a photograph reaches into the lips around it."""
NECK = 1.5
"""Down to how far below the chin the throat gives way."""
_X = np.linspace(-REACH, REACH, SAMPLES)
_T = np.abs(_X)
_INSIDE = np.clip(1 - _T, 0, 1)
_BOW = np.clip(1 - _T**2.2, 0, 1) ** 0.62
_SMILE_BOW = np.clip(1 - _T**2.0, 0, 1) ** 0.9
_ROUND_BOW = np.clip(1 - _T**2.0, 0, 1) ** 0.5
_SIDE = np.where(_T < 1, 1.0, np.cos(np.clip((_T - 1) / (REACH - 1), 0, 1) * (np.pi / 2)) ** 2)
"""1 at the mouth, 0 where its reach ends."""
_JAW = np.cos(np.clip(_T / REACH, 0, 1) * (np.pi / 2)) ** 2


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A mouth's curves as rows of a table over `x`, and what belongs to them."""

    edges: npt.NDArray[np.float32]
    """1 x SAMPLES x 4: upper lip's outer and inner, lower lip's inner and outer edge."""
    shifts: npt.NDArray[np.float32]
    """1 x SAMPLES x 4: how far each went from where it is in the photograph."""
    chins: npt.NDArray[np.float32]
    """1 x SAMPLES: how far the chin went down."""
    wide: float
    """Half of the width, where the photograph's is 1."""
    moved: float
    """How far the lips' inner edges went, at most."""
    gap: float
    """How far the lips are apart in the middle."""
    jaw: float
    """How far the lower teeth went down."""
    meet: float
    """0 to 1: how much lips that are apart in the photograph are closed here."""
    hidden: float
    """How much of the upper teeth's height is behind the upper lip that can be seen in the photograph."""
    light: float
    """0 to 1: how much light falls on the upper teeth."""


class Lips:
    """The mouth of one photograph."""

    def __init__(self, marks: Marks) -> None:
        self._own = np.stack([_curve(edge) for edge in marks.lips])
        # Lines drawn by hand or found by a program may cross.
        for row in range(1, 4):
            self._own[row] = np.maximum(self._own[row], self._own[row - 1])
        self.rest = float((self._own[2] - self._own[1]).max())
        """How far the lips are apart in the photograph, at most."""
        if self.rest < 0.03:
            middle = (self._own[1] + self._own[2]) / 2
            self._own[1] = self._own[2] = middle
            self.rest = 0.0
        else:
            # Of what lies on the line between a lip and a tooth, nothing is to stick to the lip.
            spare = EDGE * (1 + _X**2) * np.clip(_INSIDE * 8, 0, 1)
            self._own[1] -= spare
            self._own[2] += spare
            self._own[0] = np.minimum(self._own[0], self._own[1])
            self._own[3] = np.maximum(self._own[3], self._own[2])
        self._rest = _table(self._own)
        self.chin = max(marks.chin, float(self._own[3].max()) + 0.3)
        self.base = min(max(0.62 * marks.nose, 0.3), 0.9) + max(-float(self._own[0].min()), 0.0) * 0.5
        """How far above the mouth the skin begins to move."""
        self.above = min(max(1.1 * marks.nose, 0.55), 1.1)
        """How far above the mouth the skin goes along to the sides."""
        self.bend = float((self._own[1] + self._own[2])[SAMPLES // 2] / 2)
        """How far the middle lies below the corners."""
        middle = self._own[:, SAMPLES // 2]
        self.thick = max(float(middle[3] - middle[2] + middle[1] - middle[0]), 0.2)
        """Of both lips."""

    def photographed(self, u: Values, v: Values, soft: Values | np.float32, spare: float) -> tuple[Values, Values]:
        """How much of a place can be seen in the photograph between its lips, 0 to 1, and to their very edge with
        `spare` 1; and how far above that it is, where the upper lip covers it.
        """
        found = _read(self._rest, _index(u))
        upper, lower = found[..., 1], found[..., 2]
        end = lower - EDGE * (1.6 + 3 * u * u) * (1 - spare) + 2 * soft * spare
        seen: Values = np.clip((end - v) / (2 * soft) + 0.5, 0, 1) * (np.abs(u) < 1)
        covered: Values = np.maximum(upper + np.float32(2 * EDGE) - v, 0) * np.float32(1 - spare)
        covered = np.minimum(covered, np.maximum(lower - upper - 4 * EDGE, 0) + covered * 0)
        return seen, covered

    @property
    def table(self) -> npt.NDArray[np.float64]:
        """4 x SAMPLES: the photograph's own curves."""
        return self._own

    def form(self, mouth: Mouth) -> Form:
        """The curves of `mouth`."""
        own = self._own
        press, rounded, tuck = (min(max(v, 0.0), 1.0) for v in (mouth.press, mouth.round, mouth.tuck))
        jaw, part = max(mouth.jaw, 0.0), max(mouth.part, 0.0)
        meet = min(press * 1.2, 1.0)
        closing = self._closing(mouth, meet)
        # Lips that are apart already need not go as far; a smile opens in the middle first.
        less = (1 - meet) * (1 - min(1.8 * self.rest, 0.3))
        down = JAW * jaw * (1 - 0.25 * rounded) * less
        opening = down + PART * part * less
        rise = (0.3 * PART * part + 0.07 * jaw) * (1 - meet) * (1 - 0.6 * rounded) + 0.03 * tuck
        bow = _BOW + self._smiling * (_SMILE_BOW - _BOW)
        bow += rounded * (_ROUND_BOW - bow)
        seam = (own[1] + own[2]) / 2
        upper = own[1] + closing * (seam - own[1]) - rise * bow
        lower = own[2] + closing * (seam - own[2]) + (opening - min(rise, opening)) * bow
        # The lower lip goes up to the edge of the upper teeth and is turned in.
        under = upper + (min(0.15, self.rest) or 0.15) * _BOW
        lower = np.maximum(lower + tuck * (under - lower), upper)
        # Rounded lips are in front of the teeth: less of them shows, in less light.
        hidden = rounded**1.5 * (1 - 0.8 * min(max(mouth.upper, 0.0), 1.0))
        thin_upper, thin_lower = self._thickness(mouth, press, rounded, tuck)
        outer_up = upper - (own[1] - own[0]) * thin_upper
        outer_low = lower + (own[3] - own[2]) * thin_lower
        edges = np.stack((outer_up, upper, lower, outer_low)) + self._line(mouth, rounded)
        middle = SAMPLES // 2
        way = float(lower[middle] - own[2][middle])
        chin = max(CHIN * way if way > 0 else 0.35 * way, 0.85 * CHIN * JAW * jaw * less * (1 - 0.25 * rounded))
        return Form(
            edges=_table(edges),
            shifts=_table(edges - own),
            chins=(chin * _JAW).astype(np.float32)[None],
            wide=self._width(mouth, press, rounded),
            moved=float(np.abs((edges - own)[1:3]).max()),
            gap=float((lower - upper).max()),
            jaw=down,
            meet=closing if self.rest else 0.0,
            light=1 - 0.75 * hidden,
            hidden=0.85 * self.rest * hidden,
        )

    @property
    def _smiling(self) -> float:
        """0 to 1: how much the lips are apart in the photograph."""
        return min(self.rest / 0.15, 1.0)

    def _closing(self, mouth: Mouth, meet: float) -> float:
        """0 to 1: how much of their own distance the lips give up: to meet, to round, and to look serious."""
        closing = meet + (1 - meet) * 0.8 * min(max(mouth.round, 0.0), 1.0) * self._smiling
        return closing + (1 - closing) * 0.8 * min(max(-mouth.smile, 0.0), 1.0) * self._smiling

    def _width(self, mouth: Mouth, press: float, rounded: float) -> float:
        narrow = 0.35 * rounded + 0.04 * press + (0.09 + 0.4 * min(self.rest, 0.2)) * max(mouth.jaw, 0.0)
        return 1 + 0.07 * mouth.spread + 0.05 * max(mouth.smile, 0.0) - narrow

    def _line(self, mouth: Mouth, rounded: float) -> npt.NDArray[np.float64]:
        """How far the line of the mouth goes down: rounding takes the smile out of it, and so does a low jaw."""
        flat = rounded * 0.55 * self.bend
        corner = 0.5 * flat - 0.17 * mouth.smile + (0.05 + 0.5 * min(max(self.bend, 0.0), 0.3)) * mouth.jaw
        line: npt.NDArray[np.float64] = corner * np.where(_T < 1, _T**2, _SIDE) - 0.5 * flat * _INSIDE
        return line

    def _thickness(self, mouth: Mouth, press: float, rounded: float, tuck: float) -> tuple[float, float]:
        """Of the upper and the lower lip, where the photograph's is 1. Thin ones cannot give much."""
        full = min(0.24 / self.thick, 1.6)
        less = 0.06 * max(mouth.spread, 0.0)
        upper = 1 - 0.3 * press * min(full, 1.0) + 0.5 * rounded * full - less
        return upper, 1 - 0.25 * press + 0.45 * rounded * full - 0.5 * tuck - less


def warp(lips: Lips, form: Form, u: Values, v: Values) -> tuple[Values, Values]:
    """Where in the photograph the skin and the lips at (`u`, `v`) come from, less (`u`, `v`) itself."""
    across, above, below, under, over = fields(lips, form, u, v)
    return across, np.where(under < over, above, below)


def fields(lips: Lips, form: Form, u: Values, v: Values) -> tuple[Values, Values, Values, Values, Values]:
    """The same, each of them smooth: the shift to the side; the shifts down of the upper and of the lower half of
    the face; and how far each place is below the upper lip and above the lower one (both positive: between them).
    """
    x = along(lips, form, u, v)
    edges, shifts, chins = _look_up(form, x)
    outer_up, inner_up, inner_low, outer_low = (edges[..., i] for i in range(4))
    # Cheeks go along further up than the skin below the nose.
    side: Values = (np.abs(x) - np.float32(0.5)) * np.float32(1 / 0.6)
    base: Values = np.float32(lips.base) + np.float32(CHEEK) * _smooth(side)
    into = _smooth((v + base) / (outer_up + base))
    # Both lips keep to their own edges: what lies between two edges is stretched evenly.
    lip = _share((v - outer_up) / np.maximum(inner_up - outer_up, 1e-3))
    above = into * (shifts[..., 0] + lip * (shifts[..., 1] - shifts[..., 0]))
    lip = _share((v - inner_low) / np.maximum(outer_low - inner_low, 1e-3))
    below = shifts[..., 2] + lip * (shifts[..., 3] - shifts[..., 2])
    chin = lips.chin + chins
    below += _share((v - outer_low) / np.maximum(chin - outer_low, 0.1)) * (chins - shifts[..., 3])
    below *= 1 - _smooth((v - chin) * np.float32(1 / NECK))
    return x - u, -above, -below, v - inner_up, inner_low - v


def along(lips: Lips, form: Form, u: Values, v: Values) -> Values:
    """Where along the photograph's mouth the places at (`u`, `v`) come from."""
    far = np.abs(u)
    at = np.minimum(far, form.wide) * (1 / form.wide)
    at += np.maximum(far - form.wide, 0) * ((REACH - 1) / (REACH - form.wide))
    height = np.where(v < 0, v * np.float32(1 / lips.above), v * np.float32(1 / BELOW))
    share = np.maximum(1 - height * height, 0)
    share *= share
    x: Values = u + share * np.where(far < REACH, np.copysign(at, u) - u, 0)
    return x


def _look_up(form: Form, x: Values) -> tuple[Values, Values, Values]:
    place = _index(x)
    return _read(form.edges, place), _read(form.shifts, place), _read(form.chins, place)


def _index(x: Values) -> Values:
    """Where in a table `x` is."""
    place: Values = (x + np.float32(REACH)) * np.float32((SAMPLES - 1) / (2 * REACH))
    return place


def _read(table: npt.NDArray[np.float32], place: Values) -> Values:
    found = cv2.remap(table, place, np.zeros_like(place), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.astype(np.float32, copy=False)


def _share(value: Values) -> Values:
    """`value`, 0 to 1, in place; on small arrays a third of what `numpy.clip` takes."""
    np.maximum(value, 0, out=value)
    return np.minimum(value, 1, out=value)


def _smooth(value: Values) -> Values:
    t = _share(value)
    eased: Values = t * t * (3 - 2 * t)
    return eased


def _curve(edge: Points) -> npt.NDArray[np.float64]:
    """Heights over `x` of an edge that is given by a few places; 0 at the corners and beyond."""
    order = np.argsort(edge[:, 0], kind="stable")
    fine = np.interp(_X, edge[order, 0], edge[order, 1], left=0, right=0)
    kernel = np.exp(-(np.linspace(-2, 2, 13) ** 2))
    smooth = np.convolve(np.pad(fine, 6, mode="edge"), kernel / kernel.sum(), mode="valid")
    # Smoothed less where the lips meet, or the corners would come apart.
    return np.where(_T < 1, fine + (smooth - fine) * np.clip(_INSIDE * 6, 0, 1), 0.0)


def _table(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(rows.T, dtype=np.float32)[None]

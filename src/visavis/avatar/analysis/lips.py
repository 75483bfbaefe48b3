"""Where the lips are: a mouth of a few numbers, fitted to what differs from the skin around it.

The face is first turned upright and scaled by its eyes. Lips, teeth and the dark between them are what is redder,
brighter or darker than the skin of cheeks and chin, whose colour may change evenly from side to side. A mouth is
good if what lies in it differs, what lies around it does not, its edge is an edge, and it is a usual mouth.
"""

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from visavis.avatar.analysis import template
from visavis.avatar.analysis.landmarks import Points
from visavis.media.pictures import BGR

Map = npt.NDArray[np.float32]
Grid = npt.NDArray[np.float64]

UNIT = 72
"""Pixels of the eyes' distance in the patch that is looked at."""

LEFT, TOP, WIDTH, HEIGHT = -1.0, 0.45, 2.0, 1.45
"""The patch, in units of the template."""

USUAL = np.array((0.0, 1.03, 0.43, 0.075, 0.13, 0.0, 0.0))
"""Middle x and y, half width, upper and lower height, curve, tilt (radians): in units of the template."""

SPREAD = np.array((0.035, 0.08, 0.06, 0.035, 0.06, 0.07, 0.05))
"""How far mouths lie from it, one standard deviation."""

STARTS = ((1.04, 0.42, 0.08, 0.13, 0.0), (1.0, 0.48, 0.11, 0.2, -0.11), (1.08, 0.4, 0.12, 0.3, 0.0))
"""Where the search begins, each from y to curve: closed, smiling with teeth, open."""

AREA = 0.43 * 0.2
"""Half width times height of a usual mouth."""

ROUNDS, TRIES, KEPT = 22, 260, 26
"""Of the search (cross-entropy method, Rubinstein 1999)."""


STEPS = 24
"""Points from the upper edge of the mouth to the lower one."""

DIP = 2.0
"""How much less red than the lips what is between them is, if they are parted."""


class Lips(NamedTuple):
    """A mouth, in units of the template."""

    outer: Points
    """16 points."""
    inner: Points
    """12 points."""
    clear: float
    """How much it differs from the skin around it: 0 not at all, 1 fully."""


class _Maps(NamedTuple):
    differs: Map
    """0 skin to 1 something else."""
    seam: Map
    """How much darker than above and below: the line between closed lips."""
    light: Map
    """How much lighter than the skin there, in steps of its own variation."""
    red: Map
    """The same of its redness."""


def fit(picture: BGR, eyes: Points) -> Lips:
    """The lips of the face whose eyes are there."""
    maps = _maps(picture, eyes)
    best = max((_search(maps, start) for start in STARTS), key=lambda found: float(_score(maps, found[None])[0]))
    outer = shape(best)
    inner = _inner(maps, outer)
    around, within = _around(best[None]), _within(best[None])
    clear = float(_at(maps.differs, within).mean() - _at(maps.differs, around).mean())
    return Lips(outer, inner, max(clear, 0.0))


def _search(maps: _Maps, start: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """The best mouth near one: its numbers."""
    rng = np.random.default_rng(7)
    mean, spread = USUAL.copy(), SPREAD * 0.8
    mean[1:6] = start
    best, best_score = mean, -np.inf
    for _ in range(ROUNDS):
        tries = mean + spread * rng.standard_normal((TRIES, len(mean)))
        tries[0] = mean
        tries[:, 2:5] = np.clip(tries[:, 2:5], (0.22, 0.015, 0.03), (0.62, 0.2, 0.45))
        scores = _score(maps, tries)
        order = np.argsort(scores)[::-1][:KEPT]
        if scores[order[0]] > best_score:
            best, best_score = tries[order[0]], float(scores[order[0]])
        mean, spread = tries[order].mean(0), tries[order].std(0) + 1e-4
    return best


def shape(numbers: npt.NDArray[np.float64]) -> Points:
    """The outline of the mouth that these numbers stand for."""
    x, y, half, upper, lower, curve, tilt = numbers
    flat = template.lips(np.zeros(2), half, upper, lower, curve)
    turn = np.array(((np.cos(tilt), -np.sin(tilt)), (np.sin(tilt), np.cos(tilt))))
    return np.asarray(flat @ turn.T + (x, y))


def _maps(picture: BGR, eyes: Points) -> _Maps:
    size = round(WIDTH * UNIT), round(HEIGHT * UNIT)
    to_picture = template.similarity(eyes)
    # From a pixel of the patch to a point of the template to a pixel of the picture.
    to_unit = np.array(((1 / UNIT, 0, LEFT + 0.5 / UNIT), (0, 1 / UNIT, TOP + 0.5 / UNIT), (0, 0, 1)))
    matrix = to_picture @ to_unit
    matrix[:, 2] -= 0.5
    # Scaled down, a pixel stands for several.
    finer = max(np.hypot(*(eyes[1] - eyes[0])) / UNIT, 1.0)
    source = cv2.GaussianBlur(picture, (0, 0), 0.45 * finer) if finer > 1.3 else picture
    patch = cv2.warpAffine(
        source, matrix, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    lab = cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    smooth: Map = cv2.GaussianBlur(lab, (0, 0), UNIT * 0.012).astype(np.float32, copy=False)
    x, y = np.meshgrid(LEFT + (np.arange(size[0]) + 0.5) / UNIT, TOP + (np.arange(size[1]) + 0.5) / UNIT)
    light, red = (_beside_skin(smooth[:, :, channel], x, y, least) for channel, least in ((0, 4.0), (1, 1.6)))
    differs = np.tanh(np.clip(0.42 * red, -0.25 * red - 0.1, None) + 0.16 * np.abs(light)).astype(np.float32)
    line = cv2.blur(smooth[:, :, 0], (round(UNIT * 0.12) | 1, 1))
    reach = round(UNIT * 0.06)
    above, below = np.roll(line, reach, 0), np.roll(line, -reach, 0)
    seam = np.clip(np.minimum(above, below) - line, 0, 12) / 12
    return _Maps(differs, seam.astype(np.float32), light, red)


def _beside_skin(channel: Map, x: Grid, y: Grid, least: float) -> Map:
    """How far each pixel is from the skin's evenly changing value, in units of the skin's own variation."""
    skin = (((x / 0.62) ** 2 + ((y - 1.08) / 0.36) ** 2) > 1) & (np.abs(x) < 0.78 - 0.25 * np.clip(y - 1.1, 0, 1))
    skin &= (y > 0.62) & (y < 1.58) & ~((np.abs(x) < 0.3) & (y < 0.9))
    terms = np.stack([np.ones_like(x), x, y, x * x], axis=-1)
    sample, values = terms[skin], channel[skin]
    weight = np.ones(len(values))
    for _ in range(4):
        factor = np.linalg.lstsq(sample * weight[:, None], values * weight, rcond=None)[0]
        off = np.abs(values - sample @ factor)
        scale = max(1.4826 * float(np.median(off)), 1e-3)
        weight = 1 / (1 + (off / (1.5 * scale)) ** 2)
    beside: Map = ((channel - terms @ factor) / max(scale, least)).astype(np.float32)
    return beside


_ACROSS = np.linspace(-0.94, 0.94, 15)
_ARCH = template.arch(_ACROSS)
_BELOW = 1 - np.abs(_ACROSS) ** 2.2


def _edges(tries: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], ...]:
    """For each try, points across it: x, the middle line, the upper and the lower height, before tilting."""
    half, upper, lower, curve = (tries[:, i : i + 1] for i in (2, 3, 4, 5))
    return half * _ACROSS, curve * _ACROSS**2 + 0 * half, upper * _ARCH, lower * _BELOW


def _placed(tries: npt.NDArray[np.float64], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> Points:
    tilt = tries[:, 6:7]
    return np.stack([tries[:, 0:1] + x - tilt * y, tries[:, 1:2] + y + tilt * x], axis=-1)


def _within(tries: npt.NDArray[np.float64]) -> Points:
    x, line, upper, lower = _edges(tries)
    rows = (
        [line - upper * part for part in (0.85, 0.5)] + [line] + [line + lower * part for part in (0.3, 0.6, 0.85)]
    )
    return np.stack([_placed(tries, x, row) for row in rows], axis=1)


def _around(tries: npt.NDArray[np.float64]) -> Points:
    x, line, upper, lower = _edges(tries)
    rows = [line - upper - off for off in (0.03, 0.07)] + [line + lower + off for off in (0.035, 0.08)]
    return np.stack([_placed(tries, x, row) for row in rows], axis=1)


def _at(values: Map, points: Points) -> npt.NDArray[np.float32]:
    column = np.clip(((points[..., 0] - LEFT) * UNIT).astype(np.int32), 0, values.shape[1] - 1)
    row = np.clip(((points[..., 1] - TOP) * UNIT).astype(np.int32), 0, values.shape[0] - 1)
    return np.asarray(values[row, column])


def _score(maps: _Maps, tries: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    within, around = _at(maps.differs, _within(tries)), _at(maps.differs, _around(tries))
    # All that differs belongs to it, and nothing else.
    area = tries[:, 2] * (tries[:, 3] + tries[:, 4]) / AREA
    contrast = 0.7 * area**0.5 * (within.mean((1, 2)) - 0.38) - (around.mean((1, 2)) - 0.1)
    # Just inside against just outside, each edge by itself: a mouth that is too small has no edge there.
    upper = (within[:, 0] - around[:, 0]).mean(1)
    lower = (within[:, -1] - around[:, 2]).mean(1)
    # Light comes from above: an upper lip is darker than the skin, below a lower lip lies its shadow.
    shade = _at(maps.light, _around(tries)) - _at(maps.light, _within(tries))[:, (0, 0, -1, -1)]
    shaded = np.tanh(shade[:, 0].mean(1) / 3) - np.tanh(shade[:, 2].mean(1) / 3)
    x, line, _, _ = _edges(tries)
    seam = _at(maps.seam, _placed(tries, x, line)).mean(1)
    ends = np.concatenate([-tries[:, 2:3], tries[:, 2:3]], axis=1)
    curve = tries[:, 5:6]
    inner = _at(maps.differs, _placed(tries, ends * 0.93, curve * 0.87)).mean(1)
    outer = _at(maps.differs, _placed(tries, ends * 1.1, curve * 1.2)).mean(1)
    unusual = (((tries - USUAL) / SPREAD) ** 2).sum(1)
    edges = 0.8 * upper + 0.8 * lower + 0.4 * (inner - outer)
    return np.asarray(contrast + edges + 0.55 * seam + 0.2 * shaded - 0.018 * unusual)


def _inner(maps: _Maps, outer: Points) -> Points:
    """The inside of the mouth: teeth and the dark, or the line where the lips meet."""
    steps = np.linspace(0, 1, STEPS)
    above = np.stack([np.interp(np.linspace(0, 8, 7), np.arange(9), outer[:9, axis]) for axis in (0, 1)], axis=1)
    under = np.concatenate([outer[8:], outer[:1]])[::-1]
    below = np.stack([np.interp(np.linspace(0, 8, 7), np.arange(9), under[:, axis]) for axis in (0, 1)], axis=1)
    columns = above[:, None] + (below - above)[:, None] * steps[None, :, None]
    light, red, seam = (_at(each, columns) for each in (maps.light, maps.red, maps.seam))
    lip = red - 0.7 * np.clip(-light - 5, 0, None)
    usual = template.UPPER / (template.UPPER + template.LOWER)
    top, bottom, parted = np.full(7, np.nan), np.full(7, np.nan), np.zeros(7, np.bool_)
    for each in range(1, 6):
        # Teeth and the dark are a dip between the two lips, which are the reddest above and below it.
        first = int(np.argmax(lip[each, : STEPS // 2]))
        last = STEPS // 2 + int(np.argmax(lip[each, STEPS // 2 :]))
        depth = float(min(lip[each, first], lip[each, last]) - lip[each, first : last + 1].min())
        gap = np.flatnonzero(lip[each, first : last + 1] < lip[each, first : last + 1].min() + 0.5 * depth)
        if depth > DIP and gap[-1] - gap[0] > 0.16 * STEPS:
            parted[each] = True
            top[each], bottom[each] = steps[first + gap[0]], steps[first + gap[-1]]
    closed = parted.sum() < 3
    if not closed:
        seen = np.flatnonzero(parted)
        top, bottom = (np.interp(np.arange(7), seen, side[seen]) for side in (top, bottom))
    else:
        # The darkest line, not far from where it usually is.
        meet = steps[np.argmax(seam - 1.5 * np.abs(steps - usual), axis=1)]
        top = bottom = 0.5 * (meet + usual)
    if closed:
        top = bottom = np.full(7, np.median(top[1:-1]))
    top, bottom = (np.convolve(np.pad(side, 1, "edge"), (0.25, 0.5, 0.25), "valid") for side in (top, bottom))
    up, down = above + (below - above) * top[:, None], above + (below - above) * bottom[:, None]
    inward = 0.03 * (outer[8] - outer[0])
    up[0], up[-1] = outer[0] + inward, outer[8] - inward
    return np.concatenate([up, down[1:-1][::-1]])

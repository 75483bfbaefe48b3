"""What is found out about a film: how lips and sound stand to each other, and how the mouth rests."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.cli.bench.film_mouth import AT_REST
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE, from_seconds

Floats: TypeAlias = npt.NDArray[np.float64]

FARTHEST = 0.25
"""Seconds by which lips and sound are looked for apart, in both directions."""
STEP = 0.005
"""Seconds from one shift that is tried to the next; between them a parabola says where the best is."""
GRID = 0.01
"""Seconds from one value of what is expected to the next."""

QUIET = 100
"""Samples up to this are silence: -50 dBFS."""
BLOCK = from_seconds(0.005)
PAUSE = 0.4
"""Seconds of silence from which the mouth has to rest in it."""
CLOSING = 0.12
"""Seconds that a mouth may take to close, and to open."""

NEIGHBOURS = 4
"""Pictures on each side of a hand-over whose sharpness is compared."""

TONE = 1000
"""Hz of the mock face's beep."""
BEEP = from_seconds(0.04)
CLEAR = 0.5
"""The share of the loudest beep from which something is one."""


@dataclass(slots=True)
class Gauged:
    """A film's pictures as numbers, one of each for each picture."""

    starts: list[float] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)
    """Of the mouth from the mouth at rest, grey levels."""
    sharpness: list[float] = field(default_factory=list)
    """Of the cheeks."""

    def between(self, start: float, stop: float) -> list[int]:
        """The pictures that are shown from `start` to `stop`, and at no other time."""
        return [
            place
            for place, (shown, gone) in enumerate(zip(self.starts, self.stops, strict=True))
            if shown >= start and gone <= stop
        ]


def offset(film: Gauged, start: float, expected: Floats) -> tuple[float, float]:
    """How much later the sound is than the lips, ms, and how well the two fit then: Pearson's r.

    `expected`: how far the mouth should be open each `GRID` of the sound, from `start` seconds of the film on.
    """
    middles = (np.array(film.starts) + np.array(film.stops)) / 2
    times = start + np.arange(len(expected)) * GRID
    near = (middles >= times[0] - FARTHEST) & (middles <= times[-1] + FARTHEST)
    seen, shown = middles[near], np.array(film.distances)[near]
    shifts = np.arange(-round(FARTHEST / STEP), round(FARTHEST / STEP) + 1) * STEP
    if len(seen) < 3 or shown.std() == 0 or expected.std() == 0:
        return 0.0, 0.0
    fits = np.array([_r(np.interp(seen + shift, times, expected, 0, 0), shown) for shift in shifts])
    best = int(fits.argmax())
    shift = float(shifts[best])
    if 0 < best < len(fits) - 1:
        before, at, after = fits[best - 1 : best + 2]
        if (bend := before - 2 * at + after) < 0:
            shift += STEP * float((before - after) / (2 * bend))
    return shift * 1000, float(fits[best])


def silences(pcm: Samples, shortest: float) -> list[tuple[float, float]]:
    """Where nothing is heard for at least `shortest` seconds: (start, stop) in seconds; 48 kHz."""
    loud = np.abs(pcm[: len(pcm) // BLOCK * BLOCK].astype(np.int32)).reshape(-1, BLOCK).max(axis=1) > QUIET
    edges = np.flatnonzero(np.diff(np.concatenate(([1], loud.astype(np.int8), [1]))))
    spans = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    unit = BLOCK / SAMPLE_RATE
    return [(start * unit, stop * unit) for start, stop in spans if (stop - start) * unit >= shortest]


def closing(film: Gauged, silence: tuple[float, float], *, last: bool) -> float:
    """Seconds from the beginning of a silence until the last picture is gone whose mouth is not at rest yet.

    Where somebody speaks again (not `last`), the pictures in which the mouth may open for that are left out.
    """
    start, stop = silence
    moving = [
        gone
        for shown, gone, distance in zip(film.starts, film.stops, film.distances, strict=True)
        if gone > start and shown < (stop if last else stop - CLOSING) and distance > AT_REST
    ]
    return max(max(moving, default=start) - start, 0.0)


def restless(film: Gauged, silence: tuple[float, float]) -> tuple[int, int]:
    """Of the pictures inside a silence: with a mouth that is not at rest, and all."""
    inside = film.between(silence[0] + CLOSING, silence[1] - CLOSING)
    return sum(film.distances[place] > AT_REST for place in inside), len(inside)


def hand_over(film: Gauged, silence: tuple[float, float]) -> int | None:
    """The first picture of a silence with the mouth at rest; None if there is none."""
    return next(
        (
            place
            for place, (shown, distance) in enumerate(zip(film.starts, film.distances, strict=True))
            if shown >= silence[0] and distance <= AT_REST
        ),
        None,
    )


def change(film: Gauged, at: int) -> float | None:
    """How many times sharper, or less sharp, the cheeks are from picture `at` on than before: at least 1.

    None where there are not enough pictures on both sides.
    """
    if at < NEIGHBOURS or at + NEIGHBOURS > len(film.starts):
        return None
    before = float(np.median(film.sharpness[at - NEIGHBOURS : at]))
    after = float(np.median(film.sharpness[at : at + NEIGHBOURS]))
    return max(before, after) / max(min(before, after), 1e-6)


def beeps(pcm: Samples) -> list[int]:
    """The samples at which the mock face's beeps begin; 48 kHz."""
    if len(pcm) < BEEP:
        return []
    turning = np.exp(-2j * np.pi * TONE / SAMPLE_RATE * np.arange(len(pcm)))
    sums = np.concatenate(([0], np.cumsum(pcm * turning)))
    strength = np.abs(sums[BEEP:] - sums[: len(sums) - BEEP])
    found = []
    above = strength >= CLEAR * strength.max(initial=1.0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], above.astype(np.int8), [0]))))
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        found.append(start + int(strength[start:stop].argmax()))
    return found


def apart(ones: Sequence[float], others: Sequence[float], within: float) -> list[float]:
    """For each of `ones` how much later the nearest of `others` is, if it is not farther than `within`."""
    nearest = [min((other - one for other in others), key=abs, default=within + 1) for one in ones]
    return [found for found in nearest if abs(found) <= within]


def _r(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one, other)[0, 1]) if one.std() > 0 else -1.0

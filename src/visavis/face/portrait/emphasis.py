"""Emphasis: what the strength of a voice does to a face, besides its phonemes.

Speakers raise their brows at words they stress, not at each of them (Graf, Cosatto, Strom and Huang, "Visual
prosody: facial movements accompanying speech", 2002), and open the mouth a little further when they are loud.
"""

import math

import numpy as np

from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE, from_seconds

WINDOW = from_seconds(0.080)
"""The stretch of sound around a time that tells how loud it is there. Media time."""
QUIET = 150.0
"""RMS below which a voice counts as silent: -47 dB of full scale."""
USUAL = 1.2
"""Seconds over which the voice's usual level is taken."""
SETTLED = from_seconds(0.3)
"""How much voice is needed to know it. Media time."""
STRESSED = 1.45
"""How much louder than usual a stressed syllable is, at least: 3 dB."""
STRONGEST = 0.45
"""How far the brows are raised at most, of what they can."""
APART = from_seconds(1.7)
"""From one raise of the brows to the next, at least. Media time."""
RISE = from_seconds(0.12)
HOLD = from_seconds(0.26)
"""When they begin to sink again. Media time since the rise began."""
FALL = from_seconds(0.45)


class Emphasis:
    """Follows one voice, picture by picture."""

    def __init__(self) -> None:
        self._usual = 0.0
        self._voiced = 0
        self._last = 0
        self._struck: int | None = None
        self._height = 0.0

    def at(self, time: int, sound: Samples) -> tuple[float, float]:
        """How far the brows are raised at media time `time`, 0 to 1, and how much of its opening the mouth takes.

        `sound` is the `WINDOW` around it, at 48 kHz; to be called with rising times.
        """
        step, self._last = time - self._last, time
        level = math.sqrt(float(np.mean(np.square(sound, dtype=np.float64)))) if len(sound) else 0.0
        opening = 1.0
        if level > QUIET:
            self._voiced += step
            share = max(1 - math.exp(-step / (USUAL * SAMPLE_RATE)), step / max(self._voiced, 1))
            self._usual += (level - self._usual) * share
            ratio = level / self._usual
            opening = min(max(0.8 + 0.2 * ratio, 0.84), 1.1)
            free = self._struck is None or time - self._struck > APART
            if free and ratio > STRESSED and self._voiced > SETTLED:
                self._struck = time
                self._height = min(0.25 + 0.5 * (ratio - STRESSED), STRONGEST)
        return self._raised(time), opening

    def _raised(self, time: int) -> float:
        if self._struck is None:
            return 0.0
        since = time - self._struck
        if since < HOLD:
            return self._height * _eased(since / RISE)
        return self._height * (1 - _eased((since - HOLD) / FALL))


def _eased(way: float) -> float:
    way = min(max(way, 0.0), 1.0)
    return way * way * (3 - 2 * way)

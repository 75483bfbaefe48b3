"""The mouth of speech whose phonemes nobody knows: from loudness and brightness alone.

Loudness opens the jaw; hiss (many zero crossings) shows the teeth; a dark sound rounds the lips.
"""

import math

import numpy as np

from visavis.face.portrait.pose import REST, Mouth
from visavis.media.samples import Samples
from visavis.media.timeline import from_seconds

WINDOW = from_seconds(0.040)
"""The stretch of sound that one mouth is taken from. Media time."""
QUIET = 150.0
"""RMS below which a voice counts as silent: -47 dB of full scale."""
FLOOR = 900.0
"""The quietest level that is taken as somebody's full voice."""
FORGET = 0.995
"""How much of the loudest level is remembered from picture to picture: 5 s at 25 a second."""


class Loudness:
    """Listens to one stream of speech, picture by picture."""

    def __init__(self) -> None:
        self._loudest = FLOOR
        self._last = REST

    def mouth(self, window: Samples) -> Mouth:
        """The mouth for the next picture; `window` is the sound around it, 48 kHz."""
        target = self._target(window)
        opening = target.jaw + target.part > self._last.jaw + self._last.part
        mouth = self._last.mixed(target, 0.75 if opening else 0.6)
        self._last = REST if target == REST and max(mouth.jaw, mouth.part) < 0.12 else mouth
        return self._last

    def _target(self, window: Samples) -> Mouth:
        sound = window.astype(np.float64)
        level = math.sqrt(float(np.mean(sound * sound))) if len(sound) else 0.0
        self._loudest = max(self._loudest * FORGET, level, FLOOR)
        if level < QUIET:
            return REST
        loud = min(level / (0.7 * self._loudest), 1.0) ** 0.7
        crossings = float(np.mean(np.signbit(sound[1:]) != np.signbit(sound[:-1]))) * 48_000
        steepness = math.sqrt(float(np.mean(np.diff(sound) ** 2))) / level
        hiss = min(max((crossings - 3500) / 3500, 0.0), 1.0)
        bright = min(max((steepness - 0.06) / 0.16, 0.0), 1.0)
        voiced = loud * (1 - hiss)
        return Mouth(
            jaw=voiced * (0.35 + 0.4 * bright) + 0.04 * hiss,
            part=0.3 * voiced + 0.5 * hiss,
            spread=0.55 * bright * (1 - hiss) + 0.4 * hiss,
            round=voiced * max(0.75 - 2.0 * bright, 0.0),
            upper=min(0.45 + 0.5 * bright + hiss, 1.0),
            lower=0.7 * hiss,
            tongue=0.25 * voiced,
        )


def stillness(window: Samples) -> float:
    """How sure it is that nobody speaks in `window`: 0 (at least half of it sounds) to 1 (none of it does)."""
    if not len(window):
        return 0.0
    blocks = np.abs(window[: len(window) // 48 * 48].reshape(-1, 48).astype(np.int32)).max(axis=1)
    silent = float(np.mean(blocks < QUIET)) if len(blocks) else 0.0
    return min(max(silent * 2 - 1, 0.0), 1.0)

"""`Reading`: the mouth of speech whose phonemes nobody knows, from the visemes that its sound suggests."""

import numpy as np

from visavis.face.portrait.pose import REST, Mouth
from visavis.face.portrait.track import touched
from visavis.face.portrait.visemes import CONTACTS, VISEMES
from visavis.lipsync import Reader
from visavis.media.samples import Samples
from visavis.speech_text import visemes

TOGETHER = (0.4, 0.65)
"""How sure it must be of a viseme whose lips meet that they begin to, and that they do."""
SILENT = 0.9
"""How sure it must be that nobody speaks for a mouth at rest."""
EASE = 0.3
"""How much of the mouth before stays in the next picture's: what is read from sound flickers."""

_TARGETS = np.array([VISEMES[name].mouth.weights() for name in visemes.VISEMES])
_FIRMNESS = np.array([VISEMES[name].firmness() for name in visemes.VISEMES])
_PLACE = {name: visemes.VISEMES.index(name) for name in (*CONTACTS, "sil")}


class Reading:
    """Reads one stretch of sound, which begins at media time `start` of the utterance."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._reader = Reader()
        self._last = REST.weights()

    def push(self, pcm: Samples) -> None:
        """Take the next sound, 48 kHz."""
        self._reader.push(pcm)

    def end(self) -> None:
        """That was all."""
        self._reader.end()

    def mouth(self, time: int) -> Mouth:
        """The mouth at media time `time`; to be called with rising times."""
        weights = self._reader.at(time - self._start).astype(np.float64)
        if weights[_PLACE["sil"]] >= SILENT:
            self._last *= EASE
        else:
            pull = weights[:, None] * _FIRMNESS
            target = (pull * _TARGETS).sum(axis=0) / np.maximum(pull.sum(axis=0), 1e-9)
            self._last += (target - self._last) * (1 - EASE)
            low, high = TOGETHER
            for name in CONTACTS:
                sure = (float(weights[_PLACE[name]]) - low) / (high - low)
                self._last = touched(self._last, name, min(max(sure, 0.0), 1.0))
        mouth = Mouth.of(self._last)
        return REST if mouth.at_rest else mouth

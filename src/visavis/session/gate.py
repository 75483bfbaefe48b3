"""Gates: what counts as speech, a tenth of a second at a time."""

from typing import Protocol

import numpy as np

from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import HEARD_RATE
from visavis.session.turn_taking import ONSET
from visavis.vad import SpeechDetector

FRAME = HEARD_RATE // 10
"""Samples at 16 kHz that are judged at a time (contract kiosk 1.5)."""


class Gate(Protocol):
    """One gate with its state, for one stream of sound."""

    def speech(self, frame: Samples) -> bool:
        """Whether there is speech in the next `FRAME` samples, int16 mono at 16 kHz."""


class LevelGate:
    """Loud is speech: root mean square of at least `threshold` (contract kiosk 1.5)."""

    def __init__(self, threshold: int) -> None:
        self._threshold = threshold

    def speech(self, frame: Samples) -> bool:
        """See `Gate`."""
        return float(np.sqrt(np.mean(np.square(frame, dtype=np.float32)))) >= self._threshold


class VoiceGate:
    """A voice activity detector decides."""

    def __init__(self, detector: SpeechDetector) -> None:
        self._detector = detector
        self._left = EMPTY

    def speech(self, frame: Samples) -> bool:
        """See `Gate`."""
        pcm = np.concatenate([self._left, frame])
        window = self._detector.window
        whole = len(pcm) // window * window
        self._left = pcm[whole:]
        # No shortcut: the detector has to hear all of it.
        found = [self._detector.probability(pcm[start : start + window]) for start in range(0, whole, window)]
        return max(found, default=0.0) >= ONSET

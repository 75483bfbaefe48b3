"""Voice activity: sound → the probability that somebody speaks. The contract."""

from typing import Protocol

from visavis.media.samples import Samples
from visavis.registry import Provider


class SpeechDetector(Protocol):
    """One detector with its state, for one stream of sound."""

    window: int
    """Samples at 16 kHz that `probability` takes at a time."""

    def probability(self, pcm: Samples) -> float:
        """0 to 1 for `window` samples of int16 mono at 16 kHz; calls are consecutive."""

    def reset(self) -> None:
        """Forget what was heard."""


class DetectorProvider(Provider, Protocol):
    """Entry-point group `visavis.vad`."""

    def detector(self) -> SpeechDetector:
        """A fresh detector."""

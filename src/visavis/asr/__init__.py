"""Recognisers: sound → transcripts. The contract."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from visavis.media.samples import Samples
from visavis.registry import Provider

SAMPLE_RATE = 16_000
"""Hz of the sound a recogniser is given."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was heard, so far or for good."""

    text: str
    final: bool
    start: int
    """Media time (48 kHz) of the first sample it covers."""
    end: int
    """Media time just after the last."""


class Recognizer(Protocol):
    """One recogniser, used by one utterance at a time."""

    def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """Recognise one utterance: int16 mono pieces at 16 kHz in, any number of partials and one final out.

        Raises `StageFailed("asr", …)` or `UpstreamFailed("asr", …)`.
        """


class RecognizerProvider(Provider, Protocol):
    """Entry-point group `visavis.asr`."""

    def recognizer(self, language: str, model: str = "") -> Recognizer:
        """A recogniser for `language` (BCP 47)."""

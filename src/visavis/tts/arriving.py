"""Sound that arrives encoded, while its service is still making it → `Speech`."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from visavis.media.samples import EMPTY, Samples, from_bytes
from visavis.tts import Mark, Speech
from visavis.tts.silence import Trim

PIECE = 0.1
"""Seconds of sound in one `Speech`, at most."""

AT_ONCE = 4096
"""Bytes that are decoded before others get their turn: a second of thin MP3, which takes 3 ms."""

NEAR = 60
"""Characters that a word may be ahead of the one before it, and still be taken for the one in the text."""


class SoundSource(Protocol):
    """What makes samples of bytes: `Mp3Stream`, `RawSound`."""

    @property
    def sample_rate(self) -> int:
        """Hz; 0 until it is known."""

    def push(self, data: bytes) -> Samples:
        """Take the next bytes; give the sound that is complete with them. Raises `ValueError`."""

    def finish(self) -> Samples:
        """It was all; give the rest. Raises `ValueError` if there was no sound."""


class RawSound:
    """s16le mono sound without a header."""

    def __init__(self, sample_rate: int) -> None:
        self.sample_rate = sample_rate
        self._rest = b""

    def push(self, data: bytes) -> Samples:
        """See `SoundSource`."""
        data = self._rest + data
        self._rest = data[len(data) & ~1 :]
        return from_bytes(data)

    def finish(self) -> Samples:
        """See `SoundSource`. It may end anywhere."""
        return EMPTY


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word, as a service reports it."""

    start: float
    """Seconds since the first sample of the sound."""
    text: str


class ArrivingSound:
    """One sentence without the silence around it, in pieces of at most 0.1 s, with its words as marks."""

    def __init__(self, source: SoundSource, text: str) -> None:
        """`text` is where the words are looked for."""
        self._source = source
        self._text = text
        self._place = 0
        self._latest = 0
        self._trim: Trim | None = None
        self._words: list[SpokenWord] = []
        self.heard = False
        """Whether any sound has come, silence included."""

    def word(self, word: SpokenWord) -> None:
        """Take a word, in the order of the text; it may come before its sound or after it."""
        if word.text:
            self._words.append(word)

    async def push(self, data: bytes) -> AsyncIterator[Speech]:
        """Take bytes as they come; give what can be heard for certain. Raises `ValueError`."""
        for start in range(0, max(1, len(data)), AT_ONCE):
            if start:
                await asyncio.sleep(0)
            for speech in self._trimmed(self._source.push(data[start : start + AT_ONCE])):
                yield speech

    def finish(self) -> Iterator[Speech]:
        """All has come; give what it ends with but for the last silence. Raises `ValueError`."""
        return self._trimmed(self._source.finish())

    def flush(self) -> Iterator[Speech]:
        """Give the rest, whether all has come or not."""
        if self._trim is not None:
            yield from self._trimmed(EMPTY)
            if last := self._trim.flush():
                yield replace(last, marked=False)

    def _trimmed(self, pcm: Samples) -> Iterator[Speech]:
        rate = self._source.sample_rate
        if not rate or (self._trim is None and not len(pcm)):
            return
        self.heard = True
        self._trim = self._trim or Trim(rate)
        step = round(PIECE * rate)
        marks = self._marks(rate)
        for start in range(0, max(1, len(pcm)), step):
            # `Trim` is made for voices that know their phonemes; these know words at most.
            if speech := self._trim.push(pcm[start : start + step], marks):
                yield replace(speech, marked=False)
            marks = []

    def _marks(self, rate: int) -> Sequence[Mark]:
        words, self._words = self._words, []
        marks = []
        for word in words:
            self._latest = max(self._latest, round(word.start * rate))
            marks.append(Mark("word", self._latest, word.text, self._offset(word.text)))
        return marks

    def _offset(self, word: str) -> int:
        found = self._text.find(word, self._place, self._place + len(word) + NEAR)
        if found >= 0:
            self._place = found + len(word)
        return found

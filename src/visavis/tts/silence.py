"""Cuts the silence a voice begins with, so that it answers at once, and shortens the one it ends with."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from visavis.media.samples import EMPTY, Samples
from visavis.tts import Mark, Speech

LEAD = 0.005
"""Seconds kept before the first sound, so that no attack is cut."""

TAIL = 0.25
"""Seconds of silence kept at the end of a sentence: a natural pause."""

THRESHOLD = 200
"""Samples up to this are silence (int16, -44 dB of full scale): above the breath of recorded voices (121)."""


class Trim:
    """Trims one sentence of a marked voice, piece by piece. Silence inside the sentence stays.

    Marks are given with their times in the untrimmed sound and leave with their times in the trimmed one.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._held = EMPTY
        self._marks: list[Mark] = []
        self._started = False
        self._cut = 0
        self._sent = 0

    def push(self, pcm: Samples, marks: Sequence[Mark] = ()) -> Speech | None:
        """Take the next piece with its marks, return what can be heard for certain."""
        self._marks += marks
        self._held = np.concatenate((self._held, pcm))
        sounds = np.flatnonzero(np.abs(self._held.astype(np.int32)) > THRESHOLD)
        if not self._started:
            first = int(sounds[0]) if len(sounds) else len(self._held)
            silent = max(0, first - round(LEAD * self._rate))
            self._held = self._held[silent:]
            self._cut += silent
            sounds = sounds - silent
            self._started = bool(len(sounds))
        return self._send(int(sounds[-1]) + 1) if len(sounds) else None

    def flush(self) -> Speech | None:
        """Return the end: at most `TAIL` of silence, with the marks in it."""
        if not self._started:
            return None
        last = self._send(min(len(self._held), round(TAIL * self._rate)))
        self._marks.clear()
        return last

    def _send(self, count: int) -> Speech | None:
        pcm, self._held = self._held[:count], self._held[count:]
        begin, self._sent = self._sent, self._sent + count
        if not count:
            return None
        ready = [mark for mark in self._marks if mark.start - self._cut < self._sent]
        self._marks = self._marks[len(ready) :]
        return Speech(pcm, self._rate, tuple(self._shifted(mark, begin) for mark in ready), marked=True)

    def _shifted(self, mark: Mark, begin: int) -> Mark:
        return replace(mark, start=max(begin, mark.start - self._cut))

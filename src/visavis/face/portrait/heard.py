"""`Heard`: one utterance as far as it was read, and what a face does with it at any time."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import numpy as np

from visavis.errors import StageFailed
from visavis.face.portrait.emphasis import QUIET, WINDOW, Emphasis
from visavis.face.portrait.expression import Expressions, Feeling
from visavis.face.portrait.pose import PLAIN, REST, Look, Mouth
from visavis.face.portrait.reading import Reading
from visavis.face.portrait.track import AHEAD, BEHIND, Track
from visavis.lipsync import Reader
from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import SAMPLE_RATE, from_seconds
from visavis.tts import Speech

LOOK_AHEAD = max(AHEAD, Reader.LOOK_AHEAD, WINDOW // 2)
"""How much speech must be there beyond a time to know the face at that time. Media time."""
KEPT = from_seconds(0.2)
"""How much of the past a face may depend on, and more."""
WIDER = 0.25
"""How far the lids go up with brows that are fully raised."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Speech from one voice: its phonemes are known, or read from its sound."""

    start: int
    reading: Reading | None


class Heard:
    """The speech of one utterance, read as far as need be."""

    def __init__(self, speech: AsyncIterator[Speech], feeling: Feeling) -> None:
        """`feeling`: what shows as it begins."""
        self._speech = speech
        self._pcm: Samples = EMPTY
        self._start = 0
        self._ended = False
        self._track = Track()
        self._stretches: deque[_Stretch] = deque()
        self._emphasis = Emphasis()
        self._expressions = Expressions(feeling)

    @property
    def _end(self) -> int:
        return self._start + len(self._pcm)

    async def until(self, time: int) -> None:
        """Read on until the speech up to media time `time` is there, or all there is."""
        while not self._ended and self._end < time:
            piece = await anext(self._speech, None)
            if piece is None:
                self._ended = True
                self._close_stretch()
                return
            if piece.sample_rate != SAMPLE_RATE:
                raise StageFailed("face", f"a face needs speech at {SAMPLE_RATE} Hz, not {piece.sample_rate}")
            self._take(piece)

    def between(self, start: int, stop: int) -> Samples:
        """The sound from `start` to `stop`, as much of it as was read and is kept."""
        return self._pcm[max(start - self._start, 0) : max(stop - self._start, 0)]

    def forget(self, time: int) -> None:
        """Let go of what nobody looks back at from `time` on."""
        old = time - KEPT - self._start
        if old > KEPT:
            self._pcm = self._pcm[old:]
            self._start += old

    def at(self, time: int) -> tuple[Look, Feeling]:
        """What speech moves at media time `time`, and what shows besides; to be called with rising times."""
        feeling = self._expressions.at(time)
        brow, opening = self._emphasis.at(time, self.between(time - WINDOW // 2, time + WINDOW // 2))
        mouth = self._mouth(time)
        quiet = stillness(self.between(time - BEHIND, time + AHEAD))
        if quiet == 1 or (mouth.at_rest and not brow):
            return PLAIN, feeling
        mouth = replace(mouth, jaw=min(mouth.jaw * opening, 1.0))
        brow *= 1 - quiet
        return Look(mouth.mixed(REST, quiet) if quiet else mouth, brow, -WIDER * brow), feeling

    def _mouth(self, time: int) -> Mouth:
        while len(self._stretches) > 1 and self._stretches[1].start <= time:
            self._stretches.popleft()
        now = self._stretches[0] if self._stretches else None
        return self._track.mouth(time) if now is None or now.reading is None else now.reading.mouth(time)

    def _take(self, piece: Speech) -> None:
        last = self._stretches[-1] if self._stretches else None
        if last is None or piece.marked is not (last.reading is None):
            self._close_stretch()
            last = _Stretch(self._end, None if piece.marked else Reading(self._end))
            self._stretches.append(last)
        if last.reading is not None:
            last.reading.push(piece.pcm)
        else:
            self._track.add(piece.marks)
        self._expressions.add(piece.marks)
        self._pcm = np.concatenate((self._pcm, piece.pcm))

    def _close_stretch(self) -> None:
        if not self._stretches:
            return
        if (reading := self._stretches[-1].reading) is not None:
            reading.end()
        else:
            self._track.end(self._end)


def stillness(window: Samples) -> float:
    """How sure it is that nobody speaks in `window`: 0 (at least half of it sounds) to 1 (none of it does)."""
    if not len(window):
        return 0.0
    blocks = np.abs(window[: len(window) // 48 * 48].reshape(-1, 48).astype(np.int32)).max(axis=1)
    silent = float(np.mean(blocks < QUIET)) if len(blocks) else 0.0
    return min(max(silent * 2 - 1, 0.0), 1.0)

"""The mock face: the still picture, and the speech as it is; with a counter to measure media by."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from visavis.avatar import Avatar
from visavis.errors import InvalidInput, StageFailed
from visavis.face import Face, Mood, counter
from visavis.face.still import still_loop
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Live, Loop, LoopClip, Picture
from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import SAMPLE_RATE, frame_index, frame_start, from_seconds
from visavis.settings import Settings
from visavis.tts import Speech

BEEP = from_seconds(0.040)
"""Length of the beep that goes with a flash. Media time."""
TONE = 1000
"""Hz."""
LEVEL = 16_000
"""Amplitude of the beep."""


class MockProvider:
    """Faces that cost nothing; `mock_counter` makes every picture countable."""

    name = "mock"
    backend = "mock"

    def __init__(self, settings: Settings) -> None:
        self._counting = settings.mock_counter

    def missing(self) -> str | None:
        """Nothing: all it needs is installed with Visavis."""
        return None

    def open(self, avatar: Avatar) -> Face:
        """A face for `avatar`; `InvalidInput` without a picture, or with one too narrow to count on."""
        if self._counting and avatar.width < counter.WIDTH:
            raise InvalidInput(f"the frame counter needs an avatar at least {counter.WIDTH} pixels wide")
        return MockFace(still_loop(avatar), self._counting)


@dataclass(frozen=True, slots=True)
class Tick:
    """What a counting picture shows."""

    count: int


class MockFace:
    """Shows a still loop, or counts its pictures."""

    look_ahead = 0

    def __init__(self, clip: LoopClip, counting: bool) -> None:
        self.mood: Mood = "idle"
        self._clip = clip
        self._counting = counting
        self.width = clip.width
        self.height = clip.height
        self.fps = clip.fps

    def rest(self, after: Picture | None) -> Picture:
        """The next frame of the loop, or the next count."""
        return self._next(after)

    async def animate(self, speech: AsyncIterator[Speech], after: Picture | None) -> AsyncIterator[AVChunk]:
        """The speech as it is, one chunk a picture; when counting, a flash and a beep at each whole second."""
        heard, start, ended = EMPTY, 0, False
        picture = after
        while True:
            index = frame_index(start, self.fps)
            stop = frame_start(index + 1, self.fps)
            while not ended and len(heard) < stop - start:
                piece = await anext(speech, None)
                if piece is None:
                    ended = True
                elif piece.sample_rate != SAMPLE_RATE:
                    raise StageFailed("face", f"a face needs speech at {SAMPLE_RATE} Hz, not {piece.sample_rate}")
                else:
                    heard = np.concatenate((heard, piece.pcm))
            if not len(heard):
                return
            pcm, heard = heard[: stop - start], heard[stop - start :]
            if self._counting:
                pcm = self._beeped(start, pcm)
            picture = self._next(picture, flash=self._on_second(start) == start)
            yield AVChunk(start, pcm, ((start, picture),), silent=not pcm.any())
            start += len(pcm)

    async def close(self) -> None:
        """Holds nothing."""

    def _next(self, after: Picture | None, flash: bool = False) -> Picture:
        if not self._counting:
            return Loop(self._clip, (after.index + 1) % len(self._clip) if isinstance(after, Loop) else 0)
        tick = after.state if isinstance(after, Live) else None
        count = tick.count + 1 if isinstance(tick, Tick) else 0
        pixels = self._clip.frames[0].copy()
        counter.draw(pixels, count)
        counter.flash(pixels, flash)
        return Live(pixels, Tick(count))

    def _on_second(self, time: int) -> int:
        """The start of the picture nearest to the latest whole second whose picture is not after `time`."""
        second = (time + SAMPLE_RATE // 2) // SAMPLE_RATE
        for whole in (second, second - 1):
            start = frame_start(round(whole * self.fps), self.fps)
            if start <= time:
                return start
        return 0

    def _beeped(self, start: int, pcm: Samples) -> Samples:
        begin = self._on_second(start)
        end = min(begin + BEEP, start + len(pcm))
        if end <= start:
            return pcm
        out = pcm.copy()
        wave = LEVEL * np.sin(2 * np.pi * TONE / SAMPLE_RATE * np.arange(start - begin, end - begin))
        out[: end - start] = np.rint(wave).astype(np.int16)
        return out

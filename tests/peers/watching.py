"""A viewer that notes when it sees and hears what."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
from livekit import rtc

from tests.peers.livekit.company import RATE, Someone
from tests.peers.livekit.conftest import Server
from tests.transport.livekit.minting import token
from visavis.face import counter
from visavis.media.samples import Samples

LOUD = 1500
"""From which a sample is sound."""

BEEP = 10_000
"""From which it is the mock face's beep."""

GAP = 0.2
"""Seconds of silence between two utterances, at least."""


class Viewer(Someone):
    """Looks on."""

    def __init__(self) -> None:
        super().__init__("viewer")
        self.seen_at: list[float] = []
        """When each picture came, Unix time."""
        self.stretches: list[list[float]] = []
        """What was heard: begin and end (Unix time), and seconds of sound."""
        self.flashes: list[float] = []
        """When the square of a counting picture turned white, Unix time."""
        self.beeps: list[float] = []
        """When sound began that is louder than any speech here."""
        self.missed = 0
        """Counting pictures that were left out."""
        self._count = -1
        self._white = False
        self.left: asyncio.Queue[str] = asyncio.Queue()
        """Who has left the room."""
        self.room.on("participant_disconnected", lambda gone: self.left.put_nowait(gone.identity))

    async def _hear(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        try:
            async for event in stream:
                self._note(np.frombuffer(event.frame.data, dtype=np.int16))
                await self._notify()
        finally:
            await stream.aclose()

    def _note(self, heard: Samples) -> None:
        now = time.time()
        if len(beep := np.flatnonzero(np.abs(heard.astype(int)) > BEEP)):
            at = now + beep[0] / RATE
            if not self.beeps or at - self.beeps[-1] > GAP:
                self.beeps.append(at)
        whole = np.abs(heard[: len(heard) // 48 * 48].reshape(-1, 48).astype(int)).max(axis=1, initial=0)
        # A sine is quiet twice a period: what lies between loud milliseconds is loud.
        loud = np.flatnonzero(whole > LOUD)
        if not len(loud):
            return
        if not self.stretches or now - self.stretches[-1][1] > GAP:
            self.stretches.append([now, now, 0.0])
        self.stretches[-1][1] = now
        self.stretches[-1][2] += (loud[-1] - loud[0] + 1) / 1000

    def _look(self, frame: rtc.VideoFrame) -> None:
        """Read the marks of a counting picture, if it is one."""
        luma = np.frombuffer(frame.data, dtype=np.uint8)[: frame.width * frame.height]
        picture = luma.reshape(frame.height, frame.width)
        if (count := counter.read(picture)) is None:
            return
        if self._count >= 0:
            self.missed += count - self._count - 1
        self._count = count
        white = counter.flashing(picture)
        if white and not self._white:
            self.flashes.append(self.seen_at[-1])
        self._white = white

    async def _see(self, track: rtc.Track) -> None:
        stream = rtc.VideoStream(track, format=rtc.VideoBufferType.I420)
        try:
            async for event in stream:
                self.seen_at.append(time.time())
                self.pictures += 1
                self._look(event.frame)
                await self._notify()
        finally:
            await stream.aclose()


@asynccontextmanager
async def viewer(server: Server, room: str) -> AsyncIterator[Viewer]:
    made = Viewer()
    await made.room.connect(server.url, token("viewer", room, canPublish=False))
    try:
        yield made
    finally:
        await made.leave()

"""The session's sound, as a microphone track of a room."""

import asyncio
from collections import deque

from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE
from visavis.transport.livekit.library import rtc

FRAME = SAMPLE_RATE // 100
"""Samples LiveKit takes at a time where it has no queue of its own: 10 ms."""

MOST = 20
"""Frames that may wait for it; the oldest are dropped."""


class RoomSound:
    """Hands sound to LiveKit as it is played.

    LiveKit's own queue is left out: the playout paces already, and so what was handed over is on its way, what
    was not can be taken back, and the played position is known to the sample.
    """

    def __init__(self) -> None:
        self._source = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=0)
        self.track = rtc.LocalAudioTrack.create_audio_track("protoface-avatar-audio", self._source)
        self._frames: deque[Samples] = deque(maxlen=MOST)
        self._filled = asyncio.Event()

    @property
    def unsent(self) -> int:
        """Samples that wait here."""
        return len(self._frames) * FRAME

    def send(self, pcm: Samples) -> None:
        """Send whole frames that are due now."""
        self._frames.extend(pcm.reshape(-1, FRAME))
        self._filled.set()

    def flush(self) -> None:
        """Take back what has not left yet."""
        self._frames.clear()
        self._source.clear_queue()

    async def run(self) -> None:
        """Hand over what is sent, until cancelled."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._frames:
                pcm = self._frames.popleft()
                await self._source.capture_frame(rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, FRAME))

    async def close(self) -> None:
        """Let the track go."""
        await self._source.aclose()

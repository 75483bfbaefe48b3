"""The session's pictures, as a camera track of a room."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from visavis.media.loops import LoopStore
from visavis.media.pictures import Picture
from visavis.transport.livekit.library import rtc
from visavis.transport.packet_track import PacketTrack
from visavis.transport.video_stream import VideoStream

if TYPE_CHECKING:
    from visavis.transport.packet_track import Packet

HELD = 0.030
"""Seconds a picture is held back: sound takes that much longer, 24 to 40 ms measured, in a receiver's jitter
buffer, and libwebrtc leaves a skew of up to 30 ms as it is."""

MOST_HELD = 8
"""Pictures."""

KEY, DELTA = rtc.EncodedFrameType.Value("ENCODED_FRAME_KEY"), rtc.EncodedFrameType.Value("ENCODED_FRAME_DELTA")


class RoomPictures:
    """Hands pictures to LiveKit as VP8, encoded here: the loops of a face at rest are packets already.

    Against raw pictures this halves what an idle guest costs; a speaking one costs the same.
    """

    def __init__(self, loops: LoopStore, width: int, height: int, fps: Fraction, max_kbps: int) -> None:
        self._source = rtc.EncodedVideoSource(width, height)
        self.track = rtc.LocalVideoTrack.create_video_track("protoface-avatar", self._source)
        self._stream = VideoStream("VP8", loops, width, height, fps, max_kbps)
        self._outlet = Outlet(self._source, width, height, self._stream.want_key)
        self._stream.add(self._outlet)
        self._held: deque[asyncio.TimerHandle] = deque(maxlen=MOST_HELD)

    def show(self, start: int, picture: Picture) -> None:
        """Send a picture whose sound is sent now; `start` is its media time."""
        self._held.append(asyncio.get_running_loop().call_later(HELD, self._send, start, picture))

    def flush(self) -> None:
        """Take back what has not left yet."""
        while self._held:
            self._held.popleft().cancel()

    async def close(self) -> None:
        """Let the track go."""
        self.flush()
        await self._stream.close()
        await self._source.aclose()

    def _send(self, start: int, picture: Picture) -> None:
        feedback = self._source.take_feedback()
        if feedback.keyframe_requested:
            # At once: a server that forwards to a new viewer asks again a second later only.
            self._stream.want_key()
        if feedback.rate_control is not None:
            self._stream.report(self._outlet, feedback.rate_control.target_bitrate_bps / 1000)
        self._stream.send(start, picture)


class Outlet(PacketTrack):
    """A track whose packets go to LiveKit at once; `refused` is called when it does not take one."""

    def __init__(
        self, source: rtc.EncodedVideoSource, width: int, height: int, refused: Callable[[], None]
    ) -> None:
        super().__init__("video", _nothing, _nothing)
        self.is_open = True
        self._source = source
        self._size = (width, height)
        self._refused = refused

    def push(self, packet: "Packet", key: bool = True) -> None:
        """See `PacketTrack`."""
        frame_type = KEY if key else DELTA
        now = time.monotonic_ns() // 1000
        frame = rtc.EncodedVideoFrame(bytes(packet), *self._size, rtc.VideoCodec.VP8, frame_type, now)
        if not self._source.capture_frame(frame):
            self._refused()

    def flush(self) -> None:
        """Nothing waits here."""


def _nothing() -> None:
    """There is nobody who opens it, or asks for a key frame by it."""

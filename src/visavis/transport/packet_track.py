"""`PacketTrack`: one viewer's share of an encoded stream, in the shape aiortc sends from."""

import asyncio
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

if TYPE_CHECKING:
    from typing import TypeAlias

    Packet: TypeAlias = av.Packet[av.stream.Stream]

MAX_QUEUED = 8
"""Packets that may wait for the sender: 160 ms of sound, a third of a second of pictures."""


def timed_packet(data: bytes, pts: int, time_base: Fraction) -> "Packet":
    """A packet to push; it may be pushed to many tracks."""
    packet = av.Packet(data)
    packet.pts = pts
    packet.time_base = time_base
    return packet


class PacketTrack(MediaStreamTrack):
    """A bounded queue of packets between a stream and aiortc, which sends them as they are.

    Nothing is kept before the sender asks for the first packet, which is when the peer is connected;
    `opened` is called then. After a video packet was dropped the rest is useless to a decoder, so the track
    asks for a key frame by `key_wanted` and passes nothing on until it comes.
    """

    def __init__(
        self, kind: Literal["audio", "video"], opened: Callable[[], None], key_wanted: Callable[[], None]
    ) -> None:
        super().__init__()
        self.kind = kind
        self.is_open = False
        """Whether somebody is reading."""
        self.dropped = 0
        """Packets that were thrown away because the sender was late or the stream was flushed."""
        self._opened = opened
        self._key_wanted = key_wanted
        self._video = kind == "video"
        self._needs_key = self._video
        self._queue: deque[Packet] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def push(self, packet: "Packet", key: bool = True) -> None:
        """Hand over the next packet; `key` says whether a decoder can start with it."""
        if not self.is_open:
            return
        if self._needs_key and not key:
            return
        self._needs_key = False
        if len(self._queue) >= MAX_QUEUED:
            if self._video:
                self.flush()
                self.push(packet, key)
                return
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(packet)
        self._wake()

    def flush(self) -> None:
        """Forget what is waiting."""
        if not self._queue:
            return
        self.dropped += len(self._queue)
        self._queue.clear()
        if self._video:
            self._needs_key = True
            self._key_wanted()

    async def recv(self) -> "Packet":
        """The next packet, for aiortc. Raises `MediaStreamError` once the track has stopped."""
        if not self.is_open and self.readyState == "live":
            self.is_open = True
            self._opened()
        while not self._queue:
            if self.readyState != "live":
                raise MediaStreamError
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._queue.popleft()

    def stop(self) -> None:
        """End the track and free its queue."""
        super().stop()
        self.is_open = False
        self._queue.clear()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

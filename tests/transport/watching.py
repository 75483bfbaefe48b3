"""Someone who reads a `PacketTrack` as aiortc does, and decodes what comes."""

import asyncio
from contextlib import suppress

from aiortc.mediastreams import MediaStreamError

from tests.media.decoding import Pictures
from tests.media.moving_picture import picture
from visavis.media.chunk import AVChunk
from visavis.media.encoding import VideoCodec
from visavis.media.pictures import I420, Live, Loop, LoopClip
from visavis.media.samples import EMPTY
from visavis.transport.broadcast import Broadcast
from visavis.transport.packet_track import PacketTrack


class Reader:
    """Reads every packet of a track at once, in a task, until the track stops."""

    def __init__(self, track: PacketTrack) -> None:
        self.track = track
        self.packets: list[bytes] = []
        self.times: list[int] = []
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        with suppress(MediaStreamError):
            while True:
                packet = await self.track.recv()
                self.packets.append(bytes(packet))
                self.times.append(packet.pts or 0)

    def stop(self) -> None:
        """Stop reading; the track stays open."""
        self._task.cancel()

    async def settled(self) -> "Reader":
        """Let the task take what is there."""
        for _ in range(20):
            await asyncio.sleep(0)
        return self

    def pictures(self, codec: VideoCodec) -> list[I420]:
        """What a decoder makes of it from the first packet on."""
        decoder = Pictures(codec)
        return [decoder.decode(packet) for packet in self.packets]


async def watch(broadcast: Broadcast, codec: VideoCodec = "VP8") -> Reader:
    """A viewer whose connection stands, and for whom the live encoder is ready."""
    stream = broadcast.video(codec)
    reader = Reader(stream.subscribe())
    await stream.encoder.ready()
    return await reader.settled()


class Show:
    """Plays numbered pictures at 25 a second, without waiting."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._next = 0

    async def live(self, count: int = 1) -> None:
        for _ in range(count):
            await self._picture(Live(picture(self._next)))

    async def loop(self, clip: LoopClip, first: int, count: int = 1) -> None:
        for index in range(first, first + count):
            await self._picture(Loop(clip, index % len(clip)))

    async def _picture(self, shown: Live | Loop) -> None:
        start = self._next * 1920
        self._next += 1
        self._broadcast.play(AVChunk(start, EMPTY, ((start, shown),)))
        # A reader that is never slow.
        for _ in range(5):
            await asyncio.sleep(0)

"""`Microphone`: a track that sends silence, and sounds when it is told to, and knows when each packet left."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

import av
import numpy as np
from aiortc import MediaStreamTrack

from visavis.media.samples import Samples
from visavis.media.timeline import PACKET, SAMPLE_RATE
from visavis.testing.stub_providers import LOUD
from visavis.transport.microphone import OpusStream
from visavis.transport.packet_track import timed_packet

if TYPE_CHECKING:
    from visavis.transport.packet_track import Packet

BITRATE = 32_000
"""What browsers use for speech."""

AFTER = 2 * SAMPLE_RATE
"""Silence that belongs to a sound: longer than any pause that is waited for before an answer."""

TIME_BASE = Fraction(1, SAMPLE_RATE)


@dataclass(frozen=True, slots=True)
class Sound:
    """Something to be said, as Opus packets of 20 ms."""

    words: str
    packets: tuple[bytes, ...]
    first: int
    """The packet with the first sample above -40 dBFS."""
    last: int
    """The packet with the last one."""
    arrived: tuple[int, ...]
    """Samples at 16 kHz that a listener has after each packet, counted from its last loud one: negative before."""

    @classmethod
    def of(cls, words: str, pcm: Samples, *, by_its_start: bool = False) -> "Sound":
        """Encode int16 mono at 48 kHz.

        Its last loud sample is put at the end of its packet, or else its first one: so it leaves when it would be
        recorded, and the length of a packet is no part of what is measured from there.
        """
        (loud,) = np.nonzero(np.abs(pcm.astype(np.int32)) > LOUD)
        if not len(loud):
            raise ValueError(f"{words!r} is silent")
        before = -(int(loud[0] if by_its_start else loud[-1]) + 1) % PACKET
        after = -(before + len(pcm)) % PACKET + AFTER
        pcm = np.concatenate([np.zeros(before, np.int16), pcm, np.zeros(after, np.int16)])
        packets = encoded(pcm)
        places = (before + loud[[0, -1]]) // PACKET
        return cls(words, packets, int(places[0]), int(places[1]), _arrived(packets))

    def deciding(self, quiet: int) -> int:
        """The packet with which a listener has heard `quiet` samples (16 kHz) after the last loud one."""
        return next(place for place, count in enumerate(self.arrived) if count >= quiet)


def encoded(pcm: Samples) -> tuple[bytes, ...]:
    """int16 mono at 48 kHz, a whole number of packets, as Opus."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.bit_rate, encoder.format, encoder.layout = BITRATE, "s16", "mono"
    encoder.sample_rate, encoder.time_base = SAMPLE_RATE, TIME_BASE
    encoder.options = {"application": "voip"}
    packets = []
    for start in range(0, len(pcm), PACKET):
        frame = av.AudioFrame.from_ndarray(pcm[None, start : start + PACKET], format="s16", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(packets)


def _arrived(packets: tuple[bytes, ...]) -> tuple[int, ...]:
    """See `Sound.arrived`: decoded as the server decodes."""
    heard: list[Samples] = []
    counts = []
    stream = OpusStream(heard.append)
    for place, packet in enumerate(packets):
        stream.push(place, place * PACKET, packet, 0.0)
        counts.append(sum(map(len, heard)))
    (loud,) = np.nonzero(np.abs(np.concatenate(heard).astype(np.int32)) > LOUD)
    return tuple(count - int(loud[-1]) - 1 for count in counts)


@cache
def _silence() -> bytes:
    """A packet of silence, from an encoder that has calmed down."""
    return encoded(np.zeros(SAMPLE_RATE, np.int16))[-1]


class Said:
    """A sound that is being sent, or was."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound
        self.sent: list[float] = []
        """`time.monotonic()` just before each packet left."""
        self.over = asyncio.Event()
        """Set when its last loud sample has left."""

    @property
    def began(self) -> float:
        """When its first loud sample left."""
        return self.sent[self.sound.first]

    @property
    def ended(self) -> float:
        """When its last loud sample left."""
        return self.sent[self.sound.last]


class Microphone(MediaStreamTrack):
    """Sends 50 packets a second, silence too: to leave those out is up to a sender."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._began = 0.0
        self._count = 0
        self._saying: deque[Said] = deque()

    async def say(self, sound: Sound) -> Said:
        """Send a sound, after those before it; returns when the last loud sample of it has left."""
        said = Said(sound)
        self._saying.append(said)
        await said.over.wait()
        return said

    async def recv(self) -> "Packet":
        """The next packet, when it is due: for aiortc."""
        self._began = self._began or time.monotonic()
        await asyncio.sleep(self._began + self._count * PACKET / SAMPLE_RATE - time.monotonic())
        packet = timed_packet(self._next(), self._count * PACKET, TIME_BASE)
        self._count += 1
        return packet

    def _next(self) -> bytes:
        if not self._saying:
            return _silence()
        said = self._saying[0]
        payload = said.sound.packets[len(said.sent)]
        said.sent.append(time.monotonic())
        if len(said.sent) > said.sound.last:
            said.over.set()
        if len(said.sent) == len(said.sound.packets):
            self._saying.popleft()
        return payload

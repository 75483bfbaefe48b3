"""`Microphone`: what a peer's microphone sends, as the sound that is listened to.

aiortc's own way costs 80 ms (it keeps four packets back, however far apart they are), a thread, and half as
much work again. So packets are taken before it decodes them: they are put in order, decoded where they
arrive, and what a silent or disturbed sender leaves out is filled with silence.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCRtpReceiver, RTCRtpTransceiver
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import RtpPacket

from visavis.media.samples import Samples
from visavis.media.timeline import HEARD_RATE, SAMPLE_RATE, from_seconds

logger = logging.getLogger(__name__)

MAX_GAP = from_seconds(1.0)
"""The longest stretch that is filled with silence; after that time stands still until sound comes."""

REORDERED = 3
"""Packets that may overtake a missing one before it is given up: 60 ms."""

RESTARTED = 100
"""A sequence number as far off as this begins a new stream (as aiortc sees it)."""

TICK = 0.06
"""Seconds between looks at the time: how late silence is heard."""

STALLED = 0.4
"""Seconds without a packet, from a sender who had not announced silence, that count as silence, too: less
than what ends an utterance might only be a slow network."""

PREFERENCES = {"usedtx": 1, "maxplaybackrate": HEARD_RATE}
"""What we ask a sender for (RFC 7587, 6.1): nothing but a packet every 400 ms in silence, and no sound that
nobody would hear. Chromium does as asked."""


def prefer_speech(transceiver: RTCRtpTransceiver) -> None:
    """Put `PREFERENCES` into the answer, once the offer has been read."""
    for codec in transceiver._codecs:
        if codec.name.lower() == "opus":
            codec.parameters.update(PREFERENCES)


class Microphone:
    """Gives `hear` what `receiver` receives: int16 mono at 16 kHz, 20 ms pieces (silence: any length).

    To be made before packets come, in the peer's `track` event. It ends with the track or by `close`.
    """

    def __init__(self, receiver: RTCRtpReceiver, hear: Callable[[Samples], None]) -> None:
        self._stream = OpusStream(hear)
        self._clock = asyncio.get_running_loop().time
        receiver._handle_rtp_packet = self._received  # type: ignore[method-assign]  # no public hook
        self._task = asyncio.create_task(self._watch(receiver.track), name="microphone")

    @property
    def is_over(self) -> bool:
        """Whether nothing will be heard any more."""
        return self._task.done()

    async def ended(self) -> None:
        """Return when the track has ended."""
        await asyncio.wait([self._task])

    async def close(self) -> None:
        """Hear nothing any more."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _received(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if not self._task.done():
            self._stream.push(packet.sequence_number, packet.timestamp, packet.payload, self._clock())

    async def _watch(self, track: MediaStreamTrack) -> None:
        # No frame ever comes this way: it only says when the track has ended.
        end = asyncio.ensure_future(track.recv())
        try:
            while not end.done():
                await asyncio.wait([end], timeout=TICK)
                self._stream.pass_time(self._clock())
        finally:
            end.cancel()
            with suppress(MediaStreamError, asyncio.CancelledError):
                await end


class OpusStream:
    """RTP packets (RFC 7587) in, sound out. `now` is any clock's time in seconds."""

    def __init__(self, hear: Callable[[Samples], None]) -> None:
        self._hear = hear
        self._decoder = opus_decoder()
        self._resampler = av.AudioResampler(format="s16", layout="mono", rate=HEARD_RATE)
        self._expected: int | None = None
        self._early: dict[int, tuple[int, bytes]] = {}
        self._until = 0
        """RTP time up to which everything was heard."""
        self._played_at = 0.0
        self._filled = 0
        """Silence that was heard since then because time had passed."""
        self._announced = False
        """Whether the sender said that it would be silent."""

    def push(self, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """Take a packet as it comes."""
        if self._expected is None:
            self._expected, self._until = sequence, timestamp
        ahead = signed(sequence - self._expected, 16)
        if abs(ahead) >= RESTARTED:
            self._early.clear()
            self._expected = sequence
        elif ahead < 0:
            return
        self._early[sequence] = timestamp, payload
        if len(self._early) > REORDERED:
            self._give_up()
        self._play_ready(now)

    def pass_time(self, now: float) -> None:
        """Hear silence if nothing has come for a while."""
        quiet = now - self._played_at
        if self._early and quiet >= TICK:
            self._give_up()
            self._play_ready(now)
        elif self._expected is not None and quiet >= (TICK if self._announced else STALLED):
            missing = min(from_seconds(quiet), MAX_GAP) - self._filled
            self._filled += missing
            self._until += missing
            self._silence(missing)

    def _give_up(self) -> None:
        """Go on with the nearest packet, without the one that is missing."""
        expected = self._expected or 0
        self._expected = min(self._early, key=lambda sequence: signed(sequence - expected, 16))

    def _play_ready(self, now: float) -> None:
        while self._expected in self._early:
            timestamp, payload = self._early.pop(self._expected)
            self._expected = (self._expected + 1) % 65536
            self._play(timestamp, payload)
            self._played_at, self._filled = now, 0

    def _play(self, timestamp: int, payload: bytes) -> None:
        gap = signed(timestamp - self._until, 32)
        self._silence(min(gap, MAX_GAP))
        # A frame of no bytes: "discontinued transmission" (RFC 6716, 2.1.9).
        self._announced = len(payload) <= 1
        if self._announced:
            self._until += max(gap, 0)
            return
        self._until = timestamp
        try:
            frames = self._decoder.decode(av.Packet(payload))
        except av.FFmpegError as error:
            # What is missing now is filled as any other gap.
            logger.debug("an Opus packet could not be decoded: %s", type(error).__name__)
            return
        for frame in frames:
            self._until += frame.samples
            for resampled in self._resampler.resample(frame):
                self._hear(resampled.to_ndarray()[0])

    def _silence(self, samples: int) -> None:
        """Hear this much silence; `samples` at 48 kHz."""
        count = samples * HEARD_RATE // SAMPLE_RATE
        if count > 0:
            self._hear(np.zeros(count, dtype=np.int16))


def opus_decoder() -> av.AudioCodecContext:
    """A decoder to 48 kHz mono, the lowest rate FFmpeg lets libopus decode to."""
    decoder = av.CodecContext.create("libopus", "r")
    decoder.format, decoder.layout, decoder.sample_rate = "s16", "mono", SAMPLE_RATE
    return decoder


def signed(difference: int, bits: int) -> int:
    """A difference of two counters that wrap around at 2 ** bits."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half

"""`Loudspeaker`: a transport to a loudspeaker of this machine."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from visavis.errors import VisavisError
from visavis.media.chunk import AVChunk
from visavis.media.samples import Samples
from visavis.media.timeline import PACKET, SAMPLE_RATE, from_seconds
from visavis.transport.local_sound import Choice, SoundStream, find_output, ignore

logger = logging.getLogger(__name__)

CUSHION = 2 * PACKET
"""Samples of silence before sound: what the playout may be late by, 40 ms."""

ROOM = from_seconds(0.5)
"""Samples that may wait to be played: an echo canceller finds no longer delay than this."""

BLOCK = SAMPLE_RATE // 100
"""Samples that the device takes at a time."""

BUFFERED = 0.08
"""Seconds that the device keeps, and still plays after `flush`. With half as much a busy machine ran dry."""


class Loudspeaker:
    """Implements `Transport` for sound alone: 48 kHz int16 mono packets. Pictures are ignored.

    To be made on the event loop; it is opened in the background, and what is played before that waits, half a
    second at most. The device's clock is not ours: what they differ by is made up for in silence between turns.
    `on_lost` is told once if the device can't be opened or goes away, as with `LocalMicrophone`.
    """

    def __init__(self, device: Choice = None, on_lost: Callable[[VisavisError], None] = ignore) -> None:
        self.underruns = 0
        """How many times the device had nothing to play in the middle of sound."""
        self.dropped = 0
        """Samples for which there was no room."""
        self._device = device
        self._ring = Ring(ROOM)
        self._sounding = False
        """Whether more is to come after what waits."""
        self._stream = SoundStream(self._open, "loudspeaker", on_lost)

    @property
    def waiting(self) -> int:
        """Samples that the device has not taken yet."""
        return len(self._ring)

    @property
    def is_over(self) -> bool:
        """Whether nothing will be played any more."""
        return self._stream.is_over

    async def opened(self) -> None:
        """Return when it plays. Raises what `on_lost` is told."""
        await self._stream.opened()

    def play(self, chunk: AVChunk) -> None:
        """See `Transport`. What there is no room for is dropped, and counted."""
        if self.is_over or not len(chunk.pcm):
            return
        waiting = len(self._ring)
        if chunk.silent:
            self._sounding = False
            # An idle device plays silence by itself.
            if not 0 < waiting < CUSHION:
                return
        else:
            if not waiting:
                self._ring.write(np.zeros(CUSHION, dtype=np.int16))
            self._sounding = True
        self.dropped += len(chunk.pcm) - self._ring.write(chunk.pcm)

    def flush(self) -> None:
        """See `Transport`. What the device has taken already, 80 ms, is still heard."""
        self._sounding = False
        self._ring.clear()

    async def close(self) -> None:
        """Close the device at once; what waits is not played."""
        self.flush()
        await self._stream.close()
        if self.underruns or self.dropped:
            logger.warning("the loudspeaker: %d underruns, %d samples dropped", self.underruns, self.dropped)

    def _open(self, library: Any, finished: Callable[[], None]) -> Any:
        found = find_output(self._device)
        return library.RawOutputStream(
            device=found.index,
            samplerate=SAMPLE_RATE,
            # Bare hardware would play a single channel on the left.
            channels=min(2, found.channels),
            dtype="int16",
            blocksize=BLOCK,
            latency=BUFFERED,
            callback=self._fill,
            finished_callback=finished,
        )

    def _fill(self, data: Any, frames: int, time: Any, status: Any) -> None:
        """PortAudio's thread wants a block."""
        block = np.frombuffer(data, dtype=np.int16).reshape(frames, -1)
        pcm = self._ring.read(frames)
        block[: len(pcm)] = pcm[:, np.newaxis]
        block[len(pcm) :] = 0
        if self._sounding and (len(pcm) < frames or status.output_underflow):
            self.underruns += 1
            self._sounding = len(pcm) == frames


class Ring:
    """Sound on its way from one thread to another."""

    def __init__(self, size: int) -> None:
        self._samples = np.zeros(size, dtype=np.int16)
        self._start = 0
        self._count = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._count

    def write(self, pcm: Samples) -> int:
        """Add what there is room for; returns how much that is."""
        with self._lock:
            size = len(self._samples)
            pcm = pcm[: size - self._count]
            self._samples[(self._start + self._count + np.arange(len(pcm))) % size] = pcm
            self._count += len(pcm)
            return len(pcm)

    def read(self, count: int) -> Samples:
        """Take the next `count` samples, or what there is."""
        with self._lock:
            count = min(count, self._count)
            pcm = self._samples.take(np.arange(self._start, self._start + count), mode="wrap")
            self._start = (self._start + count) % len(self._samples)
            self._count -= count
            return pcm

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._count = 0

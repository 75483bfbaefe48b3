"""`LocalMicrophone`: what a microphone of this machine hears."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from visavis.errors import VisavisError
from visavis.media.samples import Resampler, Samples
from visavis.transport.local_sound import Choice, SoundStream, find_input, ignore

logger = logging.getLogger(__name__)

BLOCKS = 50
"""Blocks a second."""

BUFFERED = 0.06
"""Seconds that the device keeps for us, three blocks: the callback needs Python's lock, and may be late."""

WAITING = 2 * BLOCKS
"""Blocks that may wait for the event loop; what comes while it is busy for longer is lost."""


class LocalMicrophone:
    """Gives `hear`, on the event loop, what `device` hears: int16 mono at `sample_rate` Hz, 20 ms pieces.

    Implements `Source`. To be made on the event loop; it is opened in the background. Of several channels it is
    the first that is heard. `on_lost` is told once if the device can't be opened (`InvalidInput`, `Unavailable`:
    see `find_input`), or when it goes away (`Unavailable`); close it then as ever.
    """

    def __init__(
        self,
        device: Choice,
        sample_rate: int,
        hear: Callable[[Samples], None],
        on_lost: Callable[[VisavisError], None] = ignore,
    ) -> None:
        self.overflows = 0
        """How many times sound was lost: the device or the event loop was too busy to take it."""
        self._device = device
        self._sample_rate = sample_rate
        self._hear = hear
        self._resampler = Resampler(sample_rate, sample_rate)
        self._channels = 1
        self._waiting: deque[Samples] = deque()
        self._loop = asyncio.get_running_loop()
        self._stream = SoundStream(self._open, "microphone", on_lost)

    @property
    def is_over(self) -> bool:
        """Whether nothing will be heard any more."""
        return self._stream.is_over

    async def opened(self) -> None:
        """Return when it listens. Raises what `on_lost` is told."""
        await self._stream.opened()

    async def close(self) -> None:
        """Hear nothing any more."""
        await self._stream.close()
        if self.overflows:
            logger.warning("the microphone lost sound %d times", self.overflows)

    def _open(self, library: Any, finished: Callable[[], None]) -> Any:
        found = find_input(self._device)
        # PortAudio converts what the system converts; bare hardware may insist on what it has.
        try:
            return self._stream_at(library, found.index, self._sample_rate, 1, finished)
        except library.PortAudioError as error:
            logger.info("the microphone refuses %d Hz: %s", self._sample_rate, error)
        try:
            return self._stream_at(library, found.index, found.sample_rate, 1, finished)
        except library.PortAudioError:
            return self._stream_at(library, found.index, found.sample_rate, found.channels, finished)

    def _stream_at(self, library: Any, index: int, rate: int, channels: int, finished: Callable[[], None]) -> Any:
        self._resampler, self._channels = Resampler(rate, self._sample_rate), channels
        return library.RawInputStream(
            device=index,
            samplerate=rate,
            channels=channels,
            dtype="int16",
            blocksize=rate // BLOCKS,
            latency=BUFFERED,
            callback=self._captured,
            finished_callback=finished,
        )

    def _captured(self, data: Any, frames: int, time: Any, status: Any) -> None:
        """PortAudio's thread brings a block."""
        self.overflows += bool(status.input_overflow)
        if len(self._waiting) >= WAITING:
            self.overflows += 1
            return
        self._waiting.append(np.frombuffer(data, dtype=np.int16)[:: self._channels].copy())
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        pcm = self._resampler.push(self._waiting.popleft())
        if len(pcm) and not self.is_over:
            self._hear(pcm)

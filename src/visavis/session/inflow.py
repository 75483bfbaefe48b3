"""Inflow: sound that somebody pushes for the avatar to say, on its way into a turn."""

import asyncio
from collections.abc import AsyncIterator

from visavis.errors import Conflict
from visavis.media.samples import Resampler, Samples
from visavis.media.timeline import SAMPLE_RATE
from visavis.tts import Speech

WAITING = 16
"""Pieces that wait for the turn, beside the two seconds it has taken itself."""

PATIENCE = 30.0
"""Seconds without a piece after which there is none to come: whoever pushed has gone."""


class Inflow:
    """One turn's. `put` waits while the turn has enough; once the turn is over, it raises `Conflict`."""

    def __init__(self, sample_rate: int) -> None:
        """`sample_rate` of what is put in, in Hz."""
        self.sample_rate = sample_rate
        self._resampler = Resampler(sample_rate)
        self._pieces: asyncio.Queue[Samples | None] = asyncio.Queue(WAITING)
        self._over = asyncio.Event()

    async def put(self, pcm: Samples, last: bool) -> None:
        """Add a piece, int16 mono; `last`: nothing follows."""
        await self._put(self._resampler.push(pcm))
        if last:
            await self._put(self._resampler.flush())
            await self._put(None)

    async def speech(self) -> AsyncIterator[Speech]:
        """What comes in, at 48 kHz, until the last piece."""
        try:
            while True:
                # Not wait_for: before Python 3.12 it forgets to be cancelled if a piece comes at the same time.
                async with asyncio.timeout(PATIENCE):
                    pcm = await self._pieces.get()
                if pcm is None:
                    return
                yield Speech(pcm, SAMPLE_RATE)
        except TimeoutError:
            return
        finally:
            self._over.set()

    async def _put(self, pcm: Samples | None) -> None:
        if self._over.is_set():
            raise Conflict("interrupted")
        putting = asyncio.ensure_future(self._pieces.put(pcm))
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait([putting, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            putting.cancel()
        if not putting.done() or putting.cancelled():
            raise Conflict("interrupted")

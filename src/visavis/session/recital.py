"""A recording as a source of sound, at its own pace or any other."""

import asyncio
from collections.abc import Callable

from visavis.media.samples import Samples
from visavis.media.timeline import HEARD_RATE

STEP = HEARD_RATE // 10
"""Samples given at a time."""


class Recital:
    """Gives a recording, int16 mono at 16 kHz, to `hear`, then calls `ended`. Implements `Source`.

    `pace`: seconds of it per second, 0 as fast as it is taken. Steps are due by the clock, so that the time the
    hearer takes does not add up.
    """

    def __init__(
        self, pcm: Samples, pace: float, hear: Callable[[Samples], None], ended: Callable[[], None]
    ) -> None:
        self._task = asyncio.create_task(self._give(pcm, pace, hear, ended), name="give a recording")

    async def close(self) -> None:
        """Give no more."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _give(
        self, pcm: Samples, pace: float, hear: Callable[[Samples], None], ended: Callable[[], None]
    ) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for start in range(0, len(pcm), STEP):
            hear(pcm[start : start + STEP])
            due = began + (start + STEP) / HEARD_RATE / pace if pace else 0.0
            await asyncio.sleep(max(due - loop.time(), 0))
        ended()

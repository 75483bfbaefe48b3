"""Clocks that a playout can be paced by: real time for networks, free-running for files, by hand for tests."""

import asyncio
import heapq
from typing import Protocol

from visavis.media.timeline import SAMPLE_RATE


class Clock(Protocol):
    """Media time that passes. `real_time` says whether waiting for a slow producer costs anything."""

    real_time: bool

    def now(self) -> int:
        """Media time now, in samples at 48 kHz from an arbitrary zero."""

    async def sleep_until(self, time: int) -> None:
        """Return at media time `time` or as soon after it as possible."""


class RealClock:
    """Passes at one second a second."""

    real_time = True

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()

    def now(self) -> int:
        """Samples since this clock was made."""
        return int((self._loop.time() - self._zero) * SAMPLE_RATE)

    async def sleep_until(self, time: int) -> None:
        """Sleep on the event loop's own timer."""
        delay = self._zero + time / SAMPLE_RATE - self._loop.time()
        await asyncio.sleep(max(delay, 0))


class FreeClock:
    """Jumps to whatever time is waited for: media is made as fast as the machine can."""

    real_time = False

    def __init__(self) -> None:
        self._now = 0

    def now(self) -> int:
        """The latest time anyone has waited for."""
        return self._now

    async def sleep_until(self, time: int) -> None:
        """Go there at once; other tasks get their turn first."""
        self._now = max(self._now, time)
        await asyncio.sleep(0)


class ManualClock:
    """Stands still until `advance` is called. For tests: real-time behaviour without waiting."""

    real_time = True

    def __init__(self) -> None:
        self._now = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> int:
        """Where `advance` has brought it."""
        return self._now

    async def sleep_until(self, time: int) -> None:
        """Wait for `advance` to pass `time`."""
        if time <= self._now:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (time, self._count, future))
        await future

    async def advance(self, samples: int) -> None:
        """Let `samples` of time pass, waking each sleeper at its own moment and letting it run."""
        end = self._now + samples
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            time, _, future = heapq.heappop(self._sleepers)
            self._now = max(self._now, time)
            if not future.done():
                future.set_result(None)
            await _settle()
        self._now = end

    def jump(self, samples: int) -> None:
        """Let `samples` of time pass at once, as after a stall: sleepers wake late, at the next `advance`."""
        self._now += samples


async def _settle() -> None:
    """Give every task that is ready the chance to run until it waits again."""
    for _ in range(50):
        await asyncio.sleep(0)

"""Sweeping: clearing up what is too old, at the start and every so often."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from visavis.errors import VisavisError

log = logging.getLogger(__name__)


class Sweeper:
    """An async context manager; entering it does not wait. What can't be deleted is logged, and tried again."""

    def __init__(self, what: str, every: float, sweep: Callable[[], Awaitable[None]]) -> None:
        """`what` is swept, for the log; `every` in seconds."""
        self._what = what
        self._every = every
        self._sweep = sweep
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Sweeper":
        self._task = asyncio.create_task(self._run(), name=f"sweep {self._what}")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                await self._sweep()
            except VisavisError as error:
                log.error("old %s can't be deleted: %s", self._what, error.message)
            except OSError as error:
                log.error("old %s can't be deleted: %s", self._what, error.strerror)
            await asyncio.sleep(self._every)

"""Where cancelled work ends: it has two seconds to let go, then it is reported."""

import asyncio
import logging
from typing import Any

GRACE = 2.0
"""Seconds a cancelled task may take."""

log = logging.getLogger(__name__)


class Reaper:
    """Owns tasks that nobody waits for any more. One per process; `close` waits for the last of them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, task: asyncio.Task[Any]) -> None:
        """Cancel `task` and see it off."""
        task.cancel()
        watcher = asyncio.create_task(self._see_off(task), name=f"reap {task.get_name()}")
        self._tasks.add(watcher)
        watcher.add_done_callback(self._tasks.discard)

    async def _see_off(self, task: asyncio.Task[Any]) -> None:
        _, pending = await asyncio.wait([task], timeout=GRACE)
        if pending:
            log.warning("%s did not stop within %.0f s of being cancelled", task.get_name(), GRACE)
            await asyncio.wait([task])
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s failed while it was being cancelled", task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Wait for everything, at most the grace period."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GRACE)

"""What happens in one session, told to everybody who watches it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, NamedTuple

from visavis.errors import TooLarge

KEPT = 1024
"""Messages kept for watchers who come back: all of a usual session."""

BACKLOG = 256
"""Messages a watcher may be behind before it is dropped: progress comes ten times a second."""

LAST = "end"
"""The id of the last message: who has it need not come back."""


class Notice(NamedTuple):
    """One message."""

    id: str
    """The number of the last message it includes, or `LAST`."""
    name: str
    """snapshot, progress, transcript, response, clip, tts_error or status."""
    data: dict[str, Any]


class Broadcast:
    """Numbers what is told from 1, keeps the latest of it, and hands it to every watcher."""

    def __init__(self) -> None:
        self._kept: deque[Notice] = deque(maxlen=KEPT)
        self._watchers: set[asyncio.Queue[Notice | None]] = set()
        self._told = 0
        self._over = False

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    def tell(self, name: str, data: dict[str, Any]) -> None:
        """Tell everybody. `progress` is not kept: the next one says more."""
        self._told += 1
        self._add(Notice(str(self._told), name, data), keep=name != "progress")

    def end(self, snapshot: dict[str, Any]) -> None:
        """Tell the last snapshot; nothing follows."""
        if not self._over:
            self._add(Notice(LAST, "snapshot", snapshot), keep=True)
            self._over = True

    async def watch(self, snapshot: Callable[[], dict[str, Any]], seen: str = "") -> AsyncIterator[Notice]:
        """What comes after message `seen`, if all of that is still there; else a `snapshot`, and what comes then.

        Ends after the last snapshot. Raises `TooLarge` when the watcher falls behind by more than `BACKLOG`.
        """
        queue: asyncio.Queue[Notice | None] = asyncio.Queue(BACKLOG)
        missed = self._since(seen)
        over = self._over
        self._watchers.add(queue)
        try:
            if missed is None:
                # The last snapshot is the first, too.
                yield Notice(LAST if over else str(self._told), "snapshot", snapshot())
            for notice in missed or ():
                yield notice
            while not over:
                told = await queue.get()
                if told is None:
                    raise TooLarge("the watcher is too slow; connect again")
                yield told
                over = told.id == LAST
        finally:
            self._watchers.discard(queue)

    def _add(self, notice: Notice, *, keep: bool) -> None:
        if keep:
            self._kept.append(notice)
        for queue in list(self._watchers):
            if queue.full():
                # Make room for the word that it is dropped.
                queue.get_nowait()
                queue.put_nowait(None)
                self._watchers.discard(queue)
            else:
                queue.put_nowait(notice)

    def _since(self, seen: str) -> list[Notice] | None:
        """None if the beginning has to be told again."""
        if seen == LAST:
            return []
        if not seen.isascii() or not seen.isdigit() or len(seen) > 9 or int(seen) > self._told:
            return None
        if not self._kept or (len(self._kept) == KEPT and int(seen) < _number(self._kept[0]) - 1):
            return None
        return [notice for notice in self._kept if _number(notice) > int(seen)]


def _number(notice: Notice) -> int:
    return 1 << 30 if notice.id == LAST else int(notice.id)

"""The log of one session's events: a ring that can be replayed and followed."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable

from visavis.errors import TooLarge
from visavis.session.events import AnyEvent, Record, Terminated

RING = 1024
"""Events kept for replay: several minutes of a lively conversation."""

BACKLOG = 2048
"""Events a reader may be behind before it is dropped."""


class EventLog:
    """Events in order, numbered from 1. After `Terminated` nothing is added."""

    def __init__(self, observe: Callable[[Record], None] | None = None) -> None:
        self._ring: deque[Record] = deque(maxlen=RING)
        self._readers: set[_Reader] = set()
        self._observe = observe
        self._last = 0
        self.closed = False

    def add(self, event: AnyEvent) -> None:
        """Number an event, keep it and hand it to every reader."""
        self.append(Record(self._last + 1, time.time(), event))

    def append(self, record: Record) -> None:
        """Add an event that was numbered elsewhere: the mirror of another process's log."""
        if self.closed:
            return
        self._last = record.seq
        if not record.event.transient():
            self._ring.append(record)
        if isinstance(record.event, Terminated):
            self.closed = True
        for reader in self._readers:
            reader.push(record)
        if self._observe is not None:
            self._observe(record)

    async def read(self, after: int = 0) -> AsyncIterator[Record]:
        """Events with `seq > after`, those of the ring first. `TooLarge` if the reader is too slow."""
        reader = _Reader()
        self._readers.add(reader)
        try:
            for record in [record for record in self._ring if record.seq > after]:
                yield record
            while not (self.closed and reader.empty()):
                yield await reader.next()
        finally:
            self._readers.discard(reader)


class _Reader:
    def __init__(self) -> None:
        self._queue: asyncio.Queue[Record] = asyncio.Queue(BACKLOG)
        self._dropped = False

    def push(self, record: Record) -> None:
        if self._queue.full():
            self._dropped = True
        else:
            self._queue.put_nowait(record)

    def empty(self) -> bool:
        return self._queue.empty() and not self._dropped

    async def next(self) -> Record:
        if self._dropped and self._queue.empty():
            raise TooLarge("the reader of the event stream is too slow; reconnect with the last event's id")
        return await self._queue.get()

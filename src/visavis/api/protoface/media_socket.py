"""A Pipecat client's WebSocket: what waits to be sent is bounded, and whoever is too slow is told and closed."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.websockets import WebSocket, WebSocketDisconnect

from visavis.api.protoface.media_records import Kind, MediaRecord, decoded, encoded
from visavis.api.statuses import GENERIC
from visavis.errors import InvalidInput

BEHIND = 4 * 1024 * 1024
"""Bytes that a client may be behind: six seconds of pictures, usually."""

FAREWELL = 2.0
"""Seconds that saying why it ends may take."""

log = logging.getLogger(__name__)


class Farewell(NamedTuple):
    """How a connection ends."""

    code: int
    """RFC 6455, 7.4; from 4000 on as the HTTP status that ends in the same digits."""
    reason: str = ""
    """At most 123 bytes."""
    failure: bool = False
    """Whether the reason is also sent as an `ERROR`."""


DONE = Farewell(1000, "the session has ended")
TEXT = Farewell(4400, "only binary messages are understood", failure=True)
SLOW = Farewell(1008, "the connection is too slow for the media", failure=True)
REPLACED = Farewell(4409, "another connection took over this session's media", failure=True)
BROKEN = Farewell(1011, GENERIC, failure=True)


class MediaSocket:
    """One connection. `push` and `leave` return at once; `carry` lasts as long as it does."""

    def __init__(self, connection: WebSocket) -> None:
        self._connection = connection
        self._waiting: deque[tuple[Kind, bytes]] = deque()
        self._bytes = 0
        self._moved = asyncio.Event()
        self._farewell: asyncio.Future[Farewell | None] = asyncio.get_running_loop().create_future()

    def push(self, kind: Kind, message: bytes) -> None:
        """Send a record, after those that wait; a client that is too far behind is left."""
        if self._bytes + len(message) > BEHIND:
            self.leave(SLOW)
        elif not self._farewell.done():
            self._waiting.append((kind, message))
            self._bytes += len(message)
            self._moved.set()

    def hush(self) -> None:
        """Forget the sound that waits."""
        self._waiting = deque(each for each in self._waiting if each[0] is not Kind.AUDIO)
        self._bytes = sum(len(message) for _, message in self._waiting)

    def leave(self, farewell: Farewell | None) -> None:
        """End it; None if the client has gone."""
        if not self._farewell.done():
            self._farewell.set_result(farewell)

    async def carry(self, obey: Callable[[MediaRecord], Awaitable[None]]) -> None:
        """Send and receive until either side ends it; `obey` gets what comes, and may raise `InvalidInput`."""
        tasks = [
            asyncio.create_task(self._read(obey), name="read a media WebSocket"),
            asyncio.create_task(self._write(), name="write a media WebSocket"),
        ]
        for task in tasks:
            task.add_done_callback(self._ended)
        try:
            farewell = await self._farewell
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if farewell is not None:
            await self._say(farewell)

    async def _read(self, obey: Callable[[MediaRecord], Awaitable[None]]) -> None:
        while True:
            message = await self._connection.receive()
            if message["type"] == "websocket.disconnect":
                return self.leave(None)
            if (data := message.get("bytes")) is None:
                return self.leave(TEXT)
            try:
                await obey(decoded(data))
            except InvalidInput as error:
                return self.leave(Farewell(4400, error.message, failure=True))

    async def _write(self) -> None:
        while True:
            while self._waiting:
                _, message = self._waiting.popleft()
                self._bytes -= len(message)
                await self._connection.send_bytes(message)
            self._moved.clear()
            await self._moved.wait()

    async def _say(self, farewell: Farewell) -> None:
        try:
            async with asyncio.timeout(FAREWELL):
                if farewell.failure:
                    await self._connection.send_bytes(encoded(Kind.ERROR, {"message": farewell.reason}))
                await self._connection.close(farewell.code, farewell.reason)
        # The server says the last where it has itself closed: over its own limits, at its end.
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            log.debug("a client left before it was told why its media end")

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, WebSocketDisconnect | RuntimeError):
            self.leave(None)
        else:
            log.error("a media WebSocket failed by a defect", exc_info=error)
            self.leave(BROKEN)

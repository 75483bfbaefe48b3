"""A session's messages as server-sent events (WHATWG HTML 9.2)."""

import asyncio
import logging
from collections.abc import AsyncIterator

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from visavis.api.kiosk.broadcast import Notice
from visavis.errors import TooLarge
from visavis.streams import closing

RETRY_MS = 1000
"""How long a browser waits before it connects again."""

SILENCE = 10.0
"""Seconds without a message before a ping: well below the time-outs of proxies."""

PING = b"event: ping\ndata: {}\n\n"

log = logging.getLogger(__name__)


def encode(notice: Notice) -> bytes:
    """A message on the wire."""
    return f"event: {notice.name}\nid: {notice.id}\ndata: ".encode() + msgspec.json.encode(notice.data) + b"\n\n"


class EventStream(Response):
    """Sends messages until they end or the client goes; a client that is too slow is let go."""

    media_type = "text/event-stream"

    def __init__(self, notices: AsyncIterator[Notice], silence: float = SILENCE) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._notices = notices
        self._silence = silence
        self._sent_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(send))
            others = (group.create_task(self._ping(send)), group.create_task(_leave(receive, writer)))
            writer.add_done_callback(lambda _: [task.cancel() for task in others])
        if not writer.cancelled():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, send: Send) -> None:
        await self._send(send, f"retry: {RETRY_MS}\n\n".encode())
        try:
            async with closing(self._notices) as notices:
                async for notice in notices:
                    await self._send(send, encode(notice))
        except TooLarge as error:
            # The client connects again and gets what is still there.
            log.info("an event stream of a kiosk session ends: %s", error.message)

    async def _ping(self, send: Send) -> None:
        loop = asyncio.get_running_loop()
        while True:
            wait = self._sent_at + self._silence - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            else:
                await self._send(send, PING)

    async def _send(self, send: Send, block: bytes) -> None:
        self._sent_at = asyncio.get_running_loop().time()
        await send({"type": "http.response.body", "body": block, "more_body": True})


async def _leave(receive: Receive, writer: "asyncio.Task[None]") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    writer.cancel()

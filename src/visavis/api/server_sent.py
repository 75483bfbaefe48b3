"""Server-sent events (WHATWG HTML 9.2): one answer that goes on until its events end or its client goes."""

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from visavis.api.attended import leave
from visavis.streams import closing

RETRY_MS = 1000
"""How long a browser waits before it connects again; its own default is 3 s."""

SILENCE = 10.0
"""Seconds without an event before a `ping`: well below the time-outs of proxies (usually 60 s)."""

PING = b"event: ping\ndata: {}\n\n"


class ServerSentEvents(Response):
    """Sends blocks of events until they end or the client goes; then they are closed, whatever happened."""

    media_type = "text/event-stream"

    def __init__(self, blocks: AsyncIterator[bytes], silence: float = SILENCE) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._blocks = blocks
        self._silence = silence
        self._sent_at = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(send))
            others = (group.create_task(self._ping(send)), group.create_task(leave(receive, writer)))
            writer.add_done_callback(lambda _: [task.cancel() for task in others])
        if not writer.cancelled():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, send: Send) -> None:
        async with closing(self._blocks) as blocks:
            await self._send(send, f"retry: {RETRY_MS}\n\n".encode())
            async for block in blocks:
                await self._send(send, block)

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

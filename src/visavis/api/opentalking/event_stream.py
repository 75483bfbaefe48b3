"""A session's events as a stream of server-sent events (contract opentalking 1.6; WHATWG HTML 9.2)."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from visavis.api.opentalking.event_names import wire
from visavis.errors import TooLarge, WorkerLost
from visavis.session.events import Record

log = logging.getLogger(__name__)

RETRY_MS = 1000
"""How long a browser waits before it connects again; its own default is 3 s."""

SILENCE = 10.0
"""Seconds without an event before a `ping`: well below the time-outs of proxies (usually 60 s)."""

PING = b"event: ping\ndata: {}\n\n"


def encode(record: Record, session_id: str) -> bytes:
    """The wire events of a record. Only the last has the id: who is cut off in between gets all again."""
    events = wire(record, session_id)
    blocks = []
    for place, (name, data) in enumerate(events, start=1):
        number = f"id: {record.seq}\n" if place == len(events) else ""
        blocks.append(f"event: {name}\n{number}data: ".encode() + msgspec.json.encode(data) + b"\n\n")
    return b"".join(blocks)


class EventStream(Response):
    """Sends records until they end or the client goes; then the iterator is closed, whatever happened."""

    media_type = "text/event-stream"

    def __init__(self, records: AsyncIterator[Record], session_id: str, silence: float = SILENCE) -> None:
        super().__init__(headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._records = records
        self._session_id = session_id
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
            async for record in self._records:
                if block := encode(record, self._session_id):
                    await self._send(send, block)
        except (TooLarge, WorkerLost) as error:
            # The client connects again and gets what is still there.
            log.info("an event stream of session %s ends: %s", self._session_id, error.message)
        finally:
            await _close(self._records)

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


async def _close(records: Any) -> None:
    # The contract asks for an iterator; generators are the ones that have something to close.
    if (aclose := getattr(records, "aclose", None)) is not None:
        await aclose()

"""Answers that are sent piece by piece, and work that is given up when the client has gone."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Mapping
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from visavis.api.attended import attended as attended
from visavis.api.attended import leave
from visavis.errors import VisavisError

log = logging.getLogger(__name__)

T = TypeVar("T")

DONE = b"data: [DONE]\n\n"
"""Ends every stream of events here (contract kiosk 2.3)."""

NO_BUFFER = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""On every stream: proxies shall pass each piece on."""


def event(data: Mapping[str, Any], name: str = "") -> bytes:
    """One server-sent event; the kiosk reads only lines that begin with exactly `data: `."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def line(data: Mapping[str, Any]) -> bytes:
    """One line of JSON."""
    return json.dumps(data).encode() + b"\n"


class Stream(Response):
    """Sends the pieces until they end or the client goes; then they are closed, whatever happened.

    Pieces that raise a `VisavisError` leave the answer unfinished: the client sees the connection break.
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(media_type=media_type, headers={**NO_BUFFER, **(headers or {})})
        del self.headers["content-length"]
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        # Not Starlette's own stream: its cancelling would also reach what closes the session.
        async with asyncio.TaskGroup() as group:
            writer = group.create_task(self._write(send))
            watch = group.create_task(leave(receive, writer))
            writer.add_done_callback(lambda _: watch.cancel())
        if not writer.cancelled() and writer.result():
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, send: Send) -> bool:
        try:
            async for piece in self._pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except VisavisError as error:
            log.warning("an answer breaks off: %s", error.message)
            return False
        finally:
            await self._pieces.aclose()
        return True


async def begun(request: Request, stream: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """`stream` after its first item, which only says that the request was accepted; raises what it raises."""
    await attended(request, _first(stream))
    return stream


async def _first(stream: AsyncGenerator[T, None]) -> T:
    return await anext(stream)

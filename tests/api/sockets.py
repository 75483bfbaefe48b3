"""The application behind a real uvicorn, and a client of its WebSockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Self

import uvicorn
from fastapi import FastAPI
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)

from visavis.pool import PushAudio, SessionHandle
from visavis.session.events import AnyEvent
from visavis.testing.fake_pool import FakeSession


class Client:
    """A WebSocket's client side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._events: list[Event] = []
        self._text = ""

    @classmethod
    @asynccontextmanager
    async def connected(cls, port: int, path: str, headers: dict[str, str] | None = None) -> AsyncIterator[Self]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        client = cls(reader, writer)
        extra = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        await client._send(Request(host=f"127.0.0.1:{port}", target=path, extra_headers=extra))
        try:
            yield client
        finally:
            writer.close()
            await writer.wait_closed()

    async def accepted(self) -> Self:
        assert isinstance(await self._event(), AcceptConnection)
        return self

    async def refused(self) -> int:
        event = await self._event()
        assert isinstance(event, RejectConnection)
        return event.status_code

    async def say(self, **message: Any) -> None:
        await self.text(json.dumps(message))

    async def text(self, text: str) -> None:
        await self._send(TextMessage(text))

    async def sound(self, data: bytes) -> None:
        await self._send(BytesMessage(data))

    async def leave(self) -> None:
        await self._send(CloseConnection(1000))

    async def told(self) -> dict[str, Any]:
        """The next message."""
        event = await self._event()
        assert isinstance(event, TextMessage), event
        self._text += event.data
        if not event.message_finished:
            return await self.told()
        text, self._text = self._text, ""
        message: dict[str, Any] = json.loads(text)
        return message

    async def closed(self) -> int:
        """The code the server closes with; nothing else may come before."""
        event = await self._event()
        assert isinstance(event, CloseConnection), event
        return int(event.code)

    async def _send(self, event: Event) -> None:
        self._writer.write(self._connection.send(event))
        await self._writer.drain()

    async def _event(self) -> Event:
        while True:
            while not self._events:
                async with asyncio.timeout(20):
                    self._connection.receive_data(await self._reader.read(65_536) or None)
                self._events += self._connection.events()
            event = self._events.pop(0)
            if not isinstance(event, Ping):
                return event
            await self._send(event.response())


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[int]:
    """Its port on 127.0.0.1."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            ws="wsproto",
            ws_per_message_deflate=False,
            ws_ping_timeout=None,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup([bound])
        try:
            yield bound.getsockname()[1]
        finally:
            server.should_exit = True
            await server.shutdown([bound])


SAMPLES = b"\1\0" * 320
"""20 ms at 16 kHz."""


def connected(port: int, session: str, **headers: str) -> AbstractAsyncContextManager[Client]:
    """A client that sends sound."""
    return Client.connected(port, f"/sessions/{session}/speak_audio_stream", headers)


def pushed(session: FakeSession) -> list[PushAudio]:
    return [command for command in session.commands if isinstance(command, PushAudio)]


def sound(session: FakeSession) -> bytes:
    return b"".join(command.pcm for command in pushed(session))


async def until(session: SessionHandle, kind: type[AnyEvent], after: int = 0) -> tuple[int, AnyEvent]:
    async with asyncio.timeout(20):
        async for record in session.events(after):
            if isinstance(record.event, kind):
                return record.seq, record.event
    raise AssertionError(f"no {kind.__name__}")

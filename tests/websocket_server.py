"""A WebSocket server for one test, whose connections all behave the same."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from tests.local_server import listening
from tests.test_outbound import LOCAL, reaching
from visavis.outbound import Outbound, OutboundFailed
from visavis.outbound.websocket import WebSocket
from visavis.testing.websocket_peer import WebSocketPeer

Behave = Callable[[WebSocketPeer], Awaitable[None]]


class Server:
    """A local server whose connections all behave the same."""

    def __init__(self, behave: Behave) -> None:
        self._behave = behave
        self.port = 0
        self.peers: list[WebSocketPeer] = []
        self.connections = 0
        self.left = asyncio.Event()
        """Set when a client has gone."""

    @property
    def url(self) -> str:
        return f"ws://{LOCAL}:{self.port}/talk?a=b"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            peer = await WebSocketPeer.meet(reader, writer)
            self.peers.append(peer)
            await self._behave(peer)
            if writer.can_write_eof():
                with suppress(OSError):
                    writer.write_eof()
            while await reader.read(65_536):
                pass
        finally:
            self.left.set()


@asynccontextmanager
async def serving(behave: Behave, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(behave)
    async with listening(server.serve, tls) as server.port:
        yield server


@asynccontextmanager
async def talking(behave: Behave, **options: Any) -> AsyncIterator[tuple[Server, WebSocket]]:
    async with (
        serving(behave) as server,
        reaching(server.url) as outbound,
        outbound.websocket(server.url, **options) as socket,
    ):
        yield server, socket


async def echo(peer: WebSocketPeer) -> None:
    await peer.accept()
    while (message := await peer.receive()) is not None:
        await peer.send(message)


async def failure(outbound: Outbound, url: str, **options: Any) -> OutboundFailed:
    with pytest.raises(OutboundFailed) as failed:
        async with outbound.websocket(url, **options) as socket:
            await socket.receive()
    assert LOCAL not in failed.value.message
    assert "secret" not in failed.value.message
    return failed.value

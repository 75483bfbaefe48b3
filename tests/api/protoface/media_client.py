"""A pipeline's side of the media WebSocket, and the engine's side of a relay."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import httpx
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, RejectConnection, RejectData, Request

from tests.api.sockets import Client
from tests.pool.test_relay import Guest
from visavis.api.protoface.media_records import Kind, MediaRecord, decoded, encoded
from visavis.pool.verbs import Relayed
from visavis.testing.fake_pool import FakeSession
from visavis.transport.relay import RelayRoom

PROTOCOL = "protoface.pipecat.media.v1"


class MediaClient(Client):
    """Sends and receives records."""

    @classmethod
    @asynccontextmanager
    async def asking(
        cls, port: int, session: str, bearer: str = "", offered: Sequence[str] = ()
    ) -> AsyncIterator[Self]:
        async with cls.connected(port, "", None) as client:
            path = f"/v1/pipecat/sessions/{session}/media"
            extra = [(b"Authorization", f"Bearer {bearer}".encode())] if bearer else []
            await client._send(Request(f"127.0.0.1:{port}", path, extra_headers=extra, subprotocols=list(offered)))
            yield client

    @classmethod
    @asynccontextmanager
    async def connected(cls, port: int, path: str, headers: dict[str, str] | None = None) -> AsyncIterator[Self]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(reader, writer)
        finally:
            writer.close()
            await writer.wait_closed()

    async def protocol(self) -> str | None:
        """Wait until it is accepted; the subprotocol that was."""
        event = await self._event()
        assert isinstance(event, AcceptConnection), event
        return event.subprotocol

    async def turned_away(self) -> tuple[int, bytes, dict[bytes, bytes]]:
        event = await self._event()
        assert isinstance(event, RejectConnection), event
        body = await self._event()
        assert isinstance(body, RejectData)
        return event.status_code, bytes(body.data), dict(event.headers)

    async def send(self, kind: int, header: dict[str, Any] | None = None, blob: bytes = b"") -> None:
        await self.sound(encoded(kind, header, blob))  # type: ignore[arg-type]  # also kinds there are not

    async def record(self) -> MediaRecord:
        whole = b""
        while True:
            event = await self._event()
            assert isinstance(event, BytesMessage), event
            whole += bytes(event.data)
            if event.message_finished:
                return decoded(whole)

    async def until(self, kind: Kind) -> MediaRecord:
        while (record := await self.record()).kind != kind:
            pass
        return record

    async def ended(self) -> tuple[int, str]:
        """The error that was told, if any, and the code; whatever media come before."""
        told = ""
        while True:
            event = await self._event()
            if isinstance(event, CloseConnection):
                return int(event.code), told
            assert isinstance(event, BytesMessage)
            whole = bytes(event.data)
            while not event.message_finished:
                event = await self._event()
                assert isinstance(event, BytesMessage)
                whole += bytes(event.data)
            record = decoded(whole)
            if record.kind == Kind.ERROR:
                told = record.header["message"]


class Visit:
    """The engine's side: a session that has come to its relay."""

    def __init__(self, session: FakeSession) -> None:
        relayed = session.request.room
        assert isinstance(relayed, Relayed)
        self.relayed = relayed
        self.guest = Guest()
        self.room = RelayRoom(relayed.path)

    async def __aenter__(self) -> Self:
        await self.room.join(self.guest)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.room.close()

    async def told(self, count: int) -> list[str]:
        return [await self.guest.told.get() for _ in range(count)]


async def bootstrap(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    body = {"avatar_id": "av_demo", "relay_mode": "websocket"} | changes
    answer = await client.post("/v1/pipecat/sessions", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made

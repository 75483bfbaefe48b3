"""The other side of a WebSocket, for stubs: real sockets, wsproto, and everything that can be done wrong."""

import asyncio
from collections.abc import Mapping
from typing import Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError


class WebSocketPeer:
    """A client's connection. `meet` it, then `accept` or `refuse` it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._events: list[Event] = []
        self.path = ""
        """With its query."""
        self.headers: Mapping[str, str] = {}
        """Names in lower case."""
        self.subprotocols: list[str] = []
        self.pongs: list[bytes] = []
        """What pings were answered with."""
        self.close_code: int | None = None
        """What the client closed with; None if it just left, or is there."""

    @classmethod
    async def meet(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Self:
        """Read the client's request. `ConnectionError` if it is none for a WebSocket."""
        peer = cls(reader, writer)
        event = await peer._event()
        if not isinstance(event, Request):
            raise ConnectionResetError("no WebSocket was asked for")
        peer.path = event.target
        peer.headers = {name.decode().lower(): value.decode() for name, value in event.extra_headers}
        peer.headers = {**peer.headers, "host": event.host}
        peer.subprotocols = list(event.subprotocols)
        return peer

    async def accept(self, subprotocol: str | None = None) -> None:
        """Open the WebSocket."""
        await self._send(AcceptConnection(subprotocol=subprotocol))

    async def refuse(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        """Answer with an HTTP status, and JSON."""
        sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
        raw = [(name.encode(), value.encode()) for name, value in sent.items()]
        await self._send(RejectConnection(status_code=status, headers=raw, has_body=True))
        await self._send(RejectData(data=body, body_finished=True))

    async def send(self, message: str | bytes, *, finished: bool = True) -> None:
        """A message, or a part of one."""
        if isinstance(message, str):
            await self._send(TextMessage(data=message, message_finished=finished))
        else:
            await self._send(BytesMessage(data=message, message_finished=finished))

    async def ping(self, payload: bytes = b"") -> None:
        """Ask whether the client is there."""
        await self._send(Ping(payload=payload))

    async def raw(self, data: bytes) -> None:
        """Bytes that need not be of the protocol."""
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> str | bytes | None:
        """The client's next message; None when it closes or leaves."""
        parts: list[str | bytes] = []
        while True:
            event = await self._event()
            if event is None:
                return None
            if isinstance(event, CloseConnection):
                self.close_code = int(event.code)
                await self._send(event.response())
                return None
            if isinstance(event, Pong):
                self.pongs.append(bytes(event.payload))
            elif isinstance(event, Ping):
                await self._send(event.response())
            elif isinstance(event, TextMessage | BytesMessage):
                parts.append(event.data if isinstance(event, TextMessage) else bytes(event.data))
                if event.message_finished:
                    whole: str | bytes = (
                        "".join(map(str, parts))
                        if isinstance(event, TextMessage)
                        else b"".join(part for part in parts if isinstance(part, bytes))
                    )
                    return whole

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the conversation."""
        await self._send(CloseConnection(code=code, reason=reason or None))

    async def _send(self, event: Event) -> None:
        try:
            data = self._protocol.send(event)
        except LocalProtocolError as error:
            raise ConnectionResetError("the client has closed") from error
        await self.raw(data)

    async def _event(self) -> Event | None:
        while not self._events:
            data = await self._reader.read(65_536)
            if not data:
                return None
            try:
                self._protocol.receive_data(data)
                self._events += self._protocol.events()
            except RemoteProtocolError as error:
                raise ConnectionResetError("what came was not a WebSocket") from error
        return self._events.pop(0)

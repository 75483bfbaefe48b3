"""WebSockets (RFC 6455) to the hosts the operator has named; `Outbound.websocket` opens them.

wsproto knows the protocol and no sockets; the connection is made and its addresses are checked as for HTTP.
Compression is not offered: what is spoken over these is sound, which gains nothing.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from visavis.outbound.failures import HandshakeRefused, OutboundFailed, WebSocketClosed, engine_failures

if TYPE_CHECKING:
    import httpcore

READ_AT_ONCE = 64 * 1024
"""Bytes."""

MAX_REFUSAL_BYTES = 16 * 1024
"""What is read of the body of a refused handshake; a reason is near its beginning."""

REFUSAL_SECONDS = 1.0
"""How long that body is waited for."""

NORMAL = 1000
"""The close code of a conversation that is over (RFC 6455, 7.4.1)."""

NO_CODE = 1005
"""Stands for a close without a code."""

_BROKE = "the connection broke, or what came was not of the WebSocket protocol"


class WebSocket:
    """An open WebSocket. One task may receive while others send; pings are answered while someone receives."""

    def __init__(
        self, stream: "httpcore.AsyncNetworkStream", timeout: float, deadline: float, max_message: int
    ) -> None:
        self._stream = stream
        self._timeout = timeout
        self._deadline = deadline
        self._max_message = max_message
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: list[Event] = []
        self._parts: list[Any] = []
        self._size = 0
        self._sending = asyncio.Lock()
        self._closed: WebSocketClosed | None = None
        self.subprotocol: str | None = None
        """The one the other side chose."""

    async def shake_hands(
        self, host: str, path: str, headers: Mapping[str, str], subprotocols: Sequence[str]
    ) -> None:
        """Ask for a WebSocket at `path`. `HandshakeRefused` if the answer is another one."""
        for name, value in headers.items():
            # Said here, since the library's own words would quote it, and it may be a key.
            if not name or not (name + value).isascii() or not (name + value).isprintable():
                raise OutboundFailed("refused", "a header of the request has characters that cannot be sent")
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        request = Request(host=host, target=path, subprotocols=list(subprotocols), extra_headers=extra)
        await self._write(self._protocol.send(request))
        give_up = self._give_up()
        event = await self._event(give_up)
        if isinstance(event, AcceptConnection):
            if event.subprotocol is not None and event.subprotocol not in subprotocols:
                raise OutboundFailed("broken", _BROKE)
            self.subprotocol = event.subprotocol
        elif isinstance(event, RejectConnection):
            answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in event.headers}
            told = await self._refusal() if event.has_body else None
            raise HandshakeRefused(event.status_code, answered, told)
        else:
            raise OutboundFailed("broken", _BROKE)

    async def send(self, message: str | bytes) -> None:
        """Send a message. `WebSocketClosed` if it is known that nobody takes it."""
        event = TextMessage(data=message) if isinstance(message, str) else BytesMessage(data=message)
        await self._send(event)

    async def receive(self) -> str | bytes:
        """The next message. `WebSocketClosed` if there are no more, `OutboundFailed` if it comes too late."""
        if self._closed is not None:
            raise self._closed
        give_up = self._give_up()
        while True:
            event = await self._event(give_up)
            if isinstance(event, Ping):
                # Pings keep a connection alive, and are no sign that an answer is on its way.
                await self._send(event.response())
            elif isinstance(event, CloseConnection):
                await self._leave(event)
            elif isinstance(event, TextMessage | BytesMessage):
                if (message := self._joined(event)) is not None:
                    return message
                give_up = self._give_up()

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Messages until the other side ends the conversation in order; raises as `receive` does."""
        while True:
            try:
                message = await self.receive()
            except WebSocketClosed as closed:
                if closed.close_code == NORMAL:
                    return
                raise
            yield message

    async def close(self, code: int = NORMAL) -> None:
        """Tell the other side that the conversation is over, and don't wait for what it says to that."""
        if self._closed is None:
            self._closed = WebSocketClosed(code)
            with suppress(OutboundFailed, LocalProtocolError):
                await self._write(self._protocol.send(CloseConnection(code=code)))

    def _joined(self, event: TextMessage | BytesMessage) -> str | bytes | None:
        """The message that this part ends. What has come of one is kept when `receive` is cancelled."""
        self._parts.append(event.data)
        self._size += len(event.data.encode() if isinstance(event.data, str) else event.data)
        if self._size > self._max_message:
            raise OutboundFailed("too_large", "a message is too long")
        if not event.message_finished:
            return None
        parts, self._parts, self._size = self._parts, [], 0
        return "".join(parts) if isinstance(event, TextMessage) else b"".join(parts)

    async def _leave(self, event: CloseConnection) -> None:
        """Answer a close; a message that breaks the protocol arrives as one, too."""
        if self._protocol.state is not ConnectionState.REMOTE_CLOSING:
            await self.close(int(event.code))
            raise OutboundFailed("broken", _BROKE)
        self._closed = WebSocketClosed(int(event.code), event.reason or "")
        with suppress(OutboundFailed, LocalProtocolError):
            await self._write(self._protocol.send(event.response()))
        raise self._closed

    async def _send(self, event: Event) -> None:
        if self._closed is not None:
            raise self._closed
        try:
            data = self._protocol.send(event)
        except LocalProtocolError as error:
            raise WebSocketClosed(NO_CODE) from error
        await self._write(data)

    async def _write(self, data: bytes) -> None:
        async with self._sending:
            with engine_failures():
                await self._stream.write(data, timeout=self._seconds(self._give_up()))

    async def _event(self, give_up: float) -> Event:
        """The next event, which has to come by `give_up` (of the loop's clock)."""
        while not self._events:
            with engine_failures():
                data = await self._stream.read(READ_AT_ONCE, timeout=self._seconds(give_up))
            if not data:
                raise OutboundFailed("broken", _BROKE)
            try:
                self._protocol.receive_data(data)
                self._events += self._protocol.events()
            except (RemoteProtocolError, LocalProtocolError, UnicodeError) as error:
                raise OutboundFailed("broken", _BROKE) from error
        return self._events.pop(0)

    async def _refusal(self) -> Any:
        """The JSON of a refused handshake; None if it has none, or none in time."""
        body = b""
        with suppress(TimeoutError, OutboundFailed, ValueError, RecursionError):
            async with asyncio.timeout(REFUSAL_SECONDS):
                while isinstance(event := await self._event(self._deadline), RejectData):
                    body += event.data
                    if len(body) > MAX_REFUSAL_BYTES:
                        return None
                    if event.body_finished:
                        return json.loads(body)
        return None

    def _give_up(self) -> float:
        return min(asyncio.get_running_loop().time() + self._timeout, self._deadline)

    def _seconds(self, give_up: float) -> float:
        left = give_up - asyncio.get_running_loop().time()
        if left <= 0:
            raise OutboundFailed("timeout", "the other side did not answer in time")
        return left

"""A client's WebSocket: messages of a bounded size, answers that don't mind if it has gone, and how it says no."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import msgspec
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from visavis.api.statuses import GENERIC
from visavis.errors import Conflict, NotFound, TooLarge, VisavisError, WorkerLost

MAX_SOUND = 1024 * 1024
"""Bytes of a binary message; 20 ms are recommended, which is 640 at 16 kHz (contract opentalking 1.7)."""

MAX_TEXT = 4096
"""Characters of a text message."""

DONE = 1000
TOO_LARGE = 1009
INTERNAL = 1011
WRONG, UNKNOWN, LATE, CONFLICT = 4400, 4004, 4408, 4409
"""Close codes (RFC 6455, 7.4): the last four say as the statuses 400, 404, 408 and 409 do; deployed clients know
4400, 4004, 4408 and 1011 (contract opentalking 1.7)."""

log = logging.getLogger(__name__)


class Socket:
    """One connection. One task may receive while others tell."""

    def __init__(self, connection: WebSocket) -> None:
        self._connection = connection
        self._telling = asyncio.Lock()

    async def receive(self, patience: float) -> bytes | str | None:
        """The next message; None if the client has gone. `TooLarge`; `TimeoutError` after `patience` seconds."""
        async with asyncio.timeout(patience):
            message = await self._connection.receive()
        if message["type"] == "websocket.disconnect":
            return None
        sound: bytes | None = message.get("bytes")
        if sound is None:
            text = str(message["text"])
            # What no command needs is not one.
            return text if len(text) <= MAX_TEXT else ""
        if len(sound) > MAX_SOUND:
            raise TooLarge(f"a message may have at most {MAX_SOUND} bytes; send 20 ms at a time")
        return sound

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Send a message, if the client is still there."""
        await self._send(self._connection.send_text, msgspec.json.encode(message).decode())

    async def close(self, code: int) -> None:
        """End the conversation, if it is not over."""
        await self._send(self._connection.close, code)

    async def _send(self, send: Callable[[Any], Awaitable[None]], what: Any) -> None:
        async with self._telling:
            if self._open:
                try:
                    await send(what)
                # The server says the latter where it has itself closed: over its own limits, at its end.
                except (WebSocketDisconnect, RuntimeError):
                    log.debug("a client left before it was answered")

    @property
    def _open(self) -> bool:
        states = (self._connection.application_state, self._connection.client_state)
        return states == (WebSocketState.CONNECTED, WebSocketState.CONNECTED)


def error(code: str, message: str) -> dict[str, str]:
    """What went wrong, in the contract's words."""
    return {"type": "error", "code": code, "message": message}


def in_both(code: str, message: str) -> dict[str, str]:
    """The same for a client whose dialect is not known: deployed ones look for `error`."""
    return error(code, message) | {"error": message}


def code_of(failure: VisavisError) -> str:
    """The stable word for a failure."""
    if isinstance(failure, Conflict):
        return "interrupted" if failure.message == "interrupted" else "terminated"
    return failure.code


def close_code(failure: VisavisError) -> int:
    """What the conversation ends with after a failure."""
    match failure:
        case NotFound():
            return UNKNOWN
        case Conflict() | WorkerLost():
            return CONFLICT
        case TooLarge():
            return TOO_LARGE
        case _:
            return WRONG


def words(failure: VisavisError) -> str:
    """A failure's message, unless it is a defect of ours."""
    return GENERIC if type(failure) is VisavisError else failure.message


async def attended(socket: Socket, conversation: Coroutine[Any, Any, None]) -> None:
    """Carry a conversation out; whatever it raises ends it in order."""
    try:
        await conversation
    except VisavisError as failure:
        await socket.tell(in_both(code_of(failure), words(failure)))
        await socket.close(close_code(failure))
    except TimeoutError:
        await socket.tell(in_both("idle", "nothing came for too long"))
        await socket.close(LATE)
    except Exception:  # noqa: BLE001  the supervision point: nothing may leave as a traceback
        log.exception("a WebSocket conversation failed")
        await socket.tell(in_both("internal", GENERIC))
        await socket.close(INTERNAL)

"""`X-Request-Id` (contract protoface 1.2): on every answer of the family, and in every error."""

from collections.abc import Callable
from contextvars import ContextVar

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.ids import ulid

HEADER = "X-Request-Id"

STARTS = ("http.response.start", "websocket.http.response.start")
"""How answers begin, also those that refuse a WebSocket."""

_current: ContextVar[str] = ContextVar("request_id")


def request_id() -> str:
    """That of the request that is being answered."""
    return _current.get(None) or new_request_id()


def new_request_id() -> str:
    """`req_` and a ULID."""
    return f"req_{ulid()}"


class RequestIds:
    """Pure ASGI middleware: gives each request whose path `owned` approves of an id, and its answer, too."""

    def __init__(self, app: ASGIApp, owned: Callable[[str], bool]) -> None:
        self._app = app
        self._owned = owned

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] not in ("http", "websocket") or not self._owned(scope["path"]):
            await self._app(scope, receive, send)
            return
        number = new_request_id()

        async def with_id(message: Message) -> None:
            if message["type"] in STARTS:
                MutableHeaders(scope=message)[HEADER] = number
            await send(message)

        token = _current.set(number)
        try:
            await self._app(scope, receive, with_id)
        finally:
            _current.reset(token)

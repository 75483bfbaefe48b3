"""Refuses bodies that are too large while they stream in: nothing beyond the limit is kept or handed on."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from visavis.errors import TooLarge

Refuse = Callable[[Scope, TooLarge], ASGIApp]
"""Makes the answer to a refused request, in the dialect of its path. A Starlette `Response` is an `ASGIApp`."""


class BodyLimit:
    """Pure ASGI middleware: a request whose body is over its limit is answered with what `refuse` makes.

    `max_bytes` holds for every path except those that begin with a prefix in `overrides`, where the
    longest prefix that fits says the limit; prefixes end at a `/` or at the end of the path. `endings` does
    the same by a path's last part, for uploads below an id.
    An announced length is believed only to refuse early; what arrives is counted in any case.

    If the application began to answer before the limit was passed, its answer can't be replaced: it then
    sees the client as disconnected, as it would if the connection had been cut there.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_bytes: int,
        refuse: Refuse,
        overrides: Mapping[str, int] | None = None,
        endings: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._refuse = refuse
        self._endings = dict(endings or {})
        self._overrides = sorted((overrides or {}).items(), key=lambda item: len(item[0]), reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        if _announced(scope) > limit:
            await self._answer(limit, scope, receive, send)
            return

        counted = 0
        refused = answering = False

        async def counting_receive() -> Message:
            nonlocal counted, refused
            if refused:
                return {"type": "http.disconnect"}
            message = await receive()
            counted += len(message.get("body", b""))
            if counted > limit:
                refused = True
                if answering:
                    return {"type": "http.disconnect"}
                raise _OverLimit
            return message

        async def gated_send(message: Message) -> None:
            nonlocal answering
            # FastAPI turns whatever a body reader raises into a 400 of its own: ours goes out instead.
            if refused and not answering:
                return
            answering = True
            await send(message)

        with suppress(_OverLimit):
            await self._app(scope, counting_receive, gated_send)
        if refused and not answering:
            await self._answer(limit, scope, receive, send)

    def _limit(self, path: str) -> int:
        if limit := self._endings.get(path.rpartition("/")[2]):
            return limit
        for prefix, limit in self._overrides:
            if path == prefix or path.startswith(prefix.rstrip("/") + "/"):
                return limit
        return self._max_bytes

    async def _answer(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        error = TooLarge(f"the body is larger than the {limit} bytes that are accepted here")
        await self._refuse(scope, error)(scope, receive, send)


class _OverLimit(ClientDisconnect):
    """Stops whoever reads the body; to them it looks as if the client had gone."""


_DIGITS = 18
"""A length of more digits is over every limit; Python would refuse to read one of thousands."""


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value) if len(value) <= _DIGITS else sys.maxsize
    return 0

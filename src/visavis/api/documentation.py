"""`/docs` and `/redoc` without a network: their scripts are on board, and a policy holds them to that."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PATHS = frozenset({"/docs", "/docs/oauth2-redirect", "/redoc"})

POLICY = "default-src 'self' 'unsafe-inline' blob: data:; base-uri 'none'; frame-ancestors 'none'"
"""Redoc would load its maker's logo from a public host."""


class StayHome:
    """Pure ASGI middleware: the documentation's pages may load nothing from another host."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; its answer gets the policy if it is one of the pages."""
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self._app(scope, receive, send)
            return

        async def with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        await self._app(scope, receive, with_policy)

"""Which pages may open a WebSocket: browsers hold no page back from one of another host, so the server has to."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection


def welcome(connection: HTTPConnection, cors_origins: str) -> bool:
    """Whether the page that connects is our own, or of one of `cors_origins`, or no page at all."""
    origin = connection.headers.get("origin")
    if origin is None or urlsplit(origin).netloc == connection.headers.get("host"):
        return True
    allowed = [each.strip() for each in cors_origins.split(",")]
    return origin in allowed or "*" in allowed

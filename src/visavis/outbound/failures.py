"""How a request to another host fails. The texts are fixed: nothing of what the other side sent is in them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Literal

from visavis.errors import VisavisError

Reason = Literal["refused", "unreachable", "timeout", "too_large", "broken"]


class OutboundFailed(VisavisError):
    """A request was refused here, or got no complete answer."""

    code: ClassVar[str] = "outbound_failed"

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class HandshakeRefused(OutboundFailed):
    """A service answered the request for a WebSocket with something else."""

    def __init__(self, status: int, headers: Mapping[str, str], told: Any = None) -> None:
        super().__init__("broken", f"the other side did not open a WebSocket (status {status})")
        self.status = status
        """Of HTTP: 401, 429, 503, or a redirect, which is not followed."""
        self.headers = headers
        """Names in lower case."""
        self.told = told
        """The JSON of its body, None if there is none: for `short_reason`, not for messages as it is."""


class WebSocketClosed(OutboundFailed):
    """The other side closed the WebSocket, or it was closed here."""

    def __init__(self, code: int, told: str = "") -> None:
        super().__init__("broken", f"the other side ended the conversation (code {code})")
        self.close_code = code
        """As in RFC 6455, 7.4; 1005 without one."""
        self.told = told
        """The other side's words: not for messages as they are; `short_reason` cleans them."""


@contextmanager
def engine_failures() -> Iterator[None]:
    """Turn the engine's errors into ours."""
    import httpcore

    try:
        yield
    except httpcore.TimeoutException as error:
        raise OutboundFailed("timeout", "the other side did not answer in time") from error
    except httpcore.ConnectError as error:
        text = "cannot connect: nothing listens there, or its certificate is not accepted"
        raise OutboundFailed("unreachable", text) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise OutboundFailed("broken", "the connection broke, or what came was not HTTP") from error

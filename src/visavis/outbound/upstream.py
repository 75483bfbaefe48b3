"""What is said of a service that fails, behind HTTP or a WebSocket.

Fixed texts, and at most the short reason it gave itself.
"""

import asyncio
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from visavis.errors import UpstreamFailed
from visavis.outbound import HandshakeRefused, OutboundFailed, Response, WebSocketClosed
from visavis.streams import closing

MAX_REASON = 200
"""Characters of the other side's own words in a message."""

MAX_ERROR_BYTES = 16 * 1024
"""What is read of an answer with an error status; a reason is near its beginning."""

ERROR_SECONDS = 1.0
"""How long a reason is waited for after the status."""

_PRIVATE = re.compile(
    r"""
      \b[a-z][a-z0-9+.-]*://\S+  |  \bwww\.\S+              # a URL
    | (?<![\w.])(?:~|\.{1,2})?/[^\s/]+/\S*  |  \b[a-z]:\\\S+  # a path
    | \[[0-9a-f:.]+\](?::\d+)?  |  \b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b  |  \b[a-z][\w.-]*:\d{2,5}\b  # a host
    | \bbearer\s+\S+  |  \b(?:sk|pk|key|token)[-_][\w*.-]{4,}  |  [\w+/=*-]{24,}  # a key, or what may be one
    """,
    re.VERBOSE | re.IGNORECASE,
)

_STATUS = {
    400: "refused the request",
    404: "was not found; check {address}",
    413: "was sent too much at once",
    422: "refused the request",
    429: "is over its rate limit or quota; try again later",
}

_KEY_REFUSED = (401, 403)

_LOST = {
    "unreachable": "cannot be reached; check {address} and that it runs",
    "timeout": "did not answer in time",
    "too_large": "answered with far too much",
    "broken": "broke off in the middle of the answer",
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A service, as error messages call it."""

    stage: str
    """As in `StageFailed`."""
    name: str
    """`the speech service`."""
    address: str = "its address"
    """What to check when it is not there: the setting its address comes from, if it comes from one."""
    key: str = "its key"
    """What to check when it refuses the key."""

    def failed(self, what: str, reason: str = "") -> UpstreamFailed:
        """The error that says `what` went wrong; `reason` as `short_reason` gives it."""
        return UpstreamFailed(self.stage, f"{self.name} {what}" + (f": {reason}" if reason else ""))

    def lost(self, error: OutboundFailed, hide: Iterable[str] = ()) -> UpstreamFailed:
        """The error for a request without a complete answer; `hide` is for what a WebSocket says at its end."""
        if isinstance(error, HandshakeRefused):
            return self._status(error.status, error.told, hide)
        if error.reason == "refused":
            return self.failed("may not be connected to", error.message)
        told = short_reason(error.told, hide) if isinstance(error, WebSocketClosed) else ""
        return self.failed(_LOST[error.reason].format(address=self.address), told)

    async def refused(self, response: Response, hide: Iterable[str] = ()) -> UpstreamFailed:
        """The error for an answer with an error status; what is in `hide` is not repeated from its reason."""
        told = None if response.status in _KEY_REFUSED else await _told(response)
        return self._status(response.status, told, hide)

    def _status(self, status: int, told: Any, hide: Iterable[str]) -> UpstreamFailed:
        if status in _KEY_REFUSED:
            # Services repeat the key, or parts of it, in their reason.
            return self.failed(f"refused the key; check {self.key} (status {status})")
        text = "has failed; try again later" if status >= 500 else "answered with something else; check {address}"
        text = _STATUS.get(status, text).format(address=self.address)
        return self.failed(f"{text} (status {status})", short_reason(told, hide))

    def rubbish(self) -> UpstreamFailed:
        """The error for an answer that breaks the protocol."""
        return self.failed(f"answered with something that the protocol does not have; check {self.address}")


def parsed(text: str | bytes) -> Any:
    """A JSON value; `ValueError` if it is none, or is nested too deeply to be one of ours."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def short_reason(told: Any, hide: Iterable[str] = ()) -> str:
    """At most 200 printable characters of an error that a service reports, without addresses, paths and keys.

    `told` is a text, or JSON that has one in the usual place: `error`, `error.message`, `message`, `detail`.
    Empty if there is none.
    """
    while isinstance(told, dict):
        told = next((told[key] for key in ("error", "message", "detail") if told.get(key)), None)
    if not isinstance(told, str):
        return ""
    for private in hide:
        told = told.replace(private, "…") if private else told
    told = _PRIVATE.sub("…", told[: 10 * MAX_REASON])
    words = " ".join(told.split())
    return "".join(character for character in words if character.isprintable())[:MAX_REASON]


async def _told(response: Response) -> Any:
    """The JSON of an error answer; None if it has none, or none in time."""
    body = b""
    with suppress(TimeoutError, OutboundFailed, ValueError):
        async with asyncio.timeout(ERROR_SECONDS), closing(response.pieces()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > MAX_ERROR_BYTES:
                    return None
        return parsed(body)
    return None

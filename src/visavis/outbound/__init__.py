"""The only module that opens connections to configured or requested addresses.

A request goes to a host the operator has named, at an address that was looked at first and is then connected to
itself: a name that changes between the look and the connection (DNS rebinding) gains nothing. Redirects and
proxies from the environment are never followed. Every wait and every size has a limit. Errors have fixed texts:
nothing of what the other side sent is in them.

httpcore, the engine of httpx, is used by itself because only it lets its user make the connection. WebSockets go
the same way: `visavis.outbound.websocket`.
"""

import asyncio
import json as jsonlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from visavis.outbound.addresses import Resolve, acceptable, system_resolve
from visavis.outbound.failures import HandshakeRefused, OutboundFailed, Reason, WebSocketClosed, engine_failures
from visavis.settings import Settings

if TYPE_CHECKING:
    import ssl

    import httpcore

    from visavis.outbound.websocket import WebSocket

__all__ = ["HandshakeRefused", "Outbound", "OutboundFailed", "Reason", "Response", "WebSocketClosed"]

CONNECT_TIMEOUT = 5.0
"""Seconds to look up a name and connect."""

MAX_BYTES = 16 * 1024 * 1024
"""The most that is read of one answer unless the caller says otherwise."""

MAX_LINE_BYTES = 1024 * 1024
"""The longest line of a streamed answer."""

SENT_AT_ONCE = 64 * 1024
"""Bytes of a request that are sent within one time limit."""

MAX_MESSAGE = 1024 * 1024
"""The longest message of a WebSocket, in bytes, unless the caller says otherwise."""


@dataclass(frozen=True, slots=True)
class _Target:
    """A URL, taken apart once, so that what is checked is what is connected to."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as the header `Host` has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Site:
    """Where requests may go."""

    host: str
    """Lower case; `*.domain` for all names below it, `*` for every name."""
    port: int | None = None
    """None for any."""

    @property
    def exact(self) -> bool:
        """Whether the operator named this very host, which may then have a private address."""
        return not self.host.startswith("*")

    def covers(self, host: str, port: int) -> bool:
        """Whether requests may go there."""
        if self.port not in (None, port):
            return False
        return host.endswith(self.host[1:]) if not self.exact else host == self.host


class Response:
    """An answer that is being read."""

    def __init__(self, response: "httpcore.Response", deadline: float, max_bytes: int) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
        }
        """Names in lower case."""
        self._stream = response.aiter_stream()
        self._deadline = deadline
        self._left = max_bytes

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives. `OutboundFailed` if it is too long, too late or cut."""
        with engine_failures():
            async for piece in self._stream:
                self._left -= len(piece)
                if self._left < 0:
                    raise OutboundFailed("too_large", "the answer is too long")
                if asyncio.get_running_loop().time() > self._deadline:
                    raise OutboundFailed("timeout", "the answer took too long")
                yield piece

    async def lines(self) -> AsyncIterator[str]:
        """The body's lines (UTF-8, ended by LF or CRLF) without their ends, as they arrive."""
        rest = b""
        async for piece in self.pieces():
            *complete, rest = (rest + piece).split(b"\n")
            for line in complete:
                yield line.removesuffix(b"\r").decode("utf-8", "replace")
            if len(rest) > MAX_LINE_BYTES:
                raise OutboundFailed("too_large", "a line of the answer is too long")
        if rest:
            yield rest.decode("utf-8", "replace")

    async def body(self) -> bytes:
        """The whole body."""
        return b"".join([piece async for piece in self.pieces()])

    async def drain(self, seconds: float = 0.1) -> None:
        """Read past the end of what matters, so that the connection can be kept; give up after `seconds`."""
        with suppress(TimeoutError, OutboundFailed):
            async with asyncio.timeout(seconds):
                await self.body()


class Outbound:
    """Requests to the hosts that the operator has named, over kept connections. `aclose` it in the same loop."""

    def __init__(self, settings: Settings, configured: Iterable[str] = (), resolve: Resolve | None = None) -> None:
        """`configured` are URLs from the settings: their hosts may be reached, each at its port."""
        entries = (entry.strip().lower() for entry in settings.outbound_allow.split(","))
        self._sites = {_site(entry) for entry in entries if entry}
        for url in configured:
            target = _target(url, tuple(_PORTS))
            self._sites.add(_Site(target.host, target.port))
        self._resolve = resolve or system_resolve
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}
        self._tls: ssl.SSLContext | None = None

    @classmethod
    def for_configured(cls, settings: Settings, url: str, resolve: Resolve | None = None) -> "Outbound":
        """The usual way of a provider: also reaches the host of the one URL it is configured with."""
        return cls(settings, [url], resolve)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        content: bytes = b"",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        total: float = 600.0,
        max_bytes: int = MAX_BYTES,
    ) -> AsyncIterator[Response]:
        """Send a request, once; inside the block its answer can be read, after it the rest is dropped.

        Its body is `json`, or else `content`, which is of `content_type`. `timeout` is in seconds between bytes,
        `total` for everything. Any status is an answer. `OutboundFailed` if the host is not allowed, cannot be
        reached, does not take the body or does not answer.
        """
        target = _target(url, ("http", "https"))
        self._check(target.host, target.port)
        pool = await self._pool(target.scheme)
        import httpcore

        sent = {"Host": target.authority, "Accept-Encoding": "identity", "User-Agent": "visavis"}
        if json is not None:
            content, content_type = jsonlib.dumps(json).encode(), "application/json"
        if content or method != "GET":
            sent |= {"Content-Type": content_type, "Content-Length": str(len(content))}
        limits = {"connect": CONNECT_TIMEOUT, "pool": CONNECT_TIMEOUT, "read": timeout, "write": timeout}
        deadline = asyncio.get_running_loop().time() + total
        with engine_failures():
            async with pool.stream(
                method,
                httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
                headers=list({**sent, **(headers or {})}.items()),
                content=_body(content, deadline) if content else b"",
                extensions={"timeout": limits},
            ) as response:
                yield Response(response, deadline, max_bytes)

    @asynccontextmanager
    async def websocket(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        timeout: float = 30.0,
        total: float = 600.0,
        max_message: int = MAX_MESSAGE,
    ) -> AsyncIterator["WebSocket"]:
        """Open a WebSocket; inside the block messages can be sent and received, after it it is closed.

        `url` begins with `wss://` or `ws://`. `timeout` is in seconds for an answer, each message and each part
        of one, `total` for everything, `max_message` in bytes. `OutboundFailed` as for `stream`;
        `HandshakeRefused` if the answer has another status.
        """
        target = _target(url, ("ws", "wss"))
        self._check(target.host, target.port)
        from visavis.outbound.websocket import WebSocket

        deadline = asyncio.get_running_loop().time() + total
        tls = await self._certificates() if target.scheme == "wss" else None
        with engine_failures():
            plain = await _pinned(self.addresses).connect_tcp(target.host, target.port, CONNECT_TIMEOUT)
        async with aclosing(plain):
            stream = plain
            if tls is not None:
                with engine_failures():
                    stream = await plain.start_tls(tls, target.host, CONNECT_TIMEOUT)
            socket = WebSocket(stream, timeout, deadline, max_message)
            sent = {"User-Agent": "visavis", **(headers or {})}
            await socket.shake_hands(target.authority, target.path, sent, subprotocols)
            yield socket
            await socket.close()

    async def aclose(self) -> None:
        """Close the kept connections."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host` that may be connected to, the preferred first; `OutboundFailed` if none."""
        private = self._check(host, port)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                found = await self._resolve(host, port)
        except TimeoutError as error:
            raise OutboundFailed("timeout", "the host's name could not be looked up in time") from error
        except OSError as error:
            raise OutboundFailed("unreachable", "the host's name is not known") from error
        if good := [address for address in found if acceptable(address, private=private)]:
            return good
        raise OutboundFailed("refused", "the host has no address that may be connected to")

    def _check(self, host: str, port: int) -> bool:
        """Refuse what is not allowed; answer whether the host may have a private address."""
        covering = [site for site in self._sites if site.covers(host, port)]
        if not covering:
            raise OutboundFailed("refused", "this host is not allowed; add it to VISAVIS_OUTBOUND_ALLOW")
        return any(site.exact for site in covering)

    async def _pool(self, scheme: str) -> "httpcore.AsyncConnectionPool":
        if scheme not in self._pools:
            import httpcore

            tls = await self._certificates() if scheme == "https" else None
            if scheme not in self._pools:
                self._pools[scheme] = httpcore.AsyncConnectionPool(
                    ssl_context=tls,
                    max_connections=100,
                    max_keepalive_connections=10,
                    keepalive_expiry=30.0,
                    network_backend=_pinned(self.addresses),
                )
        return self._pools[scheme]

    async def _certificates(self) -> "ssl.SSLContext":
        """What is trusted. Reading it takes some 20 ms: not on the loop, and not for plain connections."""
        if self._tls is None:
            import httpcore

            self._tls = await asyncio.to_thread(httpcore.default_ssl_context)
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


async def _body(content: bytes, deadline: float) -> AsyncIterator[bytes]:
    """What a request carries, in pieces that each have the time limit to themselves."""
    for start in range(0, len(content), SENT_AT_ONCE):
        if start and asyncio.get_running_loop().time() > deadline:
            raise OutboundFailed("timeout", "the other side took the request too slowly")
        yield content[start : start + SENT_AT_ONCE]


def _pinned(addresses: Callable[[str, int], Awaitable[Sequence[str]]]) -> "httpcore.AsyncNetworkBackend":
    """Connects to the checked addresses of a host, never to its name."""
    import httpcore

    class Pinned(httpcore.AnyIOBackend):
        async def connect_tcp(
            self, host: str, port: int, *args: Any, **kwargs: Any
        ) -> httpcore.AsyncNetworkStream:
            failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
            for address in await addresses(host, port):
                try:
                    return await super().connect_tcp(address, port, *args, **kwargs)
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failed = error
            raise failed or httpcore.ConnectError()

    return Pinned()


_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def _target(url: str, schemes: Sequence[str]) -> _Target:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in schemes or not host or "@" in parts.netloc:
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        raise OutboundFailed("refused", f"not a plain {wanted} address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not all(0 < len(label) < 64 for label in host.split(".")):
        raise OutboundFailed("refused", "the host's name is too long, or has an empty part")
    if not (host + path).isascii() or not (host + path).isprintable() or {" ", "\\"} & set(host + path):
        raise OutboundFailed("refused", "the address has characters that must be percent-encoded")
    return _Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def _site(entry: str) -> _Site:
    """An entry of the allow-list: `host`, `host:port`, `*.domain`, `*`."""
    host, _, port = entry.rpartition(":")
    has_port = port.isdigit() and (":" not in host or host.endswith("]"))
    return _Site(host.strip("[]"), int(port)) if has_port else _Site(entry.strip("[]"))

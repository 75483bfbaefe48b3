"""The only module that opens connections to configured or requested addresses.

A request goes to a host the operator has named, at an address that was looked at first and is then connected to
itself: a name that changes between the look and the connection (DNS rebinding) gains nothing. Redirects and
proxies from the environment are never followed. Every wait and every size has a limit. Errors have fixed texts:
nothing of what the other side sent is in them.

httpcore, the engine of httpx, is used by itself because only it lets its user make the connection.
"""

import asyncio
import json as jsonlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import urlsplit

from visavis.errors import VisavisError
from visavis.outbound.addresses import Resolve, acceptable, system_resolve
from visavis.settings import Settings

if TYPE_CHECKING:
    import httpcore

CONNECT_TIMEOUT = 5.0
"""Seconds to look up a name and connect."""

MAX_BYTES = 16 * 1024 * 1024
"""The most that is read of one answer unless the caller says otherwise."""

MAX_LINE_BYTES = 1024 * 1024
"""The longest line of a streamed answer."""

Reason = Literal["refused", "unreachable", "timeout", "too_large", "broken"]


class OutboundFailed(VisavisError):
    """A request was refused here, or got no complete answer."""

    code: ClassVar[str] = "outbound_failed"

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Target:
    """A URL, taken apart once, so that what is checked is what is connected to."""

    scheme: str
    host: str
    port: int
    path: str


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
        with _failures():
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
            target = _target(url)
            self._sites.add(_Site(target.host, target.port))
        self._resolve = resolve or system_resolve
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}

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
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        total: float = 600.0,
        max_bytes: int = MAX_BYTES,
    ) -> AsyncIterator[Response]:
        """Send a request; inside the block its answer can be read, after it the rest is dropped.

        `timeout` is in seconds between bytes, `total` for everything. Any status is an answer. `OutboundFailed`
        if the host is not allowed, cannot be reached or does not answer.
        """
        target = _target(url)
        self._check(target.host, target.port)
        pool = await self._pool(target.scheme)
        import httpcore

        host = f"[{target.host}]" if ":" in target.host else target.host
        default_port = {"http": 80, "https": 443}[target.scheme]
        sent = {"Host": host if target.port == default_port else f"{host}:{target.port}"}
        sent |= {"Accept-Encoding": "identity", "User-Agent": "visavis"}
        content = b"" if json is None else jsonlib.dumps(json).encode()
        if content or method != "GET":
            sent |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
        limits = {"connect": CONNECT_TIMEOUT, "pool": CONNECT_TIMEOUT, "read": timeout, "write": timeout}
        deadline = asyncio.get_running_loop().time() + total
        with _failures():
            async with pool.stream(
                method,
                httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
                headers=list({**sent, **(headers or {})}.items()),
                content=content,
                extensions={"timeout": limits},
            ) as response:
                yield Response(response, deadline, max_bytes)

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

            # Reading the certificates takes some 20 ms: not on the loop, and not for plain HTTP.
            tls = await asyncio.to_thread(httpcore.default_ssl_context) if scheme == "https" else None
            if scheme not in self._pools:
                self._pools[scheme] = httpcore.AsyncConnectionPool(
                    ssl_context=tls,
                    max_connections=100,
                    max_keepalive_connections=10,
                    keepalive_expiry=30.0,
                    network_backend=_pinned(self.addresses),
                )
        return self._pools[scheme]


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


@contextmanager
def _failures() -> Iterator[None]:
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


def _target(url: str) -> _Target:
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host.encode("idna").decode() if not host.isascii() else host
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise OutboundFailed("refused", "not a plain http:// or https:// address")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not (host + path).isascii() or not (host + path).isprintable() or {" ", "\\"} & set(host + path):
        raise OutboundFailed("refused", "the address has characters that must be percent-encoded")
    return _Target(parts.scheme, host, port or {"http": 80, "https": 443}[parts.scheme], path)


def _site(entry: str) -> _Site:
    """An entry of the allow-list: `host`, `host:port`, `*.domain`, `*`."""
    host, _, port = entry.rpartition(":")
    has_port = port.isdigit() and (":" not in host or host.endswith("]"))
    return _Site(host.strip("[]"), int(port)) if has_port else _Site(entry.strip("[]"))

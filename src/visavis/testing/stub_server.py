"""What stubs of services have in common: a real socket, a script, and a record of who broke the protocol."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ClassVar, Generic, Literal, Self, TypeAlias, TypeVar

from visavis.testing.contract import ContractBroken

UNTOLD = "secret upstream words"
"""In the bodies of failures, in a place where no reason is: nobody may repeat it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status 200."""

    pieces: Iterable[Any] | None = None
    """The body as it is cut on the way, or messages of a WebSocket; None is what the stub usually says."""
    gates: Mapping[int, asyncio.Event] = field(default_factory=dict)
    """The piece of this index is not sent before its event is set."""
    ending: Literal["done", "cut", "stall"] = "done"
    """What follows the pieces: the orderly end; a broken connection; nothing more until the client leaves."""
    content_type: str = ""
    """Empty for the usual one."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer with an error status."""

    status: int
    reason: str = "The stub says no."
    """A short reason, as OpenAI's envelope has it; empty for a body without one."""

    @property
    def body(self) -> bytes:
        """The JSON that is sent."""
        told: dict[str, Any] = {"trace": UNTOLD}
        if self.reason:
            told["error"] = {"message": self.reason, "type": "stub", "param": UNTOLD, "code": None}
        return json.dumps(told).encode()


Fault: TypeAlias = Literal["cut", "stall", "empty", "rubbish", "huge"]
"""What can go wrong with status 200: the connection breaks halfway; nothing comes after the half; the answer is in
order but says nothing; it is not of the protocol; it never ends."""

Behaviour: TypeAlias = Answer | Failure | Fault


@dataclass(slots=True, kw_only=True)
class StubRequest:
    """A good request as it came."""

    headers: Mapping[str, str]
    """Names in lower case; and `:path`, as HTTP/2 calls it."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the answer has been sent or the client has left."""
    abandoned: bool = False
    """Whether the client left before the answer was complete."""


class Refused(Exception):
    """The request breaks the protocol; `status` is the answer to it."""

    def __init__(self, status: int, violation: str) -> None:
        super().__init__(violation)
        self.status = status


R = TypeVar("R", bound=StubRequest)


class StubServer(ABC, Generic[R]):
    """The server; use it as an async context manager. Without a script everybody gets the usual answer."""

    PATH: ClassVar[str]
    SCHEME: ClassVar[str] = "http"

    def __init__(self) -> None:
        self.port = 0
        """Where to listen; 0 for any free port. To be set before the block is entered."""
        self.url = ""
        """The endpoint, once the block is entered."""
        self.requests: list[R] = []
        """Good ones, in the order they came."""
        self.arrived: asyncio.Queue[R] = asyncio.Queue()
        """The same, to wait for."""
        self.connections = 0
        """How many were opened so far."""
        self.violations: list[str] = []
        """How clients broke the protocol."""
        self._script: deque[Behaviour] = deque()
        self._otherwise: Behaviour = Answer()
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def then(self, *behaviours: Behaviour) -> None:
        """What the next requests meet, in this order."""
        self._script.extend(behaviours)

    def always(self, behaviour: Behaviour) -> None:
        """What requests meet that have no place in the script."""
        self._otherwise = behaviour

    def next_behaviour(self) -> Behaviour:
        """What the request that is here meets."""
        return self._script.popleft() if self._script else self._otherwise

    def record(self, request: R) -> None:
        """It is a good one."""
        self.requests.append(request)
        self.arrived.put_nowait(request)

    async def down(self) -> None:
        """Close the port and every connection; `url` stays what it was."""
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client until it is to be disconnected."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.url = f"{self.SCHEME}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self.PATH}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()
        if self.violations and error is None:
            raise ContractBroken("; ".join(self.violations))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # for the type checker
        self._clients.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self.serve(reader, writer)
        finally:
            self._clients.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


class Stub(StubServer[R]):
    """An HTTP server with one path."""

    CONTENT_TYPE: ClassVar[str]
    """Of the usual answer."""

    def __init__(self, api_key: str = "") -> None:
        """With a key, requests have to bring it as a bearer token; without one, they must not bring any."""
        super().__init__()
        self.api_key = api_key

    @property
    def base_url(self) -> str:
        """As `VISAVIS_TTS_URL` and its like want it: without the last two parts of the path."""
        return self.url.rsplit("/", 2)[0]

    @abstractmethod
    def read(self, headers: Mapping[str, str], body: bytes) -> R:
        """The request, if it keeps the protocol; else raise `Refused`."""

    @abstractmethod
    def usual(self) -> list[bytes]:
        """The pieces of a good answer, at least two."""

    @abstractmethod
    def empty(self) -> list[bytes]:
        """A good answer that says nothing."""

    @abstractmethod
    def huge(self) -> Iterable[bytes]:
        """An answer that begins well and has no end."""

    def check(self, path: str, headers: Mapping[str, str]) -> None:
        """Raise `Refused` for a wrong path or key."""
        if path != self.PATH:
            raise Refused(404, f"unknown path {path}")
        if headers.get("authorization", "") != (f"Bearer {self.api_key}" if self.api_key else ""):
            raise Refused(401, "wrong, missing or unexpected bearer token")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """See `StubServer`."""
        seen: bytes | None = b""
        while seen is not None:
            seen = await self._serve(seen, reader, writer)

    async def _serve(
        self, seen: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Answer one request that begins with `seen`; give what was seen of the next, None if there is none."""
        method, path, headers, body = await _request(seen, reader)
        try:
            if method != "POST":
                raise Refused(405, f"{method} is not allowed")
            self.check(path, headers)
            request = self.read({**headers, ":path": path}, body)
        except Refused as refusal:
            self.violations.append(str(refusal))
            await _reply(writer, refusal.status, json.dumps({"error": {"message": str(refusal)}}).encode())
            return b""
        self.record(request)
        behaviour = self.next_behaviour()
        leaving = asyncio.create_task(reader.read(1))
        sending = asyncio.create_task(self._behave(behaviour, writer))
        try:
            await asyncio.wait((leaving, sending), return_when=asyncio.FIRST_COMPLETED)
            if not sending.done() and leaving.result():
                await sending
            request.abandoned = not sending.done()
            if request.abandoned or not sending.result():
                return None
            return leaving.result() if leaving.done() else b""
        except ConnectionError:
            request.abandoned = True
            return None
        finally:
            for task in (leaving, sending):
                task.cancel()
            await asyncio.gather(leaving, sending, return_exceptions=True)
            request.ended.set()

    async def _behave(self, behaviour: Behaviour, writer: asyncio.StreamWriter) -> bool:
        """Answer; False if the connection has to be closed then."""
        if isinstance(behaviour, Failure):
            await _reply(writer, behaviour.status, behaviour.body)
            return True
        answer = behaviour if isinstance(behaviour, Answer) else self._faulty(behaviour)
        await _begin(writer, answer.content_type or self.CONTENT_TYPE)
        for index, piece in enumerate(self.usual() if answer.pieces is None else answer.pieces):
            if gate := answer.gates.get(index):
                await gate.wait()
            if piece:
                await _piece(writer, piece)
        if answer.ending == "stall":
            await asyncio.Event().wait()
        if answer.ending == "cut":
            return False
        await _piece(writer, b"")
        return True

    def _faulty(self, fault: Fault) -> Answer:
        usual = self.usual()
        if fault == "empty":
            return Answer(self.empty())
        if fault == "rubbish":
            return Answer([f"data: <html>{UNTOLD}</html>\n\n".encode()])
        if fault == "huge":
            return Answer(self.huge())
        return Answer(usual[: len(usual) // 2], ending=fault)


def json_object(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The JSON object of a request; `Refused` if it is none, or is not called one."""
    if headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refused(415, "content-type is not application/json")
    try:
        found = json.loads(body)
    except ValueError as error:
        raise Refused(400, "the body is not JSON") from error
    if not isinstance(found, dict):
        raise Refused(422, "the body is not an object")
    return found


def check_fields(found: Iterable[str], needed: set[str], allowed: set[str]) -> None:
    """`Refused` if a field is missing, or is one that the protocol does not have."""
    names = set(found)
    if missing := needed - names:
        raise Refused(422, f"missing: {', '.join(sorted(missing))}")
    if further := names - needed - allowed:
        raise Refused(422, f"unexpected: {', '.join(sorted(further))}")


async def _request(seen: bytes, reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = (seen + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest if line)}
    return method, path, headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def _reply(writer: asyncio.StreamWriter, status: int, body: bytes) -> None:
    head = f"HTTP/1.1 {status} Stub\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def _begin(writer: asyncio.StreamWriter, content_type: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    writer.write(head.encode())
    await writer.drain()


async def _piece(writer: asyncio.StreamWriter, raw: bytes) -> None:
    """One chunk (RFC 9112, 7.1); an empty one ends the answer."""
    writer.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
    await writer.drain()

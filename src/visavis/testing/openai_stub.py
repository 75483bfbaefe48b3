"""A strict local server for the streaming chat protocol of OpenAI, on a real socket, with scripted behaviour.

    async with OpenAIStub() as stub:
        stub.then(Answer(["Hello", " there."]))
        … let a client talk to stub.base_url with stub.api_key …
        assert stub.requests[0].messages[-1]["content"] == "Hi"

A request that breaks the protocol is answered as the real service would, and leaving the block then fails.
Source: OpenAI API reference, "Create chat completion".
"""

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

from visavis.llm import ToolCall
from visavis.testing.contract import ContractBroken

_ROLES = {"system", "developer", "user", "assistant", "tool"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A streamed answer."""

    deltas: Sequence[str] = ("Hello", " from", " the", " stub.")
    tool_calls: Sequence[ToolCall] = ()
    gates: Mapping[int, asyncio.Event] = field(default_factory=dict)
    """The delta of this index is not sent before its event is set."""
    ending: Literal["done", "no-done", "cut", "stall", "error"] = "done"
    """What follows the deltas: the orderly end; the end without `[DONE]`; a broken connection; nothing more until
    the client leaves; an error event."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer with an error status."""

    status: int
    body: str = '{"error": {"message": "secret upstream words", "type": "stub"}}'


@dataclass(frozen=True, slots=True)
class Rubbish:
    """Status 200, and then something that is no chat stream."""

    body: str = "data: <html>not json</html>\n\n"


Behaviour = Answer | Failure | Rubbish


@dataclass(slots=True)
class StubRequest:
    """A request as it came."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: dict[str, Any]
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the answer has been sent or the client has left."""
    abandoned: bool = False
    """Whether the client left before the answer was complete."""

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation it brought."""
        messages: list[dict[str, Any]] = self.body["messages"]
        return messages


class OpenAIStub:
    """The server; use it as an async context manager. Without a script it gives `Answer()` to everybody."""

    def __init__(self, api_key: str = "stub-key", model: str = "stub-model") -> None:
        self.api_key = api_key
        self.model = model
        self.base_url = ""
        """Up to and including `/v1`, once the block is entered."""
        self.requests: list[StubRequest] = []
        """Good ones, in the order they came."""
        self.arrived: asyncio.Queue[StubRequest] = asyncio.Queue()
        """The same, to wait for."""
        self.connections = 0
        """How many were opened so far."""
        self.violations: list[str] = []
        """How clients broke the protocol."""
        self._script: deque[Behaviour] = deque()
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def then(self, *behaviours: Behaviour) -> None:
        """What the next requests meet, in this order."""
        self._script.extend(behaviours)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        if self.violations and error is None:
            raise ContractBroken("; ".join(self.violations))

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # for the type checker
        self._clients.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                seen: bytes | None = b""
                while seen is not None:
                    seen = await self._serve(seen, reader, writer)
        finally:
            self._clients.discard(task)
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _serve(
        self, seen: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Answer one request that begins with `seen`; give what was seen of the next, None if there is none."""
        method, path, headers, raw = await _read(seen, reader)
        if refusal := self._refusal(method, path, headers, raw):
            status, violation = refusal
            self.violations.append(violation)
            await _reply(writer, status, json.dumps({"error": {"message": violation}}))
            return b""
        request = StubRequest(headers, json.loads(raw))
        self.requests.append(request)
        self.arrived.put_nowait(request)
        behaviour = self._script.popleft() if self._script else Answer()
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
            request.ended.set()
            for task in (leaving, sending):
                task.cancel()
            await asyncio.gather(leaving, sending, return_exceptions=True)

    async def _behave(self, behaviour: Behaviour, writer: asyncio.StreamWriter) -> bool:
        if isinstance(behaviour, Failure):
            await _reply(writer, behaviour.status, behaviour.body)
            return True
        await _begin(writer)
        if isinstance(behaviour, Rubbish):
            await _piece(writer, behaviour.body)
            await _piece(writer, "")
            return True
        for index, text in enumerate(behaviour.deltas):
            if gate := behaviour.gates.get(index):
                await gate.wait()
            await self._event(writer, {"content": text})
        for index, call in enumerate(behaviour.tool_calls):
            for part in _fragments(index, call):
                await self._event(writer, {"tool_calls": [part]})
        if behaviour.ending == "cut":
            return False
        if behaviour.ending == "stall":
            await asyncio.Event().wait()
        if behaviour.ending == "error":
            await _piece(writer, 'data: {"error": {"message": "secret upstream words"}}\n\n')
        else:
            await self._event(writer, {}, finish="tool_calls" if behaviour.tool_calls else "stop")
        if behaviour.ending == "done":
            await _piece(writer, "data: [DONE]\n\n")
        await _piece(writer, "")
        return True

    async def _event(self, writer: asyncio.StreamWriter, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {
            "id": "chatcmpl-stub",
            "object": "chat.completion.chunk",
            "model": self.model,
            "choices": [choice],
        }
        await _piece(writer, f"data: {json.dumps(chunk)}\n\n")

    def _refusal(self, method: str, path: str, headers: Mapping[str, str], raw: bytes) -> tuple[int, str] | None:
        """The status and the reason if the request breaks the protocol."""
        if path != "/v1/chat/completions":
            return 404, f"unknown path {path}"
        if method != "POST":
            return 405, f"{method} is not allowed"
        if headers.get("authorization") != f"Bearer {self.api_key}":
            return 401, "wrong or missing bearer token"
        if headers.get("content-type", "").partition(";")[0] != "application/json":
            return 415, "content-type is not application/json"
        try:
            body = json.loads(raw)
        except ValueError:
            return 400, "the body is not JSON"
        problem = _problem(body) or (None if body["model"] == self.model else f"unknown model {body['model']!r}")
        return (400, problem) if problem else None


def _problem(body: Any) -> str | None:
    """How a body differs from what the protocol says."""
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        return "model is not a string"
    if body.get("stream") is not True:
        return "stream is not true"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages is not a list with something in it"
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            return "a message has no known role"
        if not isinstance(message.get("content"), str) and not message.get("tool_calls"):
            return "a message has neither content nor tool calls"
        if (message["role"] == "tool") != ("tool_call_id" in message):
            return "a tool message, and only that, names its tool_call_id"
    for tool in body.get("tools", ()):
        if tool.get("type") != "function" or not isinstance(tool.get("function", {}).get("name"), str):
            return "a tool is not a function with a name"
    return None


def _fragments(index: int, call: ToolCall) -> list[dict[str, Any]]:
    """A tool call as the real service cuts it: head first, then its arguments in pieces."""
    middle = len(call.arguments) // 2
    head = {"index": index, "id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
    parts = (call.arguments[:middle], call.arguments[middle:])
    return [head, *({"index": index, "function": {"arguments": part}} for part in parts)]


async def _read(seen: bytes, reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    head = (seen + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest if line)}
    return method, path, headers, await reader.readexactly(int(headers.get("content-length", "0")))


async def _reply(writer: asyncio.StreamWriter, status: int, body: str) -> None:
    raw = body.encode()
    head = f"HTTP/1.1 {status} Stub\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}\r\n\r\n"
    writer.write(head.encode() + raw)
    await writer.drain()


async def _begin(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    await writer.drain()


async def _piece(writer: asyncio.StreamWriter, text: str) -> None:
    """One chunk (RFC 9112, 7.1); an empty one ends the answer."""
    raw = text.encode()
    writer.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
    await writer.drain()

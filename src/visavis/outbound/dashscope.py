"""DashScope, the model service of Alibaba Cloud (Model Studio, Bailian): conversations and tasks over WebSockets.

CosyVoice, Sambert and Paraformer share the protocol of tasks; Qwen's voices have one of their own and share the
rest. Source: the client and server events of Model Studio's reference, and the Python package `dashscope` 2.0.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from visavis.errors import UpstreamFailed
from visavis.outbound import Outbound, OutboundFailed
from visavis.outbound.upstream import Upstream, parsed, short_reason
from visavis.outbound.websocket import WebSocket
from visavis.settings import Settings

TIMEOUT = 30.0
"""Seconds without a message from a service that is to say something."""

TOTAL = 600.0
"""Seconds that one sentence may take; how fast its sound is read is up to the listener."""

Streaming = Literal["duplex", "out"]
"""Whether input goes on after a task has begun, or has come with its beginning."""


@dataclass(frozen=True, slots=True)
class Service:
    """One of DashScope's services, as one key reaches it."""

    outbound: Outbound
    url: str
    """Begins with `wss://`, or with `ws://` for one nearby."""
    key: str = field(repr=False)
    upstream: Upstream
    """What it is called when it fails."""
    timeout: float = TIMEOUT
    total: float = TOTAL

    @property
    def headers(self) -> dict[str, str]:
        """What names the customer."""
        return {"Authorization": f"Bearer {self.key.strip()}"}

    @asynccontextmanager
    async def talk(self, said: str = "") -> AsyncIterator["Talk"]:
        """Open a conversation; leaving the block closes it. Raises `UpstreamFailed`, also for what the block does.

        What is `said` in it is not repeated from the service's own words when it fails.
        """
        hide = (self.key.strip(), said)
        try:
            async with self.outbound.websocket(
                self.url, headers=self.headers, timeout=self.timeout, total=self.total
            ) as socket:
                yield Talk(socket, self.upstream, hide)
        except OutboundFailed as error:
            raise self.upstream.lost(error, hide) from error


class Account:
    """What a provider has at DashScope: an address and a key, and connections until `aclose`."""

    def __init__(self, settings: Settings, url: str, key: str, upstream: Upstream) -> None:
        """`upstream` names the settings that the two come from."""
        self._settings = settings
        self._url = url
        self._key = key.strip()
        self._upstream = upstream
        self._outbound: Outbound | None = None

    def missing(self) -> str | None:
        """See `Provider`."""
        if not self._key:
            return f"set {self._upstream.key} to a key of DashScope (Alibaba Cloud Model Studio)"
        if not self._url.startswith(("wss://", "ws://")):
            return f"{self._upstream.address} has to begin with wss:// or ws://"
        return None

    def service(
        self, query: Mapping[str, str] | None = None, timeout: float = TIMEOUT, total: float = TOTAL
    ) -> Service:
        """The service at that address. It must not be `missing`."""
        if self._outbound is None:
            self._outbound = Outbound.for_configured(self._settings, self._url)
        url = self._url
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        return Service(self._outbound, url, self._key, self._upstream, timeout, total)

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        if self._outbound is not None:
            await self._outbound.aclose()


class Talk:
    """A conversation: JSON objects and bytes, both ways."""

    def __init__(self, socket: WebSocket, upstream: Upstream, hide: tuple[str, ...]) -> None:
        self._socket = socket
        self._upstream = upstream
        self._hide = hide

    async def send(self, message: Mapping[str, Any] | bytes) -> None:
        """Send a message. `OutboundFailed` if nobody takes it."""
        await self._socket.send(message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False))

    async def receive(self) -> dict[str, Any] | bytes:
        """The next message; waiting can be cancelled and taken up again. `OutboundFailed`, `UpstreamFailed`."""
        message = await self._socket.receive()
        if isinstance(message, bytes):
            return message
        try:
            told = parsed(message)
        except ValueError as error:
            raise self.rubbish() from error
        if isinstance(told, dict):
            return told
        raise self.rubbish()

    def rubbish(self) -> UpstreamFailed:
        """The error for what the protocol does not have."""
        return self._upstream.rubbish()

    def refused(self, code: Any, told: Any) -> UpstreamFailed:
        """The error that the service names by a `code` of its own (`Throttling.RateQuota`), and tells in words."""
        name = code.lower().replace("_", "") if isinstance(code, str) else ""
        if any(part in name for part in ("apikey", "accessdenied", "unauthorized")):
            # Services repeat the key, or parts of it, in their reason.
            return self._upstream.failed(f"refused the key; check {self._upstream.key}")
        reason = short_reason(told, self._hide)
        if any(part in name for part in ("throttling", "ratelimit", "quota")):
            return self._upstream.failed("is over its rate limit or quota; try again later", reason)
        if name.startswith(("invalid", "badrequest", "model")):
            return self._upstream.failed("refused the request", reason)
        return self._upstream.failed("has failed; try again later", reason)


class Task:
    """A task of a conversation: `run` it, send what it works on, `receive` its results."""

    def __init__(self, talk: Talk, streaming: Streaming) -> None:
        self._talk = talk
        self._header = {"task_id": uuid4().hex, "streaming": streaming}

    async def run(
        self,
        task: str,
        function: str,
        model: str,
        parameters: Mapping[str, Any],
        text: str = "",
    ) -> None:
        """Begin, and wait until the service has begun; with the `text` if it comes with the beginning."""
        payload = {
            "task_group": "audio",
            "task": task,
            "function": function,
            "model": model,
            "parameters": dict(parameters),
            "input": {"text": text} if text else {},
        }
        await self._act("run-task", payload)
        while True:
            message = await self._talk.receive()
            if isinstance(message, bytes):
                raise self._talk.rubbish()
            event, _ = self._read(message)
            if event == "task-started":
                return
            if event in ("result-generated", "task-finished"):
                raise self._talk.rubbish()

    async def go_on(self, text: str) -> None:
        """Send text to work on."""
        await self._act("continue-task", {"input": {"text": text}})

    async def hear(self, sound: bytes) -> None:
        """Send sound to work on."""
        await self._talk.send(sound)

    async def finish(self) -> None:
        """There is no more to work on."""
        await self._act("finish-task", {"input": {}})

    async def receive(self) -> dict[str, Any] | bytes | None:
        """The next result: sound, or the `output` of a message; None when the task is finished."""
        while True:
            message = await self._talk.receive()
            if isinstance(message, bytes):
                return message
            event, payload = self._read(message)
            if event == "task-finished":
                return None
            if event == "result-generated":
                output = payload.get("output")
                return output if isinstance(output, dict) else {}

    async def _act(self, action: str, payload: Mapping[str, Any]) -> None:
        await self._talk.send({"header": {"action": action, **self._header}, "payload": payload})

    def _read(self, message: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """A message's event and payload. Raises what a failed task tells."""
        header, payload = message.get("header"), message.get("payload")
        if not isinstance(header, dict) or not isinstance(event := header.get("event"), str):
            raise self._talk.rubbish()
        if event == "task-failed":
            raise self._talk.refused(header.get("error_code"), header.get("error_message"))
        return event, payload if isinstance(payload, dict) else {}


def web_address(url: str) -> str:
    """Scheme and host of the same service for requests: `https://host` for `wss://host/api-ws/v1/realtime`."""
    parts = urlsplit(url)
    return f"{'http' if parts.scheme == 'ws' else 'https'}://{parts.netloc}"

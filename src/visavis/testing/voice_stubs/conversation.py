"""What the stubs of DashScope have in common: conversations in which both sides talk at once."""

import asyncio
import json
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias
from urllib.parse import urlsplit

from visavis.media.samples import Samples, from_bytes
from visavis.testing.stub_server import Failure, Refused, StubRequest, StubServer
from visavis.testing.voice_stubs.sound import tone
from visavis.testing.websocket_peer import WebSocketPeer

Item: TypeAlias = bytes | Mapping[str, Any]
"""Sound, or the `output` of a result."""


@dataclass(frozen=True, slots=True)
class Results:
    """What a task gives."""

    items: Iterable[Item] | None = None
    """None is what the stub usually gives. An output with `after` is not sent before that many samples were heard;
    -1 for all of them."""
    gates: Mapping[int, asyncio.Event] = field(default_factory=dict)
    """The item of this index is not sent before its event is set."""
    ending: Literal["done", "cut", "stall"] = "done"
    """What follows: the orderly end; a broken connection; nothing more until the client leaves."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The service says that it has failed: in a message, or with the code of a close."""

    code: str | int
    message: str = "The stub says no."
    after: int = 0
    """How many of the usual items come before."""


Trouble: TypeAlias = Literal["cut", "stall", "mute", "empty", "rubbish", "huge", "bad-base64"]
"""The connection breaks halfway; nothing comes after the half, or from the beginning; the answer is in order but
says nothing; it is not of the protocol; it never ends; sound is not what it should be."""

Behaviour: TypeAlias = Results | Refusal | Failure | Trouble


@dataclass(slots=True, kw_only=True)
class Request(StubRequest):
    """A conversation that began well."""

    model: str
    parameters: Mapping[str, Any]
    text: str = ""
    sound: bytearray = field(default_factory=bytearray)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client has sent all it is to work on."""
    more: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is more sound than there was; for Qwen's voices, when all of it was sent."""
    goodbye: bool = False
    """For Qwen's voices: whether the client has said that it is over."""

    @property
    def pcm(self) -> Samples:
        """The sound that was sent."""
        return from_bytes(bytes(self.sound))

    async def heard(self, samples: int) -> None:
        """Wait for sound: so many samples of it, or all for -1."""
        if samples < 0:
            await self.complete.wait()
        while len(self.sound) // 2 < samples:
            self.more.clear()
            await self.more.wait()


def pieces(pcm: Samples, size: int = 2400) -> list[Item]:
    """Sound in binary messages of an odd number of bytes: samples are cut in the middle."""
    raw = pcm.astype("<i2").tobytes()
    return [raw[start : start + 2 * size - 1] for start in range(0, len(raw), 2 * size - 1)]


class TalkStub(StubServer[Request]):
    """A WebSocket server with a key."""

    SCHEME: ClassVar[str] = "ws"
    RATE: ClassVar[int]
    """Hz of the usual sound."""

    def __init__(self, api_key: str = "stub-key") -> None:
        super().__init__()
        self.api_key = api_key
        self._behaviours: deque[Behaviour] = deque()

    def then(  # type: ignore[override]  # these can do more than the others
        self, *behaviours: Behaviour
    ) -> None:
        """What the next conversations meet, in this order."""
        self._behaviours.extend(behaviours)

    def usual(self) -> Sequence[Item]:
        """What a good answer has, at least two items."""
        return pieces(tone(0.5, self.RATE))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """See `StubServer`."""
        peer = await WebSocketPeer.meet(reader, writer)
        behaviour = self._behaviours.popleft() if self._behaviours else Results()
        try:
            if urlsplit(peer.path).path != self.PATH:
                raise Refused(404, f"unknown path {peer.path}")
            if peer.headers.get("authorization") != f"Bearer {self.api_key}":
                raise Refused(401, "wrong or missing bearer token")
            if isinstance(behaviour, Failure):
                await peer.refuse(behaviour.status, behaviour.body)
                return
            await peer.accept()
            await self.converse(peer, behaviour)
        except Refused as refused:
            self.violations.append(str(refused))

    @abstractmethod
    async def converse(self, peer: WebSocketPeer, behaviour: "Results | Refusal | Trouble") -> None:
        """Keep the protocol. Raises `Refused` if the client doesn't."""

    async def both(self, request: Request, sending: "asyncio.Task[None]", reading: "asyncio.Task[None]") -> None:
        """Send and read at once, until the client has left or the connection is to be broken."""
        try:
            await asyncio.wait((sending, reading), return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not reading.done():
                with suppress(Broken):
                    sending.result()
                    await reading
            failed = sending.exception() if sending.done() else None
            request.abandoned = not sending.done() or isinstance(failed, ConnectionError)
            if reading.done():
                reading.result()
        except ConnectionError:
            request.abandoned = True
        finally:
            for task in (sending, reading):
                task.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)
            request.ended.set()

    def answer(self, behaviour: "Results | Refusal | Trouble") -> Results:
        """What is sent before the end."""
        usual = list(self.usual())
        match behaviour:
            case Results():
                return Results(
                    usual if behaviour.items is None else behaviour.items, behaviour.gates, behaviour.ending
                )
            case Refusal():
                return Results(usual[: behaviour.after])
            case "cut" | "stall":
                return Results(usual[: len(usual) // 2], ending=behaviour)
            case "mute":
                return Results([], ending="stall")
            case "huge":
                return Results(usual * 10_000)
            case _:
                return Results([])


class Broken(Exception):
    """The connection is to be closed now."""


async def told(peer: WebSocketPeer) -> Any:
    """The client's next message, as JSON; bytes as they are; None if it has left."""
    message = await peer.receive()
    if not isinstance(message, str):
        return message
    try:
        return json.loads(message)
    except ValueError as error:
        raise Refused(400, "a message is not JSON") from error

"""What stubs that speak over WebSockets have in common."""

import asyncio
import json
from abc import abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from email.utils import formatdate
from typing import ClassVar, TypeVar

from visavis.testing.stub_server import UNTOLD, Answer, Failure, Fault, Refused, StubRequest, StubServer
from visavis.testing.websocket_peer import WebSocketPeer

R = TypeVar("R", bound=StubRequest)


class WebSocketStub(StubServer[R]):
    """A server of WebSockets, each for one request. The pieces of an `Answer` are messages, texts or bytes."""

    SCHEME: ClassVar[str] = "ws"

    def __init__(self) -> None:
        super().__init__()
        self.handshakes = 0
        """How many were asked for, those that were refused too."""
        self.now: float | None = None
        """What its clock says, in seconds since 1970; None for the time there is."""

    @abstractmethod
    def check(self, peer: WebSocketPeer) -> None:
        """Raise `Refused` for a handshake that is wrong."""

    @abstractmethod
    async def read(self, peer: WebSocketPeer) -> R | None:
        """The request, if it keeps the protocol, else raise `Refused`; None if the client leaves before."""

    @abstractmethod
    def usual(self, request: R) -> list[str | bytes]:
        """The messages of a good answer."""

    @abstractmethod
    def empty(self, request: R) -> list[str | bytes]:
        """A good answer that says nothing."""

    @abstractmethod
    def huge(self, request: R) -> Iterable[str | bytes]:
        """An answer that begins well and has no end."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """See `StubServer`."""
        peer = await WebSocketPeer.meet(reader, writer)
        self.handshakes += 1
        date = {"Date": formatdate(self.now, usegmt=True)}
        try:
            self.check(peer)
        except Refused as refusal:
            if refusal.status != 403:
                self.violations.append(str(refusal))
            await peer.refuse(refusal.status, json.dumps({"error": {"message": str(refusal)}}).encode(), date)
            return
        behaviour = self.next_behaviour()
        if isinstance(behaviour, Failure):
            await peer.refuse(behaviour.status, behaviour.body, date)
            return
        await peer.accept()
        try:
            request = await self.read(peer)
        except Refused as refusal:
            self.violations.append(str(refusal))
            await peer.close(1007, str(refusal))
            return
        if request is not None:
            self.record(request)
            await self._converse(peer, request, behaviour)

    async def _converse(self, peer: WebSocketPeer, request: R, behaviour: Answer | Fault) -> None:
        leaving = asyncio.create_task(self._silent(peer))
        sending = asyncio.create_task(self._behave(peer, request, behaviour))
        try:
            await asyncio.wait((leaving, sending), return_when=asyncio.FIRST_COMPLETED)
            request.abandoned = not sending.done() or sending.exception() is not None
            if not request.abandoned and not sending.result():
                return
            await leaving
        finally:
            for task in (leaving, sending):
                task.cancel()
            await asyncio.gather(leaving, sending, return_exceptions=True)
            request.ended.set()

    async def _silent(self, peer: WebSocketPeer) -> None:
        """Until the client leaves, it has nothing to say."""
        with suppress(ConnectionError):
            while await peer.receive() is not None:
                self.violations.append("a message after the request")

    async def _behave(self, peer: WebSocketPeer, request: R, behaviour: Answer | Fault) -> bool:
        """Answer; False if the connection is to be cut then."""
        answer = behaviour if isinstance(behaviour, Answer) else Answer()
        messages: Iterable[str | bytes] = self.usual(request) if answer.pieces is None else answer.pieces
        if behaviour in ("cut", "stall"):
            usual = self.usual(request)
            messages = usual[: len(usual) // 2]
        elif behaviour == "empty":
            messages = self.empty(request)
        elif behaviour == "huge":
            messages = self.huge(request)
        elif behaviour == "rubbish":
            messages = [f"Path:{UNTOLD}\r\n\r\n<html>"]
        for index, message in enumerate(messages):
            if gate := answer.gates.get(index):
                await gate.wait()
            await peer.send(message)
        if "stall" in (behaviour, answer.ending):
            await asyncio.Event().wait()
        return "cut" not in (behaviour, answer.ending)

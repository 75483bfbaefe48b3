"""`/sessions/{id}/speak_audio_stream` (contract opentalking 1.7): what the avatar says, as sound while it is made.

The contract's dialect is here; that of deployed clients, which send the user's speech, in `dialect.microphone`.
"""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel, Field, ValidationError

from visavis.api.opentalking.dialect import microphone
from visavis.api.opentalking.errors import in_words, refuse
from visavis.api.opentalking.intake import Intake
from visavis.api.opentalking.socket import (
    CONFLICT,
    DONE,
    INTERNAL,
    LATE,
    Socket,
    attended,
    close_code,
    code_of,
    error,
    words,
)
from visavis.api.origins import welcome
from visavis.api.parts import House, Parts
from visavis.errors import Conflict, InvalidInput, NotFound, VisavisError
from visavis.pool import PushAudio, SessionHandle
from visavis.session.events import Failed, Terminated, TurnEnded
from visavis.streams import closing

SILENT = 120.0
"""Seconds a client may say nothing before its first sound, or after an interruption."""

STALLED = 20.0
"""Seconds a client may say nothing in the middle of its sound, when all that came is on its way."""

PIECE = 0.1
"""Seconds of sound handed on at a time, at most."""

RATE = 16_000
"""Hz of a client that does not say."""

INTERRUPTED = error("interrupted", "the sound was interrupted; connect again to send more")
IDLE = error("idle", "nothing came for too long; what came is played")

COMMANDS = 'send sound, {"type": "config", "sample_rate": …}, {"type": "eos"} or {"type": "interrupt"}'

router = APIRouter(prefix="/sessions/{session_id}")


class Config(BaseModel):
    """How the sound that follows is meant."""

    sample_rate: int = Field(RATE, ge=4000, le=192_000, strict=True)


@router.websocket("/speak_audio_stream")
async def speak_audio_stream(connection: WebSocket, session_id: str, house: House) -> None:
    """Take sound that the avatar says, or with a first message `meta` the user's speech, and answer that."""
    if not welcome(connection, house.settings.cors_origins):
        await connection.send_denial_response(refuse(403, "this page may not connect; see VISAVIS_CORS_ORIGINS"))
        return
    await connection.accept()
    socket = Socket(connection)
    await attended(socket, _talk(socket, session_id, house))


async def _talk(socket: Socket, session_id: str, house: Parts) -> None:
    try:
        session = house.pool.get(session_id)
    except NotFound:
        raise NotFound("session not found") from None
    talking = asyncio.create_task(_converse(socket, session, house), name=f"audio for {session.id}")
    over = asyncio.create_task(_terminated(session), name=f"end of {session.id}")
    try:
        await asyncio.wait([talking, over], return_when=asyncio.FIRST_COMPLETED)
        (talking if talking.done() else over).result()
    finally:
        talking.cancel()
        over.cancel()
        await asyncio.wait([talking, over])


async def _terminated(session: SessionHandle) -> None:
    async with closing(session.events()) as records:
        async for record in records:
            if isinstance(record.event, Terminated):
                break
    raise Conflict("the session is terminated; create a new one")


async def _converse(socket: Socket, session: SessionHandle, house: Parts) -> None:
    first = await socket.receive(SILENT)
    if isinstance(first, str) and (meta := _command(first)).get("type") == "meta":
        await microphone.listen(socket, session, house, meta)
    else:
        await Recital(socket, session).run(first)


class Recital:
    """A conversation in the contract's dialect: one stretch of sound, or several with interruptions between."""

    def __init__(self, socket: Socket, session: SessionHandle) -> None:
        self._socket = socket
        self._session = session
        self._intake = Intake()
        self._rate = RATE
        self._turn = ""
        """The turn that takes the sound; empty before the first piece."""
        self._begun = False
        """Whether any sound came for it."""
        self._interruptions = 0
        """By this client; what was under way at the time comes to nothing."""
        self._farewell = DONE
        self._ended: dict[str, TurnEnded] = {}
        self._failures: dict[str, Failed] = {}
        self._over: asyncio.Future[tuple[int, dict[str, str] | None]] = asyncio.get_running_loop().create_future()
        """How the conversation ends: close code, and what is said before."""

    async def run(self, first: bytes | str | None) -> None:
        """Talk until the sound was played, or can't be, or nobody is there to talk to."""
        tasks = [asyncio.create_task(work) for work in (self._read(first), self._push(), self._watch())]
        for task in tasks:
            task.add_done_callback(self._failed)
        try:
            code, message = await self._over
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._let_go()
        if message is not None:
            await self._socket.tell(message)
        await self._socket.close(code)

    async def _let_go(self) -> None:
        """Tell a turn that waits for more that nothing follows."""
        if self._turn and self._turn not in self._ended:
            with suppress(VisavisError):
                await self._session.push_audio(PushAudio(self._rate, b"", self._turn, last=True))

    async def _read(self, message: bytes | str | None) -> None:
        while message is not None:
            try:
                if isinstance(message, bytes):
                    await self._take(message)
                else:
                    await self._obey(_command(message))
            except InvalidInput as failure:
                await self._socket.tell(error(failure.code, failure.message))
            message = await self._next()
        # Nobody listens any more, but what came is played.
        self._intake.finish()
        if not self._begun:
            self._end(self._farewell)

    async def _next(self) -> bytes | str | None:
        while True:
            try:
                return await self._socket.receive(STALLED if self._begun else SILENT)
            except TimeoutError:
                if self._intake.empty and not self._intake.complete:
                    self._farewell = LATE
                    await self._socket.tell(IDLE)
                    return None

    async def _take(self, sound: bytes) -> None:
        if self._intake.complete:
            raise InvalidInput("nothing may follow eos")
        if len(sound) % 2:
            raise InvalidInput("sound has to be whole samples: s16le, mono")
        self._begun = self._begun or bool(sound)
        await self._intake.put(sound)

    async def _obey(self, command: Mapping[str, Any]) -> None:
        match command.get("type"):
            case "config":
                await self._configure(command)
            case "eos":
                self._intake.finish()
                if not self._begun:
                    self._end(DONE)
            case "interrupt":
                await self._interrupt()
            case _:
                raise InvalidInput(COMMANDS)

    async def _configure(self, command: Mapping[str, Any]) -> None:
        try:
            rate = Config.model_validate(command).sample_rate
        except ValidationError as failure:
            named = [{**each, "loc": ("config", *each["loc"])} for each in failure.errors()]
            raise InvalidInput(in_words(named)) from None
        if self._begun and rate != self._rate:
            raise InvalidInput("sample_rate has to stay the same until eos or interrupt")
        self._rate = rate
        await self._socket.tell({"type": "ack"})

    async def _interrupt(self) -> None:
        self._intake.clear()
        self._interruptions += 1
        self._turn, self._begun = "", False
        await self._session.interrupt()
        if self._intake.complete:
            self._end(DONE)

    async def _push(self) -> None:
        while sound := await self._intake.take(2 * round(PIECE * self._rate)):
            await self._hand_on(sound)
        if self._turn:
            await self._hand_on(b"", last=True)

    async def _hand_on(self, sound: bytes, *, last: bool = False) -> None:
        before = self._interruptions
        try:
            accepted = await self._session.push_audio(PushAudio(self._rate, sound, self._turn, last))
        except Conflict:
            if before == self._interruptions:
                raise
            return
        if before == self._interruptions:
            self._turn = accepted.turn
            self._check()

    async def _watch(self) -> None:
        async with closing(self._session.events()) as records:
            async for record in records:
                match record.event:
                    case TurnEnded(turn=turn, kind="audio") as ended:
                        self._ended[turn] = ended
                        self._check()
                    case Failed(turn=turn) as failed if turn:
                        self._failures[turn] = failed

    def _check(self) -> None:
        """See whether the turn is over."""
        if (ended := self._ended.get(self._turn)) is None:
            return
        if ended.reason == "interrupted":
            self._end(CONFLICT, INTERRUPTED)
        elif ended.reason == "failed":
            failed = self._failures.get(ended.turn)
            told = error(failed.code, failed.message) if failed else error("stage_failed", "the turn failed")
            self._end(INTERNAL, told)
        elif self._intake.complete:
            self._end(self._farewell)
        else:
            self._end(LATE, IDLE)

    def _failed(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled() or (failure := task.exception()) is None or self._over.done():
            return
        if isinstance(failure, Conflict) and failure.message == "interrupted":
            self._end(CONFLICT, INTERRUPTED)
        elif isinstance(failure, VisavisError):
            self._end(close_code(failure), error(code_of(failure), words(failure)))
        else:
            self._over.set_exception(failure)

    def _end(self, code: int, message: dict[str, str] | None = None) -> None:
        if not self._over.done():
            self._over.set_result((code, message))


def _command(text: str) -> dict[str, Any]:
    """A text message; empty if it is no JSON object."""
    with suppress(ValueError, RecursionError):
        if isinstance(command := json.loads(text), dict):
            return command
    return {}

"""Sessions that live for one request: to answer a question, to hear a recording, to say a text."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from visavis.errors import StageFailed, Unavailable, UpstreamFailed
from visavis.pool import Chat, Listen, NewSession, Plan, Say, SessionHandle, SessionPool
from visavis.session.events import (
    AnswerDelta,
    AnyEvent,
    CaptureEnded,
    ClipWritten,
    Failed,
    PassagesFound,
    Terminated,
    TranscriptHeard,
    TurnEnded,
    TurnStarted,
    Understood,
)
from visavis.streams import closing

LONGEST = 600.0
"""Seconds of the longest recording: what a pool takes."""

WHOLE = Plan(
    source="recording", pace=0.0, threshold=1, silence=3600.0, longest=LONGEST, chunk=LONGEST, answer=False
)
"""A recording is heard from its first sound to its end, as fast as it can be, and in one piece: pieces that wait
for their turn would be refused when the recogniser falls behind, and it knows best where to cut.
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """The request was accepted: what fails from now on fails while the answer is being sent."""

    session: str
    """The id of the session that works on it."""


Answered: TypeAlias = Begun | PassagesFound | AnswerDelta
Heard: TypeAlias = Begun | TranscriptHeard | CaptureEnded
Said: TypeAlias = Begun | ClipWritten


@asynccontextmanager
async def ephemeral(pool: SessionPool, request: NewSession) -> AsyncIterator[SessionHandle]:
    """A session that is closed on the way out. Raises as `pool.create` does."""
    handle = await pool.create(request)
    try:
        yield handle
    finally:
        await handle.close()


async def answered(pool: SessionPool, request: NewSession, question: Chat) -> AsyncGenerator[Answered, None]:
    """`Begun`, then what a question leads to. Raises as `create` and `chat` do before, `StageFailed` after it."""
    async with ephemeral(pool, request) as handle:
        await handle.chat(question)
        yield Begun(handle.id)
        async with closing(_until_turn_ended(handle)) as events:
            async for event in events:
                if isinstance(event, PassagesFound | AnswerDelta):
                    yield event


async def said(pool: SessionPool, request: NewSession, command: Say) -> AsyncGenerator[Said, None]:
    """`Begun`, then each sentence of a text as a clip. Raises as `create` and `say` do, then `StageFailed`.

    `request` has to ask for clips; their files stay.
    """
    async with ephemeral(pool, request) as handle:
        await handle.say(command)
        yield Begun(handle.id)
        async with closing(_until_turn_ended(handle)) as events:
            async for event in events:
                if isinstance(event, ClipWritten):
                    yield event


async def heard(pool: SessionPool, request: NewSession, upload: str) -> AsyncGenerator[Heard, None]:
    """`Begun`, then the parts of what is said in a recording as they are recognised for good.

    Raises as `create` and `listen` do (`InvalidInput` for what is no recording), then `StageFailed`: at the end,
    if any part was lost.
    """
    async with ephemeral(pool, request) as handle:
        await handle.listen(Listen(WHOLE, upload))
        yield Begun(handle.id)
        failure: StageFailed | None = None
        async with closing(_events(handle)) as events:
            async for event in events:
                if isinstance(event, CaptureEnded) or (isinstance(event, TranscriptHeard) and event.final):
                    yield event
                elif isinstance(event, Failed):
                    failure = failure or _failure(event)
                elif isinstance(event, Understood):
                    break
        if failure is not None:
            raise failure


class Watch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def ms(self) -> float:
        """To the microsecond."""
        return round((time.perf_counter() - self._began) * 1000, 3)


async def _until_turn_ended(handle: SessionHandle) -> AsyncIterator[AnyEvent]:
    failure: StageFailed | None = None
    turn = ""
    async with closing(_events(handle)) as events:
        async for event in events:
            if isinstance(event, TurnStarted):
                turn = turn or event.turn
            elif isinstance(event, Failed):
                failure = failure or _failure(event)
            elif isinstance(event, TurnEnded) and event.turn == turn:
                if event.reason != "completed":
                    raise failure or Unavailable("the server is being shut down; try again later")
                return
            yield event


async def _events(handle: SessionHandle) -> AsyncIterator[AnyEvent]:
    async with closing(handle.events()) as records:
        async for record in records:
            if isinstance(record.event, Terminated):
                break
            yield record.event
        else:
            return
    raise Unavailable("the session ended before its work was done; try again")


def _failure(event: Failed) -> StageFailed:
    kind = UpstreamFailed if event.code == UpstreamFailed.code else StageFailed
    return kind(event.stage, event.message)

"""Interrupting settles wherever a turn is: nothing of it follows, all is let go of, and the next turn works."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from tests.session.room import ANY, SECOND, Room, room
from tests.session.still_face import StillFace
from visavis.asr import Transcript
from visavis.errors import Conflict
from visavis.knowledge import Passage
from visavis.llm import Delta, Message, Tool
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Picture
from visavis.media.samples import Samples
from visavis.session.events import TurnEnded
from visavis.tts import Speech

ENOUGH = 10.0


@dataclass
class Stuck:
    """Where a stage is held for ever, once."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def here(self) -> None:
        """Wait until cancelled, the first time."""
        if self.reached.is_set():
            return
        self.reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left.set()


class StuckFace(StillFace):
    """Takes its speech, and has no picture for it."""

    stuck: Stuck | None = None

    async def animate(self, speech: AsyncIterator[Speech], after: Picture | None) -> AsyncIterator[AVChunk]:
        if self.stuck is not None:
            await self.stuck.here()
        async for chunk in super().animate(speech, after):
            yield chunk


def stuck_model(here: Room, stuck: Stuck) -> None:
    answer = here.model.answer

    async def held(
        messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        await stuck.here()
        async for delta in answer(messages, tools, passages):
            yield delta

    here.model.answer = held  # type: ignore[method-assign]  # the test holds this stage


def stuck_voice(here: Room, stuck: Stuck) -> None:
    speak = here.voice.speak

    async def held(text: str) -> AsyncIterator[Speech]:
        await stuck.here()
        async for piece in speak(text):
            yield piece

    here.voice.speak = held  # type: ignore[method-assign]  # the test holds this stage


def stuck_face(here: Room, stuck: Stuck) -> None:
    assert isinstance(here.face, StuckFace)
    here.face.stuck = stuck


def of_a_turn(here: Room, turn: str, since: int) -> list[object]:
    return [event for event in here.events[since:] if getattr(event, "turn", None) == turn]


async def next_turn_works(here: Room, turn: str, since: int) -> None:
    """And nothing of the old one is told meanwhile."""
    here.session.say("The next.", ANY)
    await here.clock.advance(2 * SECOND)
    assert of_a_turn(here, turn, since) == []
    ends = [event for event in here.events[since:] if isinstance(event, TurnEnded)]
    assert [(event.reason, event.heard) for event in ends] == [("completed", "The next.")]


@pytest.mark.parametrize("hold", [stuck_model, stuck_voice, stuck_face], ids=["llm", "tts", "face"])
async def test_a_stage_that_waits(hold: Callable[[Room, Stuck], None]) -> None:
    stuck = Stuck()
    async with room(StuckFace()) as here:
        hold(here, stuck)
        turn = here.session.chat("Tell me something.", ANY)
        async with asyncio.timeout(ENOUGH):
            await stuck.reached.wait()
        assert here.session.interrupt()
        assert not here.session.busy
        since = len(here.events)
        ended = here.of(TurnEnded)[-1]
        assert isinstance(ended, TurnEnded)
        assert (ended.turn, ended.reason) == (turn, "interrupted")
        await next_turn_works(here, turn, since)
        async with asyncio.timeout(ENOUGH):
            await stuck.left.wait()


async def test_playout() -> None:
    async with room() as here:
        turn = here.session.say("This is being played when it is interrupted.", ANY)
        await here.clock.advance(SECOND // 2)
        assert here.session.interrupt()
        await next_turn_works(here, turn, len(here.events))


async def test_recognition() -> None:
    stuck = Stuck()
    async with room() as here:

        async def held(sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
            async for _ in sound:
                pass
            await stuck.here()
            yield Transcript("never", True, 0, 0)

        here.listener.transcribe = held  # type: ignore[method-assign]  # the test holds this stage
        asked = asyncio.create_task(here.session.transcribe(np.full(16_000, 1000, np.int16), chat=True))
        async with asyncio.timeout(ENOUGH):
            await stuck.reached.wait()
        assert here.session.interrupt()
        since = len(here.events)
        with pytest.raises(Conflict, match="interrupted"):
            await asked
        await next_turn_works(here, "", since)
        async with asyncio.timeout(ENOUGH):
            await stuck.left.wait()

"""Expressions in the text of a turn, and moods between turns, as the face is told of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.session.cast_members import ScriptedModel
from tests.session.room import ANY, SECOND, room
from tests.session.still_face import StillFace
from tests.session.test_listening import LOUD, QUIET
from visavis.errors import InvalidInput
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Picture
from visavis.media.timeline import PACKET
from visavis.session.events import AnswerDelta, Caption, TurnStarted
from visavis.session.journal import Entry
from visavis.tts import Mark, Speech


class WatchedFace(StillFace):
    """Keeps the marks it is given and each mood in which it rests."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[Mark] = []
        self.moods: list[str] = []

    def rest(self, after: Picture | None) -> Picture:
        if self.moods[-1:] != [self.mood]:
            self.moods.append(self.mood)
        return super().rest(after)

    async def animate(self, speech: AsyncIterator[Speech], after: Picture | None) -> AsyncIterator[AVChunk]:
        async def noted() -> AsyncIterator[Speech]:
            async for piece in speech:
                self.marks += piece.marks
                yield piece

        async for chunk in super().animate(noted(), after):
            yield chunk

    @property
    def expressions(self) -> list[tuple[int, str]]:
        return [(mark.start, mark.value) for mark in self.marks if mark.kind == "expression"]


async def test_tags_become_expressions_and_are_neither_said_nor_shown(tmp_path: Path) -> None:
    face = WatchedFace()
    async with room(face, tmp_path) as here:
        here.session.say("[smile] Good morning. [laughs loudly] It is late. [serious] Really.", ANY)
        await here.clock.advance(6 * SECOND)

    texts = [event.text for event in here.events if isinstance(event, Caption)]
    assert "".join(texts) == "Good morning. [laughs loudly] It is late. Really."
    assert here.voice.said == ["Good morning.", "It is late.", "Really."]
    (start, first), (later, second) = face.expressions
    assert (start, first, second) == (0, "smile", "serious")
    assert later == pytest.approx(sum(len(text) for text in here.voice.said[:2]) * 2400, abs=2 * PACKET)
    assert [event.text for event in here.events if isinstance(event, TurnStarted)] == ["".join(texts)]
    assert here.ended()[0][1] == here.ended()[0][2] == "".join(texts)
    kept = msgspec.json.decode(next(iter(tmp_path.glob("*.json"))).read_bytes(), type=Entry)  # noqa: ASYNC240  # small
    assert [mark.value for mark in kept.marks if mark.kind == "expression"] == ["smile", "serious"]


async def test_given_tags_in_an_answer_then_they_are_not_in_its_text_either() -> None:
    face = WatchedFace()
    async with room(face, chat=ScriptedModel("[sm", "ile", "] Of course", "! [surp", "rised]", " Oh.")) as here:
        here.session.chat("May I?", ANY)
        await here.clock.advance(3 * SECOND)

    assert "".join(event.delta for event in here.events if isinstance(event, AnswerDelta)) == "Of course! Oh."
    assert [name for _, name in face.expressions] == ["smile", "surprised"]


async def test_given_a_tag_before_something_that_is_not_said_then_it_shows_with_what_comes_next() -> None:
    face = WatchedFace()
    async with room(face) as here:
        here.session.say("[smile] https://example.com\nHello.", ANY)
        await here.clock.advance(2 * SECOND)

    assert face.expressions == [(0, "smile")]


async def test_given_an_expression_then_the_turn_begins_with_it() -> None:
    face = WatchedFace()
    async with room(face) as here:
        here.session.say("Good morning.", ANY, "happy")
        await here.clock.advance(2 * SECOND)
        here.session.chat("And?", ANY, feeling="serious")
        await here.clock.advance(3 * SECOND)

    assert face.expressions == [(0, "smile"), (0, "serious")]


async def test_given_an_unknown_expression_then_it_is_refused_and_nothing_is_interrupted() -> None:
    async with room() as here:
        turn = here.session.say("Good morning to you all.", ANY)
        with pytest.raises(InvalidInput, match="neutral, smile, serious, surprised"):
            here.session.say("No.", ANY, "bored")
        with pytest.raises(InvalidInput):
            here.session.chat("No?", ANY, barge_in=True, feeling="bored")
        assert here.session.turn == turn


async def test_the_face_listens_then_thinks_then_speaks() -> None:
    face = WatchedFace()
    async with room(face) as here:
        await here.session.offer("main", "sdp")
        await here.clock.advance(SECOND // 10)
        here.listener.partial = "what time is it"
        await here.sound(LOUD, 800)
        await here.sound(QUIET, 640)
        await here.clock.advance(4 * SECOND)

    assert face.moods[:2] == ["idle", "listen"]
    assert face.moods[-1] == "idle"
    assert set(face.moods) <= {"idle", "listen", "think"}


async def test_given_a_slow_model_then_the_face_thinks_until_the_first_sound() -> None:
    face = WatchedFace()
    model = ScriptedModel("Hello there.")
    async with room(face, chat=model) as here:
        here.session.chat("Well?", ANY)
        moods = [face.mood]
        await here.clock.advance(SECOND)
        moods.append(face.mood)
    assert moods == ["think", "idle"]


async def test_given_an_interrupt_while_it_thinks_then_it_is_idle() -> None:
    face = WatchedFace()
    async with room(face) as here:
        here.session.chat("Well?", ANY)
        here.session.interrupt()
        assert face.mood == "idle"

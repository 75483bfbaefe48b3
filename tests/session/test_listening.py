"""The ear, the turn-taking and the session together; what is heard is decided by the test."""

from tests.session.room import ANY, SECOND, Room, room
from visavis.errors import StageFailed
from visavis.llm import Message
from visavis.session.events import AnswerDelta, Failed, StageChanged, TranscriptHeard, TurnEnded, TurnStarted

LOUD, QUIET = 5000, 10


async def ask(here: Room, words: str, ms: int = 800) -> None:
    """Say something and fall silent."""
    here.listener.partial = words
    await here.sound(LOUD, ms)
    await here.sound(QUIET, 640)


async def test_a_question_is_heard_and_answered_aloud() -> None:
    async with room() as here:
        await ask(here, "what time is it")
        await here.clock.advance(3 * SECOND)

    assert here.of(TranscriptHeard) == [
        TranscriptHeard("what time is it", False),
        TranscriptHeard("what time is it", True),
    ]
    assert here.model.asked[-1][-1] == Message("user", "what time is it")
    assert [reason for reason, _, _ in here.ended()] == ["completed"]
    assert here.of(StageChanged)[0] == StageChanged("listening")


async def test_the_recogniser_gets_what_was_said_just_before_the_onset() -> None:
    async with room() as here:
        await here.sound(QUIET, 640)
        await ask(here, "hello", ms=640)

    assert here.listener.heard[0] >= (640 + 300) * 16


async def test_an_answer_that_was_prepared_in_the_pause_is_given_at_once() -> None:
    async with room() as here:
        here.listener.partial = "what time is it"
        await here.sound(LOUD, 800)
        await here.sound(QUIET, 224)
        assert len(here.model.asked) == 1
        assert here.of(TurnStarted) == []
        await here.sound(QUIET, 416)
        assert len(here.model.asked) == 1
        await here.clock.advance(3 * SECOND)

    assert len(here.of(TurnStarted)) == 1
    assert len(here.of(AnswerDelta)) == len(here.model.deltas)
    assert [reason for reason, _, _ in here.ended()] == ["completed"]


async def test_a_prepared_answer_that_is_not_given_leaves_no_trace() -> None:
    async with room() as here:
        here.listener.partial = "what time is it"
        await here.sound(LOUD, 800)
        await here.sound(QUIET, 224)
        await ask(here, "what time is it in tokyo")
        await here.clock.advance(3 * SECOND)
        await ask(here, "thank you so much")
        await here.clock.advance(3 * SECOND)

    asked = [messages[-1].content for messages in here.model.asked]
    assert asked[0] == "what time is it"
    assert "what time is it" not in [message.content for message in here.model.asked[-1]]
    assert [event.text for event in here.events if isinstance(event, TurnStarted)] == [
        "what time is it in tokyo",
        "thank you so much",
    ]
    assert here.voice.open == 0
    assert here.model.open == 0


async def test_speech_holds_the_avatar_and_words_interrupt_it() -> None:
    async with room() as here:
        here.session.say("A long text that goes on and on and on and on and on.", ANY)
        await here.clock.advance(SECOND)
        audible = len(here.out.audible)
        here.listener.partial = ""
        await here.sound(LOUD, 192)
        held = len(here.out.audible)
        assert held - audible <= 0.12 * SECOND
        await here.sound(LOUD, 96)
        assert len(here.out.audible) == held
        assert here.session.busy
        await ask(here, "stop that please")
        await here.clock.advance(3 * SECOND)

    assert [reason for reason, _, _ in here.ended()] == ["interrupted", "completed"]


async def test_a_backchannel_resumes_at_the_sample_it_held() -> None:
    async with room() as here:
        here.session.say("A text of some length.", ANY)
        await here.clock.advance(SECOND // 2)
        await ask(here, "yeah", ms=320)
        await here.clock.advance(3 * SECOND)

    assert [reason for reason, _, _ in here.ended()] == ["completed"]
    assert len(here.out.audible) >= len("A text of some length.") * 2400
    assert len(here.of(TurnStarted)) == 1


async def test_a_cough_changes_nothing() -> None:
    async with room() as here:
        here.session.say("A text of some length.", ANY)
        await here.clock.advance(SECOND // 2)
        here.listener.partial = ""
        await here.sound(LOUD, 224)
        await here.sound(QUIET, 640)
        await here.clock.advance(3 * SECOND)

    assert [reason for reason, _, _ in here.ended()] == ["completed"]


async def test_a_recogniser_that_fails_is_told_and_the_avatar_goes_on() -> None:
    async with room() as here:
        here.session.say("A text of some length.", ANY)
        await here.clock.advance(SECOND // 2)
        here.listener.fails = StageFailed("asr", "the recogniser has died")
        await here.sound(LOUD, 320)
        await here.sound(QUIET, 640)
        await here.clock.advance(3 * SECOND)

    assert here.of(Failed) == [Failed("asr", "stage_failed", "the recogniser has died")]
    assert [event.reason for event in here.events if isinstance(event, TurnEnded)] == ["completed"]


async def test_push_to_talk_listens_from_press_to_release_without_voice_activity() -> None:
    async with room() as here:
        assert here.session.listening is not None
        ear = await here.session.listening.ear()
        ear.press()
        here.listener.partial = "a whispered question"
        await here.sound(QUIET, 3000)
        assert here.of(TurnStarted) == []
        ear.release()
        await here.clock.advance(3 * SECOND)

    assert [event.text for event in here.events if isinstance(event, TurnStarted)] == ["a whispered question"]


async def test_silence_and_noise_come_to_nothing() -> None:
    async with room() as here:
        await here.sound(QUIET, 1000)
        assert here.of(StageChanged) == []
        here.listener.partial = ""
        await here.sound(LOUD, 320)
        await here.sound(QUIET, 640)

    assert here.of(TurnStarted) == []
    assert here.of(StageChanged)[:2] == [StageChanged("listening"), StageChanged("idle")]

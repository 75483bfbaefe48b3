import asyncio
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from tests.session.room import ANY, SECOND, room, until
from tests.session.still_face import StillFace
from visavis.errors import Conflict, InvalidInput, StageFailed, TooLarge, UpstreamFailed
from visavis.llm import Message
from visavis.media.timeline import PACKET
from visavis.session.casting import VoiceChoice
from visavis.session.events import (
    AnswerDelta,
    Caption,
    Failed,
    FramesShown,
    SpeechMarked,
    StageChanged,
    StateChanged,
    SynthesisProgress,
    Terminated,
    TurnEnded,
    ViewerJoined,
    Warned,
)
from visavis.session.journal import Entry
from visavis.session.parts import Limits


async def test_a_text_is_said_and_its_events_come_in_causal_order() -> None:
    async with room() as here:
        turn = here.session.say("Good morning. All is well.", ANY)
        await here.clock.advance(3 * SECOND)

    told = [event for event in here.events if not isinstance(event, FramesShown | SpeechMarked)]
    assert [type(event).__name__ for event in told if not isinstance(event, SynthesisProgress)] == [
        "StateChanged",
        "StateChanged",
        "TurnStarted",
        "MediaStarted",
        "StageChanged",
        "Caption",
        "Caption",
        "TurnEnded",
        "StageChanged",
        "StateChanged",
        "Terminated",
    ]
    progress = [(event.sentence, event.stage) for event in told if isinstance(event, SynthesisProgress)]
    assert progress == [(index, stage) for index in (0, 1) for stage in ("start", "first_audio", "complete")]
    captions = [event.text for event in here.events if isinstance(event, Caption)]
    assert captions == ["Good morning. ", "All is well."]
    assert here.ended() == [("completed", "Good morning. All is well.", "Good morning. All is well.")]
    assert {event.turn for event in here.events if isinstance(event, Caption)} == {turn}


async def test_a_caption_comes_when_its_sentence_begins_to_be_heard() -> None:
    async with room() as here:
        here.session.say("One two. Three.", ANY)
        await here.clock.advance(2 * SECOND)

    first, second = [event for event in here.events if isinstance(event, Caption)]
    assert second.position - first.position == pytest.approx(len("One two.") * 2400, abs=2 * PACKET)


async def test_pictures_and_sound_of_a_turn_are_played_together() -> None:
    async with room() as here:
        here.session.say("Hello.", ANY)
        await here.clock.advance(SECOND)

    spoken = [chunk.start for chunk in here.out.chunks if not chunk.silent]
    live = [time for time, picture in here.out.pictures if getattr(picture, "state", None) != "rest"]
    assert live[0] == spoken[0]
    assert abs(live[-1] + 1920 - (spoken[-1] + PACKET)) <= 1920


async def test_saying_something_else_interrupts() -> None:
    async with room() as here:
        here.session.say("The first text is a long one.", ANY)
        await here.clock.advance(SECOND // 2)
        here.session.say("The second.", ANY)
        await here.clock.advance(2 * SECOND)

    assert [reason for reason, _, _ in here.ended()] == ["interrupted", "completed"]
    assert here.out.flushes == 1


async def test_after_an_interrupt_nothing_of_the_turn_is_played_or_told() -> None:
    async with room() as here:
        here.session.say("One sentence to begin with. Another one to follow it.", ANY)
        await here.clock.advance(SECOND // 2)
        assert here.session.interrupt()
        played, told = len(here.out.chunks), len(here.events)
        assert not here.session.busy
        await here.clock.advance(SECOND)
        assert not here.session.interrupt()

        assert all(chunk.silent for chunk in here.out.chunks[played:])
        assert here.events[told:] == []
        assert here.voice.open == 0
    assert here.ended()[0][0] == "interrupted"
    assert here.ended()[0][2] == "One sentence"


async def test_chat_answers_and_the_model_is_told_only_what_was_heard() -> None:
    async with room() as here:
        here.session.chat("Hi!", ANY)
        await here.clock.advance(SECOND // 2)
        here.session.interrupt()
        here.session.chat("Go on.", ANY)
        await here.clock.advance(3 * SECOND)

    assert "".join(event.delta for event in here.events if isinstance(event, AnswerDelta)) == 2 * (
        "Hello there. How are you?"
    )
    assert here.model.asked[1] == [
        Message("system", "Be brief."),
        Message("user", "Hi!"),
        Message("assistant", "Hello there."),
        Message("user", "Go on."),
    ]
    assert here.model.open == 0


async def test_a_second_chat_is_refused_while_one_is_in_flight_unless_it_may_barge_in() -> None:
    async with room() as here:
        here.session.chat("Hi!", ANY)
        with pytest.raises(Conflict):
            here.session.chat("Hello?", ANY)
        here.session.chat("Listen!", ANY, barge_in=True)
        await here.clock.advance(3 * SECOND)

    assert [reason for reason, _, _ in here.ended()] == ["interrupted", "completed"]


async def test_speech_begins_before_the_model_has_finished() -> None:
    async with room() as here:
        here.model.gate = asyncio.Semaphore(2)
        here.model.deltas = ("First. ", "Sec", "ond.")
        here.session.chat("Hi!", ANY)
        await here.clock.advance(SECOND)

        assert [text.strip() for text in here.voice.said] == ["First."]
        assert len(here.out.audible) > 0
        here.model.gate.release()
        await here.clock.advance(SECOND)
    assert here.ended()[0][:2] == ("completed", "First. Second.")


@pytest.mark.parametrize(
    ("failure", "stage", "code"),
    [
        (UpstreamFailed("tts", "the voice is gone"), "tts", "upstream_failed"),
        (StageFailed("tts", "no such phoneme"), "tts", "stage_failed"),
        (RuntimeError("a defect"), "turn", "internal"),
    ],
)
async def test_a_failing_voice_ends_the_turn_with_an_error_and_the_session_stays_usable(
    failure: Exception, stage: str, code: str
) -> None:
    async with room() as here:
        here.voice.fails = failure
        here.session.say("This will not go well.", ANY)
        await here.clock.advance(SECOND)
        here.voice.fails = None
        here.session.say("This will.", ANY)
        await here.clock.advance(SECOND)

    (failed,) = [event for event in here.events if isinstance(event, Failed)]
    assert (failed.stage, failed.code) == (stage, code)
    assert "defect" not in failed.message or code == "internal"
    assert [reason for reason, _, _ in here.ended()] == ["failed", "completed"]


async def test_a_failing_model_ends_the_turn_with_an_error() -> None:
    async with room() as here:
        here.model.fails = UpstreamFailed("llm", "the model answered 429")
        here.session.chat("Hi!", ANY)
        await here.clock.advance(3 * SECOND)

    (failed,) = [event for event in here.events if isinstance(event, Failed)]
    assert (failed.stage, failed.message) == ("llm", "the model answered 429")
    assert here.events.index(failed) < here.events.index(here.of(TurnEnded)[0])
    assert here.of(StageChanged)[-1] == StageChanged("idle")


@pytest.mark.parametrize(("text", "error"), [("", InvalidInput), (" \n", InvalidInput), ("a" * 1001, TooLarge)])
async def test_a_text_that_can_not_be_said_is_refused_and_nothing_is_interrupted(
    text: str, error: type[Exception]
) -> None:
    async with room() as here:
        here.session.say("Already speaking.", ANY)
        with pytest.raises(error):
            here.session.say(text, ANY)
        with pytest.raises(error):
            here.session.chat(text, ANY, barge_in=True)
        assert here.session.busy


async def test_an_unknown_provider_is_refused_and_an_unknown_voice_is_replaced_with_a_warning() -> None:
    async with room() as here:
        with pytest.raises(InvalidInput):
            here.session.say("Hello.", VoiceChoice("nobody"))
        here.session.say("Hallo.", VoiceChoice(name="de-DE-KatjaNeural"))
        await here.clock.advance(SECOND)

    (warning,) = [event for event in here.events if isinstance(event, Warned)]
    assert warning.code == "voice_replaced"
    assert here.provider.german.said == ["Hallo."]


async def test_a_session_starts_once_and_by_itself() -> None:
    async with room() as here:
        here.session.start()
        with pytest.raises(Conflict):
            here.session.start()
    async with room() as here:
        here.session.say("Hello.", ANY)
        with pytest.raises(Conflict):
            here.session.start()
    assert here.of(StateChanged)[:2] == [StateChanged("created"), StateChanged("running")]


async def test_after_its_end_a_session_takes_nothing_and_has_let_go_of_everything() -> None:
    async with room() as here:
        here.session.say("Hello.", ANY)
        await here.session.close()
        with pytest.raises(Conflict):
            here.session.say("Hello.", ANY)
        with pytest.raises(Conflict):
            await here.session.offer("main", "sdp")
        with pytest.raises(Conflict):
            here.session.start()

    assert here.out.closed
    assert here.face.closed
    assert here.voice.open == 0
    assert here.of(Terminated) == [Terminated("closed")]
    assert isinstance(here.events[-1], Terminated)


async def test_a_lost_viewer_has_time_to_come_back_to_the_sample_it_left_at() -> None:
    async with room() as here:
        await here.session.offer("main", "sdp")
        here.out.viewers = 1
        here.session.attendance.joined("main")
        here.session.say("A sentence that is long enough.", ANY)
        await here.clock.advance(SECOND // 2)
        here.out.viewers = 0
        here.session.attendance.left("main")
        heard = len(here.out.audible)
        assert here.of(StateChanged)[-1] == StateChanged("paused")
        await here.clock.advance(10 * SECOND)
        assert len(here.out.audible) == heard
        here.out.viewers = 1
        here.session.attendance.joined("main")
        assert here.of(StateChanged)[-1] == StateChanged("running")
        await here.clock.advance(3 * SECOND)

    assert here.ended()[0][0] == "completed"


async def test_a_viewer_that_does_not_come_back_ends_the_session() -> None:
    async with room(limits=Limits(text_chars=100, peer_grace=0.01, idle_timeout=60)) as here:
        here.session.attendance.joined("main")
        here.session.attendance.left("main")
        assert await until(here.session.events, Terminated) == Terminated("peer_lost")


async def test_a_session_nobody_looks_at_or_speaks_to_ends() -> None:
    async with room(limits=Limits(text_chars=100, peer_grace=60, idle_timeout=0.01)) as here:
        assert await until(here.session.events, Terminated) == Terminated("idle")


async def test_several_viewers_may_leave_as_long_as_one_stays() -> None:
    async with room() as here:
        here.out.viewers = 2
        here.session.attendance.joined("a")
        here.session.attendance.joined("b")
        here.out.viewers = 1
        here.session.attendance.left("a")
        assert here.session.state != "paused"
    assert here.of(ViewerJoined) == [ViewerJoined("a"), ViewerJoined("b")]


async def test_pause_and_resume_are_verbs() -> None:
    async with room() as here:
        assert not here.session.pause()
        here.session.say("Some words.", ANY)
        await here.clock.advance(SECOND // 4)
        assert here.session.pause()
        await here.clock.advance(SECOND)
        assert here.session.busy
        assert here.session.resume()
        await here.clock.advance(SECOND)
    assert here.ended()[0][0] == "completed"


async def test_a_face_that_falls_behind_for_good_is_left_out_with_a_warning() -> None:
    async with room(face=StillFace(stuck_after=2)) as here:
        here.session.say("Sound goes on whatever the face does.", ANY)
        await here.clock.advance(3 * SECOND)

    assert here.ended()[0][0] == "completed"
    silent = [chunk.silent for chunk in here.out.chunks]
    assert True not in silent[silent.index(False) : len(silent) - 1 - silent[::-1].index(False)]


async def test_the_journal_tells_what_was_said_and_how_much_was_heard(tmp_path: Path) -> None:
    async with room(journal=tmp_path) as here:
        turn = here.session.say("One sentence to begin with. Another one to follow it.", ANY)
        await here.clock.advance(SECOND // 2)
        here.session.interrupt()

    entry = msgspec.json.decode((tmp_path / f"{turn}.json").read_bytes(), type=Entry)
    assert (entry.kind, entry.reason, entry.heard) == ("say", "interrupted", "One sentence")
    assert entry.text == "One sentence to begin with. Another one to follow it."
    assert [mark.value for mark in entry.marks][:2] == ["One", "sentence"]
    with av.open(str(tmp_path / f"{turn}.flac")) as file:
        sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in file.decode(audio=0)])
    assert len(sound) == entry.samples
    assert entry.heard_samples == pytest.approx(SECOND // 2, abs=2 * PACKET)


async def test_the_face_goes_on_from_the_picture_being_shown() -> None:
    async with room() as here:
        await here.session.offer("main", "sdp")
        await here.clock.advance(SECOND)
        shown = here.out.pictures[-1][1]
        here.session.say("Hello.", ANY)
        await here.clock.advance(SECOND)
    assert here.face.began_after is shown


async def test_the_model_is_given_what_the_documents_say() -> None:
    async with room() as here:
        here.session.chat("When does the shop open?", ANY)
        await here.clock.advance(3 * SECOND)
        here.session.chat("Is parking free?", ANY)
        await here.clock.advance(3 * SECOND)

    assert [passage.source for passage in here.model.passages[0]][0] == "hours.md"
    assert [passage.source for passage in here.model.passages[1]][0] == "parking.md"
    assert here.knowledge.asked[1] == ("Is parking free?", ("When does the shop open?",))

import asyncio
import wave
from pathlib import Path

import pytest

from tests.session.cast_members import RATE
from tests.session.room import ANY, SECOND, Room, room
from visavis.errors import StageFailed
from visavis.session.clips import Clips
from visavis.session.events import ClipWritten, Failed, SentenceFailed, TurnEnded


def lengths(directory: Path) -> dict[str, float]:
    found = {}
    for path in sorted(directory.iterdir()):
        with wave.open(str(path)) as file:
            assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
            found[path.name] = file.getnframes() / RATE
    return found


async def over(here: Room, turns: int = 1) -> None:
    """Let time pass until so many turns have ended; files are written in a thread, which has its own time."""
    async with asyncio.timeout(10):
        while len(here.of(TurnEnded)) < turns:
            await here.clock.advance(SECOND // 10)


async def test_every_sentence_becomes_a_wav_of_its_own(tmp_path: Path) -> None:
    async with room(clips=Clips(tmp_path / "clips")) as here:
        here.session.say("One. Two three.", ANY)
        await over(here)
        here.session.say("Four.", ANY)
        await over(here, 2)

        clips = [event for event in here.events if isinstance(event, ClipWritten)]
        told = [(clip.number, clip.text, Path(clip.file).name) for clip in clips]
        assert told == [
            (1, "One.", "response_001.wav"),
            (2, "Two three.", "response_002.wav"),
            (3, "Four.", "response_003.wav"),
        ]
        seconds = {"response_001.wav": 0.2, "response_002.wav": 0.5, "response_003.wav": 0.26}
        assert lengths(tmp_path / "clips") == pytest.approx(seconds)


async def test_a_voice_that_fails_ends_the_turn_unless_the_session_is_forgiving(tmp_path: Path) -> None:
    for forgiving in (False, True):
        directory = tmp_path / str(forgiving)
        async with room(clips=Clips(directory), forgiving=forgiving) as here:
            here.voice.fails = StageFailed("tts", "the voice is hoarse; try another")
            here.session.say("A longer sentence. Yes.", ANY)
            await over(here)

            reasons = [event.reason for event in here.events if isinstance(event, TurnEnded)]
            failed = [(event.number, event.message) for event in here.events if isinstance(event, SentenceFailed)]
            assert reasons == (["completed"] if forgiving else ["failed"])
            assert failed == ([(1, "the voice is hoarse; try another")] if forgiving else [])
            if forgiving:
                assert list(lengths(directory)) == ["response_002.wav"]
            else:
                assert not directory.exists()


async def test_of_an_answer_that_breaks_off_the_sentences_are_spoken(tmp_path: Path) -> None:
    async with room(clips=Clips(tmp_path / "clips"), forgiving=True) as here:
        here.model.deltas = ("It is open. It clo",)
        here.model.fails = StageFailed("llm", "the model has gone; call it back")
        here.session.chat("When?", ANY)
        await over(here)

        failures = [(event.stage, event.message) for event in here.events if isinstance(event, Failed)]
        assert failures == [("llm", "the model has gone; call it back")]
        assert here.ended() == [("completed", "It is open. ", "It is open.")]
        assert list(lengths(tmp_path / "clips")) == ["response_001.wav"]


async def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    (tmp_path / "clips").write_text("in the way")
    async with room(clips=Clips(tmp_path / "clips"), forgiving=True) as here:
        here.session.say("One.", ANY)
        await over(here)

        (failed,) = here.of(SentenceFailed)
        assert isinstance(failed, SentenceFailed)
        assert "clip can't be written" in failed.message
        assert str(tmp_path) not in failed.message


async def test_an_answer_in_writing_is_not_spoken(tmp_path: Path) -> None:
    async with room(clips=Clips(tmp_path / "clips")) as here:
        here.session.chat("Hello?", ANY, aloud=False)
        await over(here)

        assert here.ended() == [("completed", "Hello there. How are you?", "Hello there. How are you?")]
        assert here.voice.said == []
        assert not (tmp_path / "clips").exists()

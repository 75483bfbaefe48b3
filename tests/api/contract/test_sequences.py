"""Whole event sequences, as both families of clients see them, from a real engine (contract opentalking 1.6).

Pieces that come many times (`llm`, `frame`, `speech.marks`) count once, where the first of them is. The end of a
sentence's synthesis and its marks are left out: they race with its sound.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.asr.flite_speech import said
from visavis.api.opentalking.event_names import wire
from visavis.pool import Chat, NewSession, Say, SessionHandle, Transcribe
from visavis.pool.inline import InlinePool
from visavis.session.events import MediaStarted, StageChanged, TurnEnded
from visavis.settings import Settings
from visavis.uploads import Uploads

DOCUMENTED = ("transcript", "llm", "tts", "frame", "status", "error", "session.terminated")
DEPLOYED = (
    "speech.started",
    "speech.media_started",
    "subtitle.chunk",
    "speech.ended",
    "session.queued",
    "session.expired",
    "error",
)
TELLING = {
    "status": "stage",
    "tts": "stage",
    "error": "code",
    "speech.ended": "reason",
    "session.queued": "message",
}
NOWHERE = "http://127.0.0.1:9/v1"
SENTENCE = "Hello there."
LONG = "This is long enough to be interrupted. " * 10


def pool_with(data_dir: Path, **changed: Any) -> InlinePool:
    return InlinePool(Settings(data_dir=data_dir, **({"llm": "echo"} | changed)), warm=False)


async def until(handle: SessionHandle, kind: type[MediaStarted]) -> None:
    async with asyncio.timeout(30):
        async for record in handle.events():
            if isinstance(record.event, kind):
                return


async def sequence(handle: SessionHandle, family: tuple[str, ...]) -> list[str]:
    """What a client of `family` is told of the session's first turn, from its beginning to the stage after it."""
    told: list[str] = []
    over = False
    async with asyncio.timeout(30):
        async for record in handle.events():
            told += [_shown(name, data) for name, data in wire(record, handle.id) if name in family]
            over |= isinstance(record.event, TurnEnded)
            if over and isinstance(record.event, StageChanged):
                break
    return list(dict.fromkeys(each for each in told if each != "tts complete"))


def _shown(name: str, data: dict[str, Any]) -> str:
    return f"{name} {data[TELLING[name]]}" if name in TELLING else name


async def both(handle: SessionHandle) -> tuple[list[str], list[str]]:
    return await sequence(handle, DOCUMENTED), await sequence(handle, DEPLOYED)


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[SessionHandle]:
    async with pool_with(tmp_path) as pool:
        yield await pool.create(NewSession("demo-avatar", "mock"))


SPOKEN = ["tts start", "tts first_audio", "status speaking", "frame", "status idle"]
GO = "session.queued worker_ready"
SHOWN = [GO, "speech.started", "speech.media_started", "subtitle.chunk", "speech.ended completed"]


async def test_speak(session: SessionHandle) -> None:
    await session.say(Say(SENTENCE))
    assert await both(session) == (SPOKEN, SHOWN)


async def test_chat(session: SessionHandle) -> None:
    await session.chat(Chat(SENTENCE))
    assert await both(session) == (["status thinking", "llm", *SPOKEN], SHOWN)


async def test_interrupt(session: SessionHandle) -> None:
    await session.say(Say(LONG))
    await until(session, MediaStarted)
    await session.interrupt()
    documented, deployed = await both(session)
    assert [each for each in documented if each != "frame"] == [
        "tts start",
        "tts first_audio",
        "status speaking",
        "status interrupted",
    ]
    assert [each for each in deployed if each != "subtitle.chunk"] == [
        GO,
        "speech.started",
        "speech.media_started",
        "speech.ended interrupted",
    ]


async def test_transcribe_with_trigger_chat(session: SessionHandle, tmp_path: Path) -> None:
    pcm = (await said("how do i get the key")).tobytes()

    async def pieces() -> AsyncIterator[bytes]:
        yield pcm

    upload = await Uploads(Settings(data_dir=tmp_path)).keep(pieces(), len(pcm))
    heard = await session.transcribe(Transcribe(upload, 16_000, chat=True))
    assert heard.text
    assert await both(session) == (["transcript", "status thinking", "llm", *SPOKEN], SHOWN)


async def test_a_voice_that_fails(tmp_path: Path) -> None:
    async with pool_with(tmp_path, tts="openai", tts_url=NOWHERE, tts_model="none") as pool:
        session = await pool.create(NewSession("demo-avatar", "mock"))
        await session.chat(Chat(SENTENCE))
        assert await both(session) == (
            ["status thinking", "llm", "tts start", "error upstream_failed", "status idle"],
            [GO, "speech.started", "error upstream_failed", "speech.ended failed"],
        )
        # It is recoverable: the session takes the next turn.
        assert (await session.info()).state == "running"
        await session.say(Say(SENTENCE, tts_provider="espeak"))


async def test_a_model_that_fails(tmp_path: Path) -> None:
    async with pool_with(tmp_path, llm="openai", llm_base_url=NOWHERE, llm_model="none") as pool:
        session = await pool.create(NewSession("demo-avatar", "mock"))
        await session.chat(Chat(SENTENCE))
        assert await both(session) == (
            ["status thinking", "error upstream_failed", "status idle"],
            [GO, "speech.started", "error upstream_failed", "speech.ended failed"],
        )
        await session.say(Say(SENTENCE))


async def test_the_end_of_a_session(session: SessionHandle) -> None:
    await session.say(Say(LONG))
    await until(session, MediaStarted)
    await session.close()
    names = [name async for record in session.events() for name, _ in wire(record, session.id)]
    last = len(names) - names[::-1].index("speech.ended")
    assert set(names[last:-2]) <= {"status", "speech.marks"}
    assert names[-2:] == ["session.state_changed", "session.terminated"]
    assert names.count("session.terminated") == 1


async def test_causes_come_before_their_effects(session: SessionHandle) -> None:
    """Within a sentence: synthesis, then its first sound, then its caption, then its end."""
    await session.chat(Chat("One. Two. Three."))
    sentences: dict[int, list[str]] = {}
    over = False
    async with asyncio.timeout(30):
        async for record in session.events():
            for name, data in wire(record, session.id):
                over |= name == "speech.ended"
                if "sentence_index" in data and name != "speech.marks":
                    said_so = data.get("stage", name)
                    sentences.setdefault(data["sentence_index"], []).append(said_so)
            if over:
                break
    assert list(sentences) == sorted(sentences)
    for told in sentences.values():
        assert [each for each in told if each != "complete"] == ["start", "first_audio", "subtitle.chunk"]

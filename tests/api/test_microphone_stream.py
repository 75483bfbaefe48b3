"""The same WebSocket in the dialect of deployed clients, which send the user's speech."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from fastapi import FastAPI

from tests.api.sockets import SAMPLES, connected
from visavis.api.opentalking.dialect import microphone
from visavis.api.parts import Parts
from visavis.errors import Conflict, InvalidInput, StageFailed, VisavisError
from visavis.pool import Chat, Say, Transcribe, Transcription
from visavis.settings import Settings
from visavis.testing.fake_pool import FakeSession


async def test_the_web_clients_order_of_messages(
    port: int, session: FakeSession, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files: list[bytes] = []

    async def transcribe(command: Transcribe) -> Transcription:
        files.append((settings.data_dir / "uploads" / command.upload).read_bytes())
        return await FakeSession.transcribe(session, command)

    monkeypatch.setattr(session, "transcribe", transcribe)
    spoken = np.arange(1, 3 * 3200 + 4 * 1365 + 1, dtype="<i2").tobytes()
    async with connected(port, session.id) as connection:
        await connection.accepted()
        await connection.say(
            type="meta", voice="", tts_provider="espeak", tts_model=None, stt_provider="dashscope"
        )
        await connection.sound(bytes(3200))  # 100 ms of silence
        for place in range(0, 3 * 6400, 6400):  # what it had recorded before it connected
            await connection.sound(spoken[place : place + 6400])
        for place in range(3 * 6400, len(spoken), 2730):  # blocks of 4096 samples at 48 kHz
            await connection.sound(spoken[place : place + 2730])
        await connection.say(type="end")
        told = await connection.told()
        assert told.pop("turn")
        assert told == {"session_id": session.id, "status": "queued", "text": "what was said"}
        assert await connection.closed() == 1000
    assert files == [bytes(3200) + spoken]
    heard, answered = session.commands
    assert isinstance(heard, Transcribe)
    assert (heard.sample_rate, heard.chat) == (16_000, False)
    assert answered == Say("what was said", "", "espeak", "")
    assert list((settings.data_dir / "uploads").glob("*")) == []


async def test_what_was_said_is_answered_where_speak_means_that(
    port: int, session: FakeSession, app: FastAPI
) -> None:
    parts: Parts = app.state.parts
    app.state.parts = replace(parts, settings=parts.settings.model_copy(update={"speak_mode": "chat"}))
    await session.say(Say("Good day."))
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="meta")
        await connection.sound(SAMPLES)
        await connection.say(type="end")
        assert (await connection.told())["status"] == "queued"
    assert session.commands[-1] == Chat("what was said", barge_in=True)


@pytest.mark.parametrize(
    ("messages", "code", "words"),
    [
        (['{"type": "meta", "voice": 5}'], 4400, "voice: must be a string"),
        (['{"type": "meta", "tts_provider": "no\\nbody"}'], 4400, "tts_provider"),
        (['{"type": "meta", "tts_provider": "nobody"}', '{"type": "end"}'], 4400, "unknown tts provider"),
        (['{"type": "meta"}', "rubbish"], 4400, "send sound"),
        (['{"type": "meta"}', "[" * 4000], 4400, "send sound"),
        (['{"type": "meta"}', '"end"'], 4400, "send sound"),
    ],
)
async def test_what_is_wrong_is_told_once(
    messages: list[str], code: int, words: str, port: int, session: FakeSession
) -> None:
    async with connected(port, session.id) as connection:
        await connection.accepted()
        for message in messages:
            await connection.text(message)
        told = await connection.told()
        assert list(told) == ["error"]
        assert words in told["error"]
        assert await connection.closed() == code


@pytest.mark.parametrize(
    ("failure", "code", "words"),
    [
        (InvalidInput("the recording is empty"), 4400, "the recording is empty"),
        (Conflict("interrupted"), 4400, "interrupted"),
        (StageFailed("asr", "the recogniser has died"), 4400, "the recogniser has died"),
        (TimeoutError(), 4408, "too long"),
        (VisavisError("secret"), 1011, "internal error"),
        (RuntimeError("secret"), 1011, "internal error"),
    ],
)
async def test_a_failing_recogniser(
    failure: Exception,
    code: int,
    words: str,
    port: int,
    session: FakeSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def transcribe(command: Transcribe) -> Transcription:
        raise failure

    monkeypatch.setattr(session, "transcribe", transcribe)
    await session.say(Say("Good day."))
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="meta")
        await connection.say(type="eos")  # deployed servers pass over it
        await connection.say(type="end")
        told = await connection.told()
        assert words in told["error"]
        assert "secret" not in str(told)
        assert await connection.closed() == code
    # What was being said goes on.
    assert not await session.resume()
    assert (await session.info()).busy


async def test_what_is_being_said_is_held_meanwhile(
    port: int, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.say(Say("Good day."))
    held, let_go = asyncio.Event(), asyncio.Event()
    pause, resume = session.pause, session.resume

    async def told_pause() -> bool:
        held.set()
        return await pause()

    async def told_resume() -> bool:
        let_go.set()
        return await resume()

    monkeypatch.setattr(session, "pause", told_pause)
    monkeypatch.setattr(session, "resume", told_resume)
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="meta")
        await held.wait()
        await connection.leave()
        await let_go.wait()
    assert (await session.info()).busy


async def test_nothing_understood(port: int, session: FakeSession, monkeypatch: pytest.MonkeyPatch) -> None:
    async def transcribe(command: Transcribe) -> Transcription:
        return Transcription(" ")

    monkeypatch.setattr(session, "transcribe", transcribe)
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="meta")
        await connection.say(type="end")
        assert "nothing was understood" in (await connection.told())["error"]
        assert await connection.closed() == 4400
    assert session.commands == []


async def test_a_client_that_stays_silent(
    port: int, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microphone, "QUIET", 0.02)
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="meta")
        assert "too long" in (await connection.told())["error"]
        assert await connection.closed() == 4408


async def test_the_end_of_the_session(port: int, session: FakeSession) -> None:
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="meta")
        await session.close()
        assert "terminated" in (await connection.told())["error"]
        await connection.closed()

"""More sound than can be played, and real sessions that play it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tests.api.sockets import SAMPLES, connected, pushed, serving, sound, until
from tests.asr.flite_speech import said
from tests.media.recorded import tone
from visavis.api.app import create_app
from visavis.api.opentalking.intake import READ_AHEAD, Intake
from visavis.api.opentalking.socket import MAX_SOUND
from visavis.avatar import Catalogue
from visavis.errors import Conflict
from visavis.pool import NewSession, PushAudio, TurnAccepted
from visavis.pool.inline import InlinePool
from visavis.session.events import MediaStarted, TranscriptHeard, TurnEnded, TurnStarted
from visavis.settings import Settings
from visavis.testing.fake_pool import FakeSession


async def test_an_intake_is_bounded() -> None:
    intake = Intake()
    await intake.put(bytes(READ_AHEAD))
    putting = asyncio.create_task(intake.put(b"ab"))
    assert await intake.take(READ_AHEAD - 2) == bytes(READ_AHEAD - 2)
    await putting
    assert await intake.take(100) == b"\0\0ab"
    taking = asyncio.create_task(intake.take(4))
    await asyncio.sleep(0)
    await intake.put(b"cd")
    assert await taking == b"cd"
    await intake.put(b"ef")
    intake.clear()
    intake.finish()
    assert await intake.take(4) == b""


async def test_a_client_that_sends_too_much_waits(
    port: int, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, full = asyncio.Event(), asyncio.Event()
    go_on = asyncio.Event()
    push, put = session.push_audio, Intake.put

    async def slow(command: PushAudio) -> TurnAccepted:
        first.set()
        await go_on.wait()
        return await push(command)

    async def watched(intake: Intake, data: bytes) -> None:
        if len(intake._sound) >= READ_AHEAD:
            full.set()
        await put(intake, data)
        assert len(intake._sound) < READ_AHEAD + MAX_SOUND

    monkeypatch.setattr(session, "push_audio", slow)
    monkeypatch.setattr(Intake, "put", watched)
    minute = np.arange(60 * 48_000, dtype=np.int32).astype("<i2").tobytes()
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="config", sample_rate=48_000)
        assert await connection.told() == {"type": "ack"}

        async def send() -> None:
            for start in range(0, len(minute), 19_200):
                await connection.sound(minute[start : start + 19_200])
            await connection.say(type="eos")

        sending = asyncio.create_task(send())
        await full.wait()
        assert pushed(session) == []
        go_on.set()
        await sending
        assert await connection.closed() == 1000
    assert sound(session) == minute


async def test_an_interruption_is_heard_before_the_sound_was_taken(
    port: int, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = asyncio.Event()
    push, interrupt = session.push_audio, session.interrupt

    async def stuck(command: PushAudio) -> TurnAccepted:
        accepted = await push(command)
        if not interrupted.is_set():
            await interrupted.wait()
            raise Conflict("interrupted")
        return accepted

    async def told() -> bool:
        interrupted.set()
        return await interrupt()

    monkeypatch.setattr(session, "push_audio", stuck)
    monkeypatch.setattr(session, "interrupt", told)
    async with connected(port, session.id) as connection:
        await connection.accepted()
        for _ in range(100):
            await connection.sound(SAMPLES)
        await connection.say(type="interrupt")
        await connection.sound(b"\2\0" * 100)
        await connection.say(type="eos")
        assert await connection.closed() == 1000
    assert sound(session).endswith(SAMPLES + b"\2\0" * 100)
    assert len(sound(session)) < 90 * len(SAMPLES)


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[tuple[InlinePool, int]]:
    settings = Settings(data_dir=tmp_path)
    pool = InlinePool(settings, warm=False)
    async with pool, serving(create_app(pool, settings, Catalogue(settings))) as port:
        yield pool, port


async def test_what_is_sent_is_heard(real: tuple[InlinePool, int]) -> None:
    pool, port = real
    session = await pool.create(NewSession("", voice_only=True))
    data = tone(3.0, 24_000).tobytes()
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="config", sample_rate=24_000)
        assert await connection.told() == {"type": "ack"}
        for start in range(0, len(data), 960):
            await connection.sound(data[start : start + 960])
        await connection.say(type="eos")
        assert await connection.closed() == 1000
    _, ended = await until(session, TurnEnded)
    assert isinstance(ended, TurnEnded)
    assert (ended.kind, ended.reason) == ("audio", "completed")
    assert ended.heard_ms == pytest.approx(3000, abs=45)


async def test_a_minute_at_once_is_interrupted(real: tuple[InlinePool, int]) -> None:
    pool, port = real
    session = await pool.create(NewSession("demo-avatar", model="mock"))
    minute = tone(60.0, 16_000).tobytes()
    async with connected(port, session.id) as connection:
        await connection.accepted()

        async def send() -> None:
            for start in range(0, len(minute), 64_000):
                await connection.sound(minute[start : start + 64_000])

        sending = asyncio.create_task(send())
        seq, _ = await until(session, MediaStarted)
        await session.interrupt()
        _, ended = await until(session, TurnEnded, seq)
        assert isinstance(ended, TurnEnded)
        assert ended.reason == "interrupted"
        assert (await connection.told())["code"] == "interrupted"
        assert await connection.closed() == 4409
        await asyncio.gather(sending, return_exceptions=True)


async def test_a_users_speech_is_recognised_and_said_again(real: tuple[InlinePool, int]) -> None:
    pool, port = real
    session = await pool.create(NewSession("demo-avatar", model="mock"))
    speech = (await said("how do i get the key")).tobytes()
    async with connected(port, session.id) as connection:
        await (await connection.accepted()).say(type="meta", voice="", tts_provider="", stt_provider="")
        for start in range(0, len(speech), 2730):
            await connection.sound(speech[start : start + 2730])
        await connection.say(type="end")
        told = await connection.told()
        assert told.get("status") == "queued", told
        assert "key" in told["text"]
        assert await connection.closed() == 1000
    _, heard = await until(session, TranscriptHeard)
    assert heard == TranscriptHeard(told["text"], True)
    _, started = await until(session, TurnStarted)
    assert started == TurnStarted(told["turn"], "say", told["text"])

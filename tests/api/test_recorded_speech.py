"""Recordings of every usual format in real sessions, whose sound goes nowhere and so takes no time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.asr.flite_speech import said
from tests.media.recorded import FORMATS, recorded, tone
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.pool import NewSession, SessionHandle
from visavis.pool.inline import InlinePool
from visavis.session.events import TurnEnded, TurnStarted
from visavis.settings import Settings


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[tuple[InlinePool, httpx.AsyncClient]]:
    settings = Settings(data_dir=tmp_path)
    async with InlinePool(settings, warm=False) as pool:
        transport = httpx.ASGITransport(create_app(pool, settings, Catalogue(settings)))
        async with httpx.AsyncClient(transport=transport, base_url="http://visavis") as client:
            yield pool, client


@pytest.mark.parametrize("name", FORMATS)
async def test_a_file_is_played_at_its_length(name: str, real: tuple[InlinePool, httpx.AsyncClient]) -> None:
    pool, client = real
    session = await pool.create(NewSession("", voice_only=True))
    sent = {"audio": ("a", recorded(name, 2.0))}
    assert (await client.post(f"/sessions/{session.id}/speak_audio", files=sent)).status_code == 200
    assert await _heard(session) == pytest.approx(2000, abs=60)
    await session.close()


@pytest.mark.parametrize("rate", [8000, 16_000, 24_000, 48_000])
async def test_raw_sound_is_played_at_its_length(rate: int, real: tuple[InlinePool, httpx.AsyncClient]) -> None:
    pool, client = real
    session = await pool.create(NewSession("", voice_only=True))
    answer = await client.post(
        f"/sessions/{session.id}/speak_flashtalk_audio",
        files={"audio": ("a", tone(2.0, rate).tobytes())},
        data={"sample_rate": str(rate)},
    )
    assert answer.status_code == 200
    assert await _heard(session) == pytest.approx(2000, abs=60)
    await session.close()


@pytest.mark.parametrize(
    ("field", "data", "status"),
    [
        ("audio", b"\1", 400),
        ("audio", recorded("m4a")[:200], 400),
        ("audio", recorded("wav-16")[:40], 400),
        ("audio", b"OggS\0\2" + bytes(3000), 400),
        ("file", b"no sound" * 1000, 400),
        ("file", b"\x89PNG\r\n\x1a\n" + bytes(100), 400),
    ],
)
async def test_what_cannot_be_decoded_is_refused(
    field: str, data: bytes, status: int, real: tuple[InlinePool, httpx.AsyncClient]
) -> None:
    pool, client = real
    session = await pool.create(NewSession("", voice_only=True))
    answer = await client.post(f"/sessions/{session.id}/speak_audio", files={field: ("a", data)})
    assert answer.status_code == status
    assert "/" not in answer.json()["detail"]
    await session.close()


async def test_an_interruption_ends_the_recognition(real: tuple[InlinePool, httpx.AsyncClient]) -> None:
    pool, client = real
    session = await pool.create(NewSession("demo-avatar", model="mock"))
    speech = np.tile(await said("how do i get the key"), 20).astype("<i2")
    await client.post(f"/sessions/{session.id}/speak", json={"text": "One moment, please. " * 20})
    sent = {"file": ("a.wav", _wav(speech.tobytes()))}
    asked = asyncio.create_task(client.post(f"/sessions/{session.id}/speak_audio", files=sent))
    listening = session.session.listening
    assert listening is not None
    while not listening._transcribing and not asked.done():  # noqa: ASYNC110  nothing tells that it has begun
        await asyncio.sleep(0)
    assert (await client.post(f"/sessions/{session.id}/interrupt")).status_code == 200
    answer = await asked
    assert (answer.status_code, answer.json()["detail"]) == (409, "interrupted")
    assert not (await session.info()).busy
    await session.close()


async def test_a_users_question_takes_the_place_of_what_is_being_said(
    real: tuple[InlinePool, httpx.AsyncClient],
) -> None:
    pool, client = real
    session = await pool.create(NewSession("demo-avatar", model="mock"))
    url = f"/sessions/{session.id}"
    first = (await client.post(f"{url}/speak", json={"text": "One moment, please. " * 20})).json()["turn"]
    sent = {"file": ("a.wav", _wav((await said("how do i get the key")).tobytes()))}
    answer = (await client.post(f"{url}/speak_audio", files=sent)).json()
    assert "key" in answer["text"]
    started: list[TurnStarted] = []
    async for record in session.events():
        if isinstance(record.event, TurnStarted):
            started.append(record.event)
        if isinstance(record.event, TurnEnded) and record.event.turn != first:
            assert (record.event.turn, record.event.reason) == (answer["turn"], "completed")
            assert record.event.heard == answer["text"]
            break
    assert [turn.text for turn in started][1:] == [answer["text"]]
    await session.close()


async def _heard(session: SessionHandle) -> float:
    async with asyncio.timeout(20):
        async for record in session.events():
            if isinstance(record.event, TurnEnded):
                assert record.event.reason == "completed"
                return record.event.heard_ms
    raise AssertionError("the turn did not end")


def _wav(pcm: bytes) -> bytes:
    header = b"RIFF" + (36 + len(pcm)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += b"\1\0\1\0" + (16_000).to_bytes(4, "little") + (32_000).to_bytes(4, "little") + b"\2\0\x10\0"
    return header + b"data" + len(pcm).to_bytes(4, "little") + pcm

"""Sound that the avatar plays as if it said it, on both pools."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from tests.pool.test_pools import DEMO, make, until
from tests.pool.test_questions import upload, wav
from visavis.errors import Conflict, InvalidInput, TooLarge
from visavis.media.samples import Samples
from visavis.pool import NewSession, PushAudio, Recite, SessionPool
from visavis.session.events import FramesShown, TurnEnded, TurnStarted
from visavis.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE = 16_000
DEAF = NewSession("", voice_only=True)
"""A session whose media needs no time."""


def tone(seconds: float) -> Samples:
    return (8000 * np.sin(np.arange(int(seconds * RATE)) / 5)).astype(np.int16)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"), workers=1)


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["inline", "workers"])
async def pool(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[SessionPool]:
    async with make(request.param, settings) as made:
        yield made


async def test_a_recording_is_played_with_its_face(pool: SessionPool, settings: Settings, tmp_path: Path) -> None:
    handle = await pool.create(DEMO)
    turn = await handle.recite(Recite(await upload(settings, wav(tmp_path / "tone.wav", tone(0.5)))))
    _, started = await until(handle, TurnStarted)
    assert started == TurnStarted(turn.turn, "audio", "")
    await until(handle, FramesShown)
    _, ended = await until(handle, TurnEnded)
    assert isinstance(ended, TurnEnded)
    assert (ended.turn, ended.kind, ended.reason) == (turn.turn, "audio", "completed")
    assert ended.heard_ms == pytest.approx(500, abs=25)
    await handle.close()


async def test_raw_sound_is_played_at_its_rate(pool: SessionPool, settings: Settings) -> None:
    handle = await pool.create(DEAF)
    await handle.recite(Recite(await upload(settings, tone(1.0).tobytes()), 8000))
    _, ended = await until(handle, TurnEnded)
    assert isinstance(ended, TurnEnded)
    assert ended.heard_ms == pytest.approx(2000, abs=25)
    await handle.close()


async def test_what_is_no_sound_is_refused(pool: SessionPool, settings: Settings) -> None:
    handle = await pool.create(DEAF)
    with pytest.raises(InvalidInput):
        await handle.recite(Recite(await upload(settings, b"no sound" * 1000)))
    with pytest.raises(InvalidInput):
        await handle.recite(Recite(await upload(settings, b""), 16_000))
    with pytest.raises(TooLarge):
        await handle.recite(Recite(await upload(settings, bytes(2 * 4000 * 301)), 4000))
    assert not (await handle.info()).busy
    await handle.close()


async def test_sound_is_pushed_in_pieces_and_waits_while_there_is_enough(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    sound = tone(6.0).tobytes()
    turn = (await handle.push_audio(PushAudio(RATE, sound[:640]))).turn
    pushed = 640
    # Far more than the two seconds and the pieces that may wait.
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.5):
            while True:
                await handle.push_audio(PushAudio(RATE, sound[pushed % 64_000 : pushed % 64_000 + 6400], turn))
                pushed += 6400
    assert 2.0 < pushed / 2 / RATE < 8.0
    assert await handle.interrupt()
    with pytest.raises(Conflict, match="interrupted"):
        await handle.push_audio(PushAudio(RATE, sound[:640], turn))
    await handle.close()


async def test_pushed_sound_ends_with_its_last_piece(pool: SessionPool) -> None:
    handle = await pool.create(DEAF)
    sound = tone(1.0).tobytes()
    turn = (await handle.push_audio(PushAudio(RATE, b""))).turn
    for start in range(0, len(sound), 640):
        assert (await handle.push_audio(PushAudio(RATE, sound[start : start + 640], turn))).turn == turn
    with pytest.raises(InvalidInput):
        await handle.push_audio(PushAudio(RATE, b"odd", turn))
    with pytest.raises(InvalidInput):
        await handle.push_audio(PushAudio(8000, b"", turn))
    await handle.push_audio(PushAudio(RATE, b"", turn, last=True))
    _, ended = await until(handle, TurnEnded)
    assert isinstance(ended, TurnEnded)
    assert (ended.turn, ended.kind, ended.reason) == (turn, "audio", "completed")
    assert ended.heard_ms == pytest.approx(1000, abs=45)
    await handle.close()

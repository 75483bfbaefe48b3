"""Recording a live session, on both pools: the mock face flashes and beeps once a second while it speaks."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from tests.media.film import Film, read
from tests.pool.test_pools import make, until
from visavis.errors import Conflict, Unavailable
from visavis.films import duration, recordings
from visavis.pool import NewSession, PushAudio, Say, SessionHandle, SessionPool
from visavis.pool.workers import WorkersPool
from visavis.session.events import MediaStarted, Terminated, TurnEnded
from visavis.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNTING = NewSession("demo-avatar", model="mock")
RATE = 16_000


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"), workers=1, mock_counter=True)


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["inline", "workers"])
async def pool(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[SessionPool]:
    async with make(request.param, settings) as made:
        yield made


async def silent_speech(handle: SessionHandle, seconds: float) -> None:
    """A turn that is heard by the face's beeps alone."""
    quiet = np.zeros(int(seconds * RATE), np.int16).tobytes()
    turn = await handle.push_audio(PushAudio(RATE, quiet[: RATE // 2]))
    await handle.push_audio(PushAudio(RATE, quiet[RATE // 2 :], turn.turn, last=True))
    await until(handle, TurnEnded)


def film(settings: Settings, session: str) -> Film:
    path = recordings(settings).find(session)
    assert path is not None
    return read(path)


async def test_a_recording_has_what_was_played_in_step(pool: SessionPool, settings: Settings) -> None:
    handle = await pool.create(COUNTING)
    assert (await handle.info()).recording.state == "idle"
    await handle.record()
    assert (await handle.info()).recording.state == "recording"
    assert recordings(settings).find(handle.id) is None
    await silent_speech(handle, 2.5)
    done = await handle.stop_recording()
    assert (done.state, done.error) == ("complete", "")
    await handle.close()

    shown = film(settings, handle.id)
    assert shown.times[0] == 0
    assert abs(shown.audio_end - shown.video_end) <= 0.02
    assert done.duration_ms / 1000 == pytest.approx(shown.video_end, abs=0.06)
    path = recordings(settings).place(handle.id)
    assert duration(path) == pytest.approx(max(shown.audio_end, shown.video_end), abs=0.005)
    # Counts go on through idling and speaking: nothing is missing, nothing is twice.
    counts = [count for count in shown.counts if count is not None]
    assert counts == sorted(counts)
    assert len(shown.flashes) == len(shown.starts) == 3
    for seen, heard in zip(shown.flashes, shown.starts, strict=True):
        assert abs(seen - heard) <= 0.02


async def test_a_session_that_idles_unseen_is_recorded_with_its_loop(
    pool: SessionPool, settings: Settings
) -> None:
    handle = await pool.create(NewSession("demo-avatar"))
    await handle.record()
    await handle.say(Say("Yes."))
    await until(handle, TurnEnded)
    async with asyncio.timeout(30):
        while (await handle.info()).recording.duration_ms < 1500:  # noqa: ASYNC110  # no event tells the length
            await asyncio.sleep(0)
    await handle.close()

    shown = film(settings, handle.id)
    assert shown.video_end >= 1.4
    assert len(shown.times) >= 20
    assert shown.starts


async def test_the_end_of_the_session_completes_it(pool: SessionPool, settings: Settings) -> None:
    handle = await pool.create(COUNTING)
    await handle.record()
    await handle.say(Say("This is cut short."))
    await until(handle, MediaStarted)
    await handle.close()
    assert film(settings, handle.id).times[0] == 0
    with pytest.raises(Conflict):
        await handle.record()
    with pytest.raises(Conflict):
        await handle.stop_recording()


async def test_what_makes_no_sense_is_refused(pool: SessionPool) -> None:
    handle = await pool.create(COUNTING)
    with pytest.raises(Conflict, match="not being recorded"):
        await handle.stop_recording()
    await handle.record()
    with pytest.raises(Conflict, match="being recorded"):
        await handle.record()
    await handle.stop_recording()
    assert (await handle.stop_recording()).state == "complete"
    await handle.record()
    await handle.stop_recording()
    await handle.close()

    voice = await pool.create(NewSession("", voice_only=True))
    with pytest.raises(Conflict, match="without a face"):
        await voice.record()
    await voice.close()


@pytest.mark.parametrize("kind", ["inline", "workers"])
async def test_a_place_that_can_not_be_written_is_refused_and_the_session_goes_on(
    kind: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, workers=1)
    (tmp_path / "recordings").write_text("in the way")
    async with make(kind, settings) as small:
        handle = await small.create(COUNTING)
        with pytest.raises(Unavailable, match="can't be written") as refused:
            await handle.record()
        assert str(tmp_path) not in refused.value.message
        await handle.say(Say("Hello."))
        await until(handle, TurnEnded)
        await handle.close()


async def test_a_worker_that_dies_leaves_no_recording(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, workers=1, mock_counter=True)
    async with WorkersPool(settings) as workers:
        handle = await workers.create(COUNTING)
        await handle.record()
        await handle.say(Say("Hello there."))
        await until(handle, TurnEnded)
        assert handle.worker.process is not None
        os.kill(handle.worker.process.pid, signal.SIGKILL)
        await until(handle, Terminated)
    assert recordings(settings).find(handle.id) is None
    left = [path.name for path in (tmp_path / "recordings").iterdir()]
    assert left == [f"{handle.id}.mp4.part"]

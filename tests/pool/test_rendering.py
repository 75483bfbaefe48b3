"""Offline bundles: real processes for what is rendered, stubs for what becomes of the jobs."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.media.film import read
from tests.pool.test_pools import make, until
from tests.pool.test_questions import upload, wav
from tests.pool.test_recited_sound import tone
from visavis.errors import AtCapacity, Conflict, NotFound
from visavis.films import bundles, duration
from visavis.ids import new_id
from visavis.line import LENGTH
from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import SAMPLE_RATE, from_seconds
from visavis.pool import NewSession, PushAudio, rendering
from visavis.pool.render import GAP, reel_of
from visavis.pool.render_wire import Task
from visavis.pool.rendering import COMMAND, Rendering
from visavis.pool.workers import plain
from visavis.session.events import EndReason, TurnEnded
from visavis.session.journal import Entry, Journal, Word
from visavis.settings import Settings
from visavis.store import RenderJob, Store
from visavis.tts import Mark
from visavis.uploads import Uploads

STUB = """
import struct, sys, msgspec
size, = struct.unpack("!I", sys.stdin.buffer.read(4))
task = msgspec.msgpack.decode(sys.stdin.buffer.read(size))
open(task["film"] + ".part", "w").write("half")
print('{"progress": 0.5}', flush=True)
"""

HANGING = (sys.executable, "-c", STUB + "sys.stdin.buffer.read()")
"""Half done, and goes on until it is killed or left alone."""

BABBLING = (sys.executable, "-c", STUB + "print('this is no report'); print('x' * 100)")
"""Says something else, and ends as if all were well."""

FAILING = (sys.executable, "-c", STUB + """print('{"progress": 0, "error": "no more film"}'); sys.exit(1)""")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, mock_counter=True, workers=1)


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    async with Store(settings) as made:
        yield made


def level(amplitude: float, seconds: float) -> Samples:
    wave = np.sin(np.arange(from_seconds(seconds)) * 2 * np.pi * 440 / SAMPLE_RATE)
    return np.rint(32767 * amplitude * wave).astype(np.int16)


async def write_down(
    settings: Settings,
    session: str,
    turns: Sequence[tuple[float, Samples, float, EndReason]],
    marks: list[Word] | None = None,
) -> None:
    """A journal of turns: when, what, how much of it was heard (seconds), how it ended."""
    journal = Journal(settings.data_dir / "journal" / session)
    for position, pcm, heard, reason in turns:
        turn = journal.begin(new_id())
        turn.sound(pcm)
        heard_samples, place = from_seconds(heard), from_seconds(position)
        turn.end(
            Entry(turn._turn, "say", "", "text", "text", len(pcm), heard_samples, reason, 1.0, place, marks or [])
        )
    await journal.close()


async def one_second(settings: Settings) -> str:
    session = new_id()
    await write_down(settings, session, [(0.0, level(0.2, 1.0), 1.0, "completed")])
    return session


async def over(rendering: Rendering, job: RenderJob) -> RenderJob:
    """The job once it is over."""
    async with asyncio.timeout(60):
        if active := rendering._active.get(job.id):
            await active.over.wait()
    return (await rendering.find(job.session_id, job.id))[0]


async def half_done(rendering: Rendering, job: RenderJob) -> None:
    async with asyncio.timeout(30):
        while (await rendering.find(job.session_id, job.id))[1] < 0.5:  # noqa: ASYNC110  # nobody is told of progress
            await asyncio.sleep(0)


def files(settings: Settings) -> list[str]:
    place = settings.data_dir / "renders"
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


async def test_a_bundle_has_what_was_heard_in_order_and_in_step(settings: Settings, store: Store) -> None:
    session = new_id()
    turns: list[tuple[float, Samples, float, EndReason]] = [
        (60.0, level(0.4, 0.5), 0.5, "completed"),
        (0.0, level(0.1, 1.0), 1.0, "completed"),
        (1.5, level(0.2, 2.0), 0.7, "interrupted"),
        (5.0, level(0.3, 2.0), 0.0, "interrupted"),
    ]
    await write_down(settings, session, turns)
    async with Rendering(store, settings) as rendering:
        job = await rendering.submit(session, "demo-avatar", "mock")
        assert job.state == "pending"
        done = await over(rendering, job)
        assert (done.state, done.error) == ("complete", "")
        assert await rendering.find(session, job.id) == (done, 1.0)
        path = await rendering.film(session, job.id)

    # 1 s, a rest of 0.5 s, 0.7 s, a rest of at most 1 s, 0.5 s, and a little rest to close the mouth.
    shown = read(path)
    assert shown.times[0] == 0
    assert abs(shown.audio_end - shown.video_end) <= 0.02
    assert shown.video_end == pytest.approx(3.9, abs=0.1)
    assert duration(path) == pytest.approx(shown.video_end, abs=0.03)
    first, second, third = shown.starts
    assert (first, second, third) == pytest.approx((0.0, 1.5, 3.2), abs=0.05)
    # The mock face flashes and beeps at the beginning of each turn.
    for seen, heard in zip(shown.flashes, shown.starts, strict=True):
        assert abs(seen - heard) <= 0.02
    levels = [shown.level(begin + 0.1, begin + length - 0.1) for begin, length in ((0, 1), (1.5, 0.7), (3.2, 0.5))]
    assert levels == pytest.approx([0.1, 0.2, 0.4], rel=0.1)
    for begin, end in ((1.1, 1.4), (2.3, 3.1), (3.8, 3.9)):
        assert shown.level(begin, end) < 0.01
    assert files(settings) == [f"{job.id}.mp4"]


async def test_marks_come_back_with_the_sound_they_belong_to(settings: Settings) -> None:
    session = new_id()
    marks = [
        Word("phoneme", "h", 0),
        Word("word", "hello", 10),
        Word("phoneme", "ə", 30_000),
        Word("phoneme", "l", 90_000),
    ]
    await write_down(settings, session, [(0.0, level(0.2, 2.0), 1.0, "interrupted")], marks)
    directory = settings.data_dir / "journal" / session
    reel = await asyncio.to_thread(reel_of, Task({}, "", "", "", str(directory)))

    [(rest, speech)] = reel.parts
    assert rest == 0
    end = 0
    told: list[Mark] = []
    heard = [EMPTY]
    async for piece in speech:
        assert piece.marked
        assert all(end <= mark.start < end + len(piece.pcm) for mark in piece.marks)
        told += piece.marks
        heard.append(piece.pcm)
        end += len(piece.pcm)
    assert told == [Mark("phoneme", 0, "h"), Mark("word", 10, "hello"), Mark("phoneme", 30_000, "ə")]
    assert np.array_equal(np.concatenate(heard), level(0.2, 1.0))


async def test_rests_are_a_second_at_most(settings: Settings) -> None:
    session = new_id()
    pcm = level(0.2, 0.5)
    await write_down(settings, session, [(at, pcm, 0.5, "completed") for at in (3.0, 3.5, 4.2, 100.0)])
    directory = settings.data_dir / "journal" / session
    reel = await asyncio.to_thread(reel_of, Task({}, "", "", "", str(directory)))
    assert [rest for rest, _ in reel.parts] == [0, 0, from_seconds(0.2), GAP]
    for _, speech in reel.parts:
        await speech.aclose()  # type: ignore[attr-defined]  # it is a generator


@pytest.mark.parametrize("kind", ["inline", "workers"])
async def test_what_a_session_said_is_rendered_after_its_end(kind: str, settings: Settings, store: Store) -> None:
    async with make(kind, settings) as pool:
        handle = await pool.create(NewSession("demo-avatar", model="mock"))
        turn = await handle.push_audio(PushAudio(16_000, tone(0.6).tobytes()))
        await handle.push_audio(PushAudio(16_000, b"", turn.turn, last=True))
        await until(handle, TurnEnded)
        await handle.close()
    async with Rendering(store, settings) as rendering:
        job = await rendering.submit(handle.id, "demo-avatar", "mock")
        assert (await over(rendering, job)).state == "complete"
        assert read(await rendering.film(handle.id, job.id)).video_end == pytest.approx(0.8, abs=0.1)


async def test_a_sound_that_was_sent_is_rendered_instead(settings: Settings, store: Store, tmp_path: Path) -> None:
    sound = await upload(settings, wav(tmp_path / "tone.wav", tone(0.5)))
    async with Rendering(store, settings) as rendering:
        job = await rendering.submit(new_id(), "demo-avatar", "mock", sound)
        assert (await over(rendering, job)).state == "complete"
        assert duration(await rendering.film(job.session_id, job.id)) == pytest.approx(0.7, abs=0.1)
        rubbish = await upload(settings, b"this is no sound")
        job = await rendering.submit(new_id(), "demo-avatar", "mock", rubbish)
        failed = await over(rendering, job)
    assert (failed.state, failed.error) == ("failed", "the file can't be decoded as sound")
    with pytest.raises(NotFound):
        Uploads(settings).path(sound)
    with pytest.raises(NotFound):
        Uploads(settings).path(rubbish)


@pytest.mark.parametrize(
    ("avatar", "model", "says"),
    [("nobody", "mock", "avatar not found"), ("demo-avatar", "nothing", "unknown face provider")],
)
async def test_a_job_that_can_not_be_done_says_why(
    settings: Settings, store: Store, avatar: str, model: str, says: str
) -> None:
    session = await one_second(settings)
    async with Rendering(store, settings) as rendering:
        job = await rendering.submit(session, avatar, model)
        failed = await over(rendering, job)
        assert failed.state == "failed"
        assert says in failed.error
        with pytest.raises(Conflict, match=says):
            await rendering.film(session, job.id)
    assert files(settings) == []


async def test_a_place_that_can_not_be_written_fails_the_job(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await one_second(settings)
    async with Rendering(store, settings) as rendering:
        job = await rendering.submit(session, "demo-avatar", "mock")
        # In the way of the file that the process would open.
        (settings.data_dir / "renders" / f"{job.id}.mp4.part").mkdir(parents=True)
        monkeypatch.setattr(rendering._films, "forget", lambda film: None)
        failed = await over(rendering, job)
    assert failed.state == "failed"
    assert "can't be written" in failed.error
    assert str(settings.data_dir) not in failed.error


async def test_a_session_of_which_nothing_was_heard_has_no_bundle(settings: Settings, store: Store) -> None:
    silent = new_id()
    await write_down(settings, silent, [(0.0, level(0.1, 1.0), 0.0, "interrupted")])
    async with Rendering(store, settings) as rendering:
        for session in (silent, new_id()):
            with pytest.raises(Conflict, match="nothing of this session was heard"):
                await rendering.submit(session, "demo-avatar", "mock")
        with pytest.raises(Conflict, match="without a face"):
            await rendering.submit(await one_second(settings), "", "")
    assert await store.render_jobs.open() == []


async def test_jobs_survive_a_restart(settings: Settings, store: Store) -> None:
    session = await one_second(settings)
    async with Rendering(store, settings, HANGING) as rendering:
        first = await rendering.submit(session, "demo-avatar", "mock")
        second = await rendering.submit(session, "demo-avatar", "mock")
        await half_done(rendering, first)
        process = rendering._active[first.id].process
    assert process is not None
    assert process.returncode is not None
    assert [job.state for job in await store.render_jobs.open()] == ["running", "pending"]

    async with Rendering(store, settings) as rendering:
        assert rendering._resuming is not None
        await rendering._resuming
        assert [(await over(rendering, job)).state for job in (first, second)] == ["complete"] * 2
    assert files(settings) == sorted(f"{job.id}.mp4" for job in (first, second))


async def test_cancelling_kills_the_process_and_leaves_nothing(settings: Settings, store: Store) -> None:
    session = await one_second(settings)
    async with Rendering(store, settings, HANGING) as rendering:
        running = await rendering.submit(session, "demo-avatar", "mock")
        waiting = await rendering.submit(session, "demo-avatar", "mock")
        await half_done(rendering, running)
        process = rendering._active[running.id].process
        assert process is not None
        assert files(settings) == [f"{running.id}.mp4.part"]
        with pytest.raises(Conflict, match="not complete"):
            await rendering.film(session, running.id)

        await rendering.cancel(session, waiting.id)
        await rendering.cancel(session, running.id)

        assert process.returncode is not None
        for job in (running, waiting):
            with pytest.raises(NotFound):
                await rendering.find(session, job.id)
    assert files(settings) == []
    assert await store.render_jobs.open() == []


async def test_a_bundle_that_is_complete_can_be_deleted(settings: Settings, store: Store) -> None:
    session = await one_second(settings)
    async with Rendering(store, settings) as rendering:
        job = await rendering.submit(session, "demo-avatar", "mock")
        await over(rendering, job)
        await rendering.cancel(session, job.id)
        with pytest.raises(NotFound):
            await rendering.film(session, job.id)
    assert files(settings) == []


async def test_as_many_are_rendered_at_once_as_the_settings_say(
    settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "WAITING", 3)
    session = await one_second(settings)
    two = settings.model_copy(update={"render_processes": 2})
    async with Rendering(store, two, HANGING) as made:
        jobs = [await made.submit(session, "demo-avatar", "mock") for _ in range(3)]
        with pytest.raises(AtCapacity):
            await made.submit(session, "demo-avatar", "mock")
        for job in jobs[:2]:
            await half_done(made, job)
        assert (await made.find(session, jobs[2].id))[0].state == "pending"
        await made.cancel(session, jobs[0].id)
        await half_done(made, jobs[2])
        assert (await made.find(session, jobs[2].id))[0].state == "running"


async def test_a_job_belongs_to_its_session(settings: Settings, store: Store) -> None:
    session = await one_second(settings)
    async with Rendering(store, settings, HANGING) as rendering:
        job = await rendering.submit(session, "demo-avatar", "mock")
        for other, name in ((new_id(), job.id), (session, new_id()), (session, "../x"), (session, "")):
            with pytest.raises(NotFound):
                await rendering.find(other, name)
            with pytest.raises(NotFound):
                await rendering.film(other, name)
            with pytest.raises(NotFound):
                await rendering.cancel(other, name)
        await half_done(rendering, job)


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (BABBLING, "the server's log says why"),
        (FAILING, "no more film"),
        (("/nothing/here",), "can't be rendered here"),
        ((sys.executable, "-c", "1/0"), "the server's log says why"),
    ],
)
async def test_a_process_that_fails_fails_its_job(
    settings: Settings, store: Store, command: Sequence[str], says: str
) -> None:
    session = await one_second(settings)
    async with Rendering(store, settings, command) as rendering:
        job = await rendering.submit(session, "demo-avatar", "mock")
        failed = await over(rendering, job)
    assert failed.state == "failed"
    assert says in failed.error
    assert files(settings) == []


async def test_a_process_that_is_left_alone_ends(settings: Settings) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    session = new_id()
    await write_down(settings, session, [(0.0, level(0.2, 600.0), 600.0, "completed")])
    film = settings.data_dir / "film.mp4"
    directory = settings.data_dir / "journal" / session
    task = msgspec.msgpack.encode(Task(plain(settings), "demo-avatar", "mock", str(film), str(directory)))
    process.stdin.write(LENGTH.pack(len(task)) + task)
    process.stdin.close()
    async with asyncio.timeout(30):
        assert await process.wait() != 0
    left = [path.name for path in settings.data_dir.iterdir()]
    assert not [name for name in left if name.startswith("film")]


async def test_old_bundles_are_swept_with_their_jobs(settings: Settings, store: Store) -> None:
    session = await one_second(settings)
    job = RenderJob(new_id(), session, "demo-avatar", "mock", "", 1.0, "complete", "", 2.0)
    await store.render_jobs.save(job)
    place = bundles(settings).place(job.id)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x")
    os.utime(place, (2.0, 2.0))
    async with Rendering(store, settings) as rendering:
        async with asyncio.timeout(10):
            while await store.render_jobs.ended_before(3.0):  # noqa: ASYNC110  # nobody is told of sweeping
                await asyncio.sleep(0)
        with pytest.raises(NotFound):
            await rendering.find(session, job.id)
    assert files(settings) == []

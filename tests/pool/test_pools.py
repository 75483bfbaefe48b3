"""The same verbs on both pools, with the real voice and the real face."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from av import VideoFrame

from visavis.errors import AtCapacity, Conflict, InvalidInput, NotFound, WorkerLost
from visavis.pool import Chat, NewSession, Offer, Say, SessionHandle, SessionPool
from visavis.pool.inline import InlinePool
from visavis.pool.workers import WorkersPool
from visavis.session.events import (
    AnyEvent,
    Caption,
    Failed,
    MediaStarted,
    StateChanged,
    Terminated,
    TurnEnded,
    ViewerJoined,
)
from visavis.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEMO = NewSession("demo-avatar")
LONG = "This sentence is long enough to be interrupted while it is being said, and then some more. " * 5


def make(kind: str, settings: Settings) -> SessionPool:
    return InlinePool(settings) if kind == "inline" else WorkersPool(settings)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["inline", "workers"])
async def pool(request: pytest.FixtureRequest, data_dir: Path) -> AsyncIterator[SessionPool]:
    async with make(request.param, Settings(data_dir=data_dir, workers=2)) as made:
        yield made


async def until(handle: SessionHandle, kind: type[AnyEvent], after: int = 0) -> tuple[int, AnyEvent]:
    async with asyncio.timeout(30):
        async for record in handle.events(after):
            if isinstance(record.event, kind):
                return record.seq, record.event
    raise AssertionError(f"the events ended without {kind.__name__}")


async def all_events(handle: SessionHandle) -> list[AnyEvent]:
    return [record.event async for record in handle.events()]


async def test_a_session_says_a_text_to_its_end(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    turn = await handle.say(Say("Hello there."))
    _, ended = await until(handle, TurnEnded)

    assert isinstance(ended, TurnEnded)
    assert (ended.turn, ended.reason, ended.heard) == (turn.turn, "completed", "Hello there.")
    info = await handle.info()
    assert (info.state, info.busy, info.model, info.tts_provider) == ("running", False, "portrait", "espeak")
    await handle.close()


async def test_a_session_answers(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    await handle.chat(Chat("Good day!"))
    with pytest.raises(Conflict):
        await handle.chat(Chat("And again."))
    await handle.chat(Chat("Hello?", barge_in=True))
    _, caption = await until(handle, Caption)
    assert isinstance(caption, Caption)
    await handle.close()


async def test_interrupting_ends_the_turn_at_once(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    await handle.say(Say(LONG))
    seq, _ = await until(handle, MediaStarted)
    assert await handle.interrupt()
    assert not await handle.interrupt()
    _, ended = await until(handle, TurnEnded, seq)

    assert isinstance(ended, TurnEnded)
    assert ended.reason == "interrupted"
    assert len(ended.heard) < len(LONG)
    assert not (await handle.info()).busy
    await handle.close()


async def test_a_turn_can_be_held(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    assert not await handle.pause()
    await handle.say(Say("One moment, please."))
    await until(handle, MediaStarted)
    assert await handle.pause()
    assert (await handle.info()).busy
    assert await handle.resume()
    await until(handle, TurnEnded)
    await handle.close()


async def test_a_closed_session_can_still_be_asked_about(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    await handle.start()
    with pytest.raises(Conflict):
        await handle.start()
    await handle.close()
    await handle.close()

    assert (await pool.get(handle.id).info()).state == "terminated"
    assert handle.id not in [each.id for each in pool.sessions()]
    assert (await all_events(handle))[-2:] == [StateChanged("terminated"), Terminated("closed")]
    with pytest.raises(Conflict):
        await handle.say(Say("Hello?"))
    with pytest.raises(Conflict):
        await handle.offer(Offer("v=0"))
    assert not await handle.interrupt()


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        (NewSession("nobody"), NotFound),
        (NewSession("../stock/demo-avatar"), NotFound),
        (NewSession("demo-avatar", model="nothing"), InvalidInput),
        (NewSession("demo-avatar", tts_provider="nothing"), InvalidInput),
    ],
)
async def test_what_does_not_exist_is_refused(pool: SessionPool, wish: NewSession, error: type[Exception]) -> None:
    before = len(pool.sessions())
    with pytest.raises(error):
        await pool.create(wish)
    assert len(pool.sessions()) == before
    with pytest.raises(NotFound):
        pool.get("nobody")


async def test_wrong_commands_are_refused_and_the_session_goes_on(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    with pytest.raises(InvalidInput):
        await handle.say(Say(" "))
    with pytest.raises(InvalidInput):
        await handle.say(Say("Hello.", tts_provider="nothing"))
    with pytest.raises(InvalidInput):
        await handle.offer(Offer("this is not SDP"))
    await handle.say(Say("Hello."))
    await until(handle, TurnEnded)
    await handle.close()


async def test_a_viewer_connects_and_receives(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.addTransceiver("video", direction="recvonly")
    peer.addTransceiver("audio", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    answer = await handle.offer(Offer(peer.localDescription.sdp))
    await peer.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))

    await until(handle, ViewerJoined)
    async with asyncio.timeout(10):
        frame = await peer.getReceivers()[0].track.recv()
    assert isinstance(frame, VideoFrame)
    assert (frame.width, frame.height) == (512, 512)
    assert (await handle.info()).viewers == 1
    await peer.close()
    await until(handle, StateChanged, 2)
    await handle.close()


async def test_events_before_the_reader_came_are_replayed_and_not_twice(pool: SessionPool) -> None:
    handle = await pool.create(DEMO)
    await handle.say(Say("Hello."))
    seq, _ = await until(handle, TurnEnded)
    await handle.close()

    everything = [record.seq async for record in handle.events()]
    later = [record.seq async for record in handle.events(seq)]
    assert everything == sorted(set(everything))
    assert later == [each for each in everything if each > seq]


@pytest.mark.parametrize("kind", ["inline", "workers"])
async def test_a_full_pool_refuses_and_leaving_it_ends_every_session(kind: str, data_dir: Path) -> None:
    async with make(kind, Settings(data_dir=data_dir, workers=1, max_sessions=1)) as small:
        handle = await small.create(DEMO)
        with pytest.raises(AtCapacity):
            await small.create(DEMO)
        await handle.close()
        last = await small.create(DEMO)
        await last.say(Say(LONG))
    assert (await all_events(last))[-1] == Terminated("shutdown")


async def test_a_killed_worker_ends_only_its_own_sessions_and_is_replaced(data_dir: Path) -> None:
    async with WorkersPool(Settings(data_dir=data_dir, workers=2)) as workers:
        first, second = await workers.create(DEMO), await workers.create(DEMO)
        assert first.worker is not second.worker
        await first.say(Say(LONG))
        await second.say(Say(LONG))
        seq, _ = await until(second, MediaStarted)
        assert first.worker.process is not None
        os.kill(first.worker.process.pid, signal.SIGKILL)

        told = await all_events(first)
        assert isinstance(told[-2], Failed)
        assert told[-2].stage == "worker"
        assert told[-1] == Terminated("worker_lost")
        with pytest.raises(Conflict):
            await first.say(Say("Hello?"))
        assert (await first.info()).state == "terminated"
        assert (await second.info()).busy
        assert await second.interrupt()
        await until(second, TurnEnded, seq)
        async with asyncio.timeout(10):
            while first.worker in workers.workers:  # noqa: ASYNC110  # the pool tells nobody when it replaces one
                await asyncio.sleep(0)
        third = await workers.create(DEMO)
        assert third.worker not in (first.worker, second.worker)
        await third.say(Say("Hello again."))
        await until(third, TurnEnded)


async def test_a_call_that_was_waiting_for_a_killed_worker_is_told(data_dir: Path) -> None:
    async with WorkersPool(Settings(data_dir=data_dir, workers=1)) as workers:
        handle = await workers.create(DEMO)
        assert handle.worker.process is not None
        os.kill(handle.worker.process.pid, signal.SIGSTOP)
        waiting = asyncio.create_task(handle.say(Say("Hello?")))
        await asyncio.sleep(0)
        os.kill(handle.worker.process.pid, signal.SIGKILL)
        with pytest.raises(WorkerLost):
            await waiting


async def test_a_worker_without_a_sign_of_life_is_killed(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.pool.workers.PING_EVERY", 0.05)
    async with WorkersPool(Settings(data_dir=data_dir, workers=1)) as workers:
        handle = await workers.create(DEMO)
        monkeypatch.setattr("visavis.pool.workers.PING_TIMEOUT", 0.2)
        assert handle.worker.process is not None
        os.kill(handle.worker.process.pid, signal.SIGSTOP)
        _, over = await until(handle, Terminated)
        assert over == Terminated("worker_lost")

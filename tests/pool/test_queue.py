"""Slots and the line before them: strictly in the order of coming, with limits of length and time."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.pool.timers import ManualTimers
from visavis import registry
from visavis.errors import AtCapacity, Conflict, InvalidInput, NotFound, UpstreamFailed
from visavis.face import Face
from visavis.pool import NewSession, Offer, Say, SessionHandle
from visavis.pool.inline import InlinePool
from visavis.pool.queue import QueuedPool
from visavis.pool.studio import Studio
from visavis.pool.wire import Refusal
from visavis.session.events import (
    AnyEvent,
    Expiring,
    Failed,
    Queued,
    StateChanged,
    Terminated,
    TurnStarted,
)
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool

MOCK = NewSession("demo-avatar", "mock")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen: dict[str, Any] = {"slots": "mock=1, portrait=0", "queue_size": 2}
    return Settings(data_dir=tmp_path, **chosen)


@pytest.fixture
def inner() -> FakePool:
    return FakePool(room=5)


@pytest.fixture
def timers() -> ManualTimers:
    return ManualTimers()


@pytest.fixture
async def pool(inner: FakePool, settings: Settings, timers: ManualTimers) -> AsyncIterator[QueuedPool]:
    async with QueuedPool(inner, settings, timers.later) as made:
        yield made


async def until(handle: SessionHandle, *wanted: AnyEvent) -> None:
    """Wait until these have happened, in this order."""
    left = list(wanted)
    async with asyncio.timeout(10):
        async for record in handle.events():
            if left and record.event == left[0]:
                del left[0]
            if not left:
                return
    raise AssertionError(f"never happened: {left}")


async def history(handle: SessionHandle) -> list[AnyEvent]:
    async with asyncio.timeout(10):
        return [record.event async for record in handle.events()]


async def position(handle: SessionHandle) -> int:
    return (await handle.info()).position


async def test_without_a_limit_the_pools_own_sessions_are_handed_out(pool: QueuedPool, inner: FakePool) -> None:
    for request in (NewSession("demo-avatar", "portrait"), NewSession("demo-avatar", "mock", voice_only=True)):
        made = await pool.create(request)
        assert made is inner.get(made.id) is pool.get(made.id)
    assert not pool.occupancy.occupied


async def test_a_free_slot_is_taken_at_once(pool: QueuedPool, inner: FakePool) -> None:
    made = await pool.create(MOCK)
    assert inner.get(made.id).request == MOCK
    await until(made, Queued(0, "slot_acquired"), StateChanged("created"))
    await made.say(Say("Hello."))
    assert (await made.info()).busy
    assert (pool.occupancy.occupied, pool.occupancy.waiting) == (True, 0)
    await made.close()
    assert (pool.occupancy.occupied, pool.occupancy.waiting) == (False, 0)
    assert (await pool.get(made.id).info()).state == "terminated"


async def test_they_get_their_slots_in_the_order_they_came(pool: QueuedPool, inner: FakePool) -> None:
    first, second, third = [await pool.create(MOCK) for _ in range(3)]
    assert [await position(each) for each in (first, second, third)] == [0, 1, 2]
    assert (pool.occupancy.occupied, pool.occupancy.waiting) == (True, 2)
    assert [each.id for each in inner.sessions()] == [first.id]
    assert {each.id for each in pool.sessions()} == {first.id, second.id, third.id}
    await first.close()
    await until(second, Queued(1, "waiting"), Queued(0, "slot_acquired"), StateChanged("created"))
    await until(third, Queued(2, "waiting"), Queued(1, "waiting"))
    assert [each.id for each in inner.sessions()] == [second.id]
    await second.close()
    await until(third, Queued(0, "slot_acquired"), StateChanged("created"))
    assert pool.occupancy.waiting == 0
    await third.say(Say("Hello."))


async def test_a_full_line_refuses(pool: QueuedPool) -> None:
    for _ in range(3):
        await pool.create(MOCK)
    with pytest.raises(AtCapacity, match="queue is full"):
        await pool.create(MOCK)
    assert pool.occupancy.waiting == 2


async def test_who_waits_can_be_asked_and_ended_and_nothing_else(pool: QueuedPool, inner: FakePool) -> None:
    first, second, third = [await pool.create(MOCK) for _ in range(3)]
    info = await second.info()
    assert (info.id, info.avatar_id, info.model, info.state) == (second.id, "demo-avatar", "mock", "created")
    for verb in (second.start, second.interrupt, second.pause, second.resume, second.record):
        with pytest.raises(Conflict, match="waits for a slot, at position 1"):
            await verb()
    with pytest.raises(Conflict, match="waits"):
        await second.say(Say("Hello."))
    with pytest.raises(Conflict, match="waits"):
        await second.offer(Offer("v=0"))
    await second.close()
    await second.close()
    assert await history(second) == [Queued(1, "waiting"), StateChanged("terminated"), Terminated("closed")]
    assert (await second.info()).state == "terminated"
    with pytest.raises(Conflict, match="terminated"):
        await second.start()
    assert await position(third) == 1
    await first.close()
    await until(third, Queued(0, "slot_acquired"))
    with pytest.raises(NotFound):
        inner.get(second.id)


async def test_what_is_wrong_is_said_before_it_waits(pool: QueuedPool) -> None:
    await pool.create(MOCK)
    with pytest.raises(NotFound):
        await pool.create(NewSession("nobody", "mock"))
    with pytest.raises(InvalidInput):
        await pool.create(NewSession("demo-avatar", "mock", tts_provider="parrot"))
    with pytest.raises(InvalidInput):
        await pool.create(NewSession("demo-avatar", "no-such-model"))
    assert pool.occupancy.waiting == 0


async def test_a_slot_whose_session_can_not_be_made_is_free_again(pool: QueuedPool, inner: FakePool) -> None:
    inner.failure = UpstreamFailed("face", "the face server did not answer")
    with pytest.raises(UpstreamFailed):
        await pool.create(MOCK)
    assert not pool.occupancy.occupied
    assert await position(await pool.create(MOCK)) == 0


async def test_a_session_that_fails_when_its_turn_comes_passes_the_slot_on(
    pool: QueuedPool, inner: FakePool
) -> None:
    first, second, third = [await pool.create(MOCK) for _ in range(3)]
    inner.failure = UpstreamFailed("face", "the face server did not answer")
    await first.close()
    assert await history(second) == [
        Queued(1, "waiting"),
        Queued(-1, "queue_full"),
        Failed("face", "upstream_failed", "the face server did not answer"),
        StateChanged("terminated"),
        Terminated("failed"),
    ]
    await until(third, Queued(0, "slot_acquired"), StateChanged("created"))


async def test_who_waits_too_long_is_told(inner: FakePool, tmp_path: Path, timers: ManualTimers) -> None:
    chosen: dict[str, Any] = {"slots": "mock=1", "queue_timeout": 100, "slot_seconds": 0}
    async with QueuedPool(inner, Settings(data_dir=tmp_path, **chosen), timers.later) as pool:
        await pool.create(MOCK)
        second = await pool.create(MOCK)
        timers.advance(60)
        third = await pool.create(MOCK)
        timers.advance(40)
        told = await history(second)
        assert told[:2] == [Queued(1, "waiting"), Queued(-1, "timeout")]
        assert isinstance(told[2], Failed)
        assert told[3:] == [StateChanged("terminated"), Terminated("queue_timeout")]
        assert await position(third) == 1


async def test_a_slot_is_held_for_so_long_and_its_end_is_announced(
    pool: QueuedPool, inner: FakePool, timers: ManualTimers, settings: Settings
) -> None:
    first = await pool.create(MOCK)
    second = await pool.create(MOCK)
    await until(first, StateChanged("created"))
    timers.advance(settings.slot_seconds - 60)
    await until(first, Expiring(60.0))
    timers.advance(60)
    assert (await history(first))[-1] == Terminated("expired")
    await until(second, Queued(0, "slot_acquired"), StateChanged("created"))
    await second.say(Say("Hello."))
    assert [each.id for each in inner.sessions()] == [second.id]


async def test_leaving_the_pool_ends_who_waits(inner: FakePool, settings: Settings) -> None:
    async with QueuedPool(inner, settings) as pool:
        first, second = await pool.create(MOCK), await pool.create(MOCK)
        await pool.drain()
        assert (await history(second))[-1] == Terminated("shutdown")
        assert (await history(first))[-1] == Terminated("shutdown")
    assert not pool.sessions()


async def test_the_log_goes_on_with_the_sessions_own(pool: QueuedPool, inner: FakePool) -> None:
    made = await pool.create(MOCK)
    turn = (await made.say(Say("Hello."))).turn
    inner.get(made.id).happen(Failed("tts", "upstream_failed", "no voice"))
    await until(made, TurnStarted(turn, "say", "Hello."), Failed("tts", "upstream_failed", "no voice"))
    numbers = []
    await made.close()
    async for record in made.events():
        numbers.append(record.seq)
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_provider_may_say_how_many_it_serves(
    inner: FakePool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = registry.provider("face", "mock", Settings(data_dir=tmp_path))
    made.slots = 1
    monkeypatch.setattr("visavis.pool.queue.registry.provider", lambda *asked: made)
    async with QueuedPool(inner, Settings(data_dir=tmp_path)) as pool:
        await pool.create(MOCK)
        assert await position(await pool.create(MOCK)) == 1


@pytest.mark.parametrize("slots", ["", "mock=1"])
async def test_a_face_whose_server_fails_is_an_upstreams_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slots: str
) -> None:
    def fails(self: Studio, avatar: object, model: str) -> Face:
        raise UpstreamFailed("face", "the face server answered with an error")

    monkeypatch.setattr(Studio, "face", fails)
    chosen: dict[str, Any] = {"slots": slots}
    settings = Settings(data_dir=tmp_path, **chosen)
    async with QueuedPool(InlinePool(settings, warm=False), settings) as pool:
        with pytest.raises(UpstreamFailed, match="answered with an error"):
            await pool.create(MOCK)
        assert not pool.occupancy.occupied


def test_that_failure_crosses_the_border_of_a_process() -> None:
    error = Refusal.of(UpstreamFailed("face", "the face server answered with an error")).error()
    assert isinstance(error, UpstreamFailed)
    assert (error.stage, error.message) == ("face", "the face server answered with an error")

import asyncio

import pytest

from visavis.errors import TooLarge
from visavis.session.events import FramesShown, Record, StageChanged, StateChanged, Terminated
from visavis.session.log import BACKLOG, RING, EventLog


async def read(log: EventLog, after: int = 0) -> list[Record]:
    return [record async for record in log.read(after)]


async def test_events_are_numbered_from_one_and_replayed_to_a_late_reader() -> None:
    log = EventLog()
    log.add(StateChanged("created"))
    log.add(StateChanged("running"))
    log.add(Terminated("closed"))

    assert [(record.seq, record.event) for record in await read(log)] == [
        (1, StateChanged("created")),
        (2, StateChanged("running")),
        (3, Terminated("closed")),
    ]


async def test_a_reader_who_comes_back_gets_what_it_missed_and_nothing_twice() -> None:
    log = EventLog()
    for _ in range(3):
        log.add(StageChanged("idle"))
    log.add(Terminated("closed"))

    assert [record.seq for record in await read(log, after=2)] == [3, 4]


async def test_a_reader_gets_each_event_as_it_happens() -> None:
    log = EventLog()
    reading = asyncio.create_task(read(log))
    await asyncio.sleep(0)
    log.add(StageChanged("thinking"))
    log.add(Terminated("closed"))

    assert [record.seq for record in await reading] == [1, 2]


async def test_nothing_follows_the_end() -> None:
    log = EventLog()
    log.add(Terminated("closed"))
    log.add(StageChanged("idle"))

    assert len(await read(log)) == 1


async def test_the_ring_forgets_the_oldest() -> None:
    log = EventLog()
    for _ in range(RING + 10):
        log.add(StageChanged("idle"))
    log.add(Terminated("closed"))

    assert (await read(log))[0].seq == 12


async def test_frames_are_for_who_listens_now() -> None:
    log = EventLog()
    reading = asyncio.create_task(read(log))
    await asyncio.sleep(0)
    log.add(FramesShown("turn", 1, 40.0))
    log.add(Terminated("closed"))

    assert [record.seq for record in await reading] == [1, 2]
    assert [record.seq for record in await read(log)] == [2]


async def test_a_reader_that_is_too_slow_is_told_and_dropped() -> None:
    log = EventLog()
    reader = log.read()
    first = asyncio.ensure_future(anext(reader))
    await asyncio.sleep(0)
    for _ in range(BACKLOG + 2):
        log.add(StageChanged("idle"))
    await first

    with pytest.raises(TooLarge):
        async for _ in reader:
            pass

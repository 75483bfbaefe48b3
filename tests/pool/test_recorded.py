"""Sessions on record, over a pool in memory and a real SQLite."""

from pathlib import Path

import pytest

from visavis.errors import Unavailable
from visavis.pool import NewSession, Say
from visavis.pool.inline import InlinePool
from visavis.pool.recorded import RecordedPool
from visavis.session.events import Terminated
from visavis.settings import Settings
from visavis.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


async def test_a_session_is_on_record_from_its_beginning_to_its_end(settings: Settings) -> None:
    async with RecordedPool(InlinePool(settings, warm=False), Store(settings), settings) as pool:
        handle = await pool.create(NewSession("demo-avatar", model="mock", owner="me"))
        await handle.say(Say("Hello."))
        assert pool.get(handle.id) is handle
        assert [each.id for each in pool.sessions()] == [handle.id]
        await handle.close()

    async with Store(settings) as store:
        record = await store.sessions.get(handle.id)
    assert (record.owner, record.avatar_id, record.model, record.end_reason) == (
        "me",
        "demo-avatar",
        "mock",
        "closed",
    )
    assert record.started_at is not None
    assert record.ended_at is not None
    assert record.created_at <= record.started_at <= record.ended_at


async def test_a_record_that_a_crash_left_open_ends_as_failed(settings: Settings) -> None:
    async with RecordedPool(InlinePool(settings, warm=False), Store(settings), settings) as pool:
        handle = await pool.create(NewSession("demo-avatar", model="mock"))
        await handle.close()
    async with Store(settings) as store:
        record = await store.sessions.get(handle.id)
        await store.sessions.add(type(record)("left-open", "", "demo-avatar", "mock", "espeak", "", 1.0))
    async with RecordedPool(InlinePool(settings, warm=False), Store(settings), settings):
        pass

    async with Store(settings) as store:
        assert (await store.sessions.get("left-open")).end_reason == "failed"
        assert (await store.sessions.get(handle.id)).end_reason == "closed"


async def test_a_database_that_can_not_be_used_is_reported_and_sessions_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(data_dir=tmp_path, database_url="nonsense://somewhere")
    async with RecordedPool(InlinePool(settings, warm=False), Store(settings), settings) as pool:
        handle = await pool.create(NewSession("demo-avatar", model="mock"))
        await handle.close()
        assert [record.event async for record in handle.events()][-1] == Terminated("closed")

    assert "not on record" in caplog.text
    with pytest.raises(Unavailable):
        async with Store(settings) as store:
            await store.ready()

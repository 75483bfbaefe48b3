import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from visavis.errors import NotFound, Unavailable
from visavis.settings import Settings
from visavis.store import SessionRecord, Store, database, migrations, schema

RECORD = SessionRecord(
    id="3f0c5a7e-0000-4000-8000-000000000001",
    owner="local",
    avatar_id="demo-avatar",
    model="portrait",
    tts_provider="espeak",
    tts_voice="",
    created_at=1_700_000_000.25,
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "new" / "data")


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    async with Store(settings) as store:
        yield store


async def test_a_session_is_recorded_from_its_creation_to_its_end(store: Store) -> None:
    await store.sessions.add(RECORD)
    assert await store.sessions.get(RECORD.id) == RECORD
    await store.sessions.started(RECORD.id, at=RECORD.created_at + 1)
    running = replace(RECORD, state="running", started_at=RECORD.created_at + 1)
    assert await store.sessions.get(RECORD.id) == running
    await store.sessions.ended(RECORD.id, "closed", at=RECORD.created_at + 2)
    ended = replace(running, state="terminated", end_reason="closed", ended_at=RECORD.created_at + 2)
    assert await store.sessions.get(RECORD.id) == ended


async def test_the_first_end_counts_and_nothing_starts_after_it(store: Store) -> None:
    await store.sessions.add(RECORD)
    await store.sessions.ended(RECORD.id, "worker_lost", at=1.0)
    await store.sessions.ended(RECORD.id, "closed", at=2.0)
    await store.sessions.started(RECORD.id)
    record = await store.sessions.get(RECORD.id)
    assert (record.state, record.end_reason, record.ended_at) == ("terminated", "worker_lost", 1.0)
    assert record.started_at is None


async def test_an_unknown_session_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="session not found: 'nobody'"):
        await store.sessions.get("nobody")


async def test_records_a_crash_left_open_end_as_failed(settings: Settings) -> None:
    async with Store(settings) as store:
        await store.sessions.add(RECORD)
        await store.sessions.add(replace(RECORD, id="b", state="running", started_at=RECORD.created_at))
        await store.sessions.add(replace(RECORD, id="c"))
        await store.sessions.ended("c", "closed")
    async with Store(settings) as store:
        await store.sessions.add(replace(RECORD, id="d", created_at=RECORD.created_at + 100))
        assert await store.sessions.fail_open(before=RECORD.created_at + 50) == 2
        found = {key: await store.sessions.get(key) for key in (RECORD.id, "b", "c", "d")}
    assert [(r.state, r.end_reason) for r in found.values()] == [
        ("terminated", "failed"),
        ("terminated", "failed"),
        ("terminated", "closed"),
        ("created", ""),
    ]
    assert found["b"].ended_at is not None


async def test_calls_at_once_all_arrive(store: Store) -> None:
    await asyncio.gather(*(store.sessions.add(replace(RECORD, id=str(n))) for n in range(100)))
    assert await store.sessions.fail_open() == 100


async def test_leaving_the_store_finishes_what_was_begun(settings: Settings) -> None:
    async with Store(settings) as store:
        add = asyncio.create_task(store.sessions.add(RECORD))
        await asyncio.sleep(0)
    await add
    async with Store(settings) as store:
        assert await store.sessions.get(RECORD.id) == RECORD


async def test_a_cancelled_call_still_runs_to_its_end(store: Store) -> None:
    add = asyncio.create_task(store.sessions.add(RECORD))
    await asyncio.sleep(0)
    add.cancel()
    with pytest.raises(asyncio.CancelledError):
        await add
    assert await store.sessions.get(RECORD.id) == RECORD


async def test_sqlite_runs_in_wal_mode_under_the_data_directory(store: Store, settings: Settings) -> None:
    await store.ready()
    with sqlite3.connect(settings.data_dir / "visavis.sqlite3") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


async def test_any_url_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "other place.db"
    async with Store(Settings(database_url=f"sqlite:///{path}", data_dir=tmp_path / "none")) as store:
        await store.ready()
    assert path.is_file()
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "not a URL SQLAlchemy knows"),
        ("nonsense://user:secret@host/db", "not a URL SQLAlchemy knows"),
        ("postgresql+asyncpg://user:secret@host/db", "pip install asyncpg"),
        ("sqlite:////proc/no/such/place.db", "can't be used now"),
    ],
)
async def test_a_database_that_cannot_be_opened_says_what_to_do_and_no_secret(url: str, says: str) -> None:
    async with Store(Settings(database_url=url)) as store:
        with pytest.raises(Unavailable) as caught:
            await store.ready()
    assert says in caught.value.message
    assert "secret" not in caught.value.message
    assert "/proc" not in caught.value.message


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "visavis.sqlite3").write_text("something else, of some length" * 100)
    async with Store(Settings(data_dir=tmp_path)) as store:
        with pytest.raises(Unavailable):
            await store.ready()
    assert (tmp_path / "visavis.sqlite3").read_text().startswith("something else")


async def test_a_locked_database_is_unavailable_and_then_works_again(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    await store.ready()
    other = sqlite3.connect(settings.data_dir / "visavis.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locks"):
            await store.sessions.add(RECORD)
        other.execute("ROLLBACK")
    finally:
        other.close()
    await store.sessions.add(RECORD)
    assert await store.sessions.get(RECORD.id) == RECORD


async def test_a_backlog_is_refused_and_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MAX_WAITING", 2)
    release = threading.Event()

    def wait(_: Connection) -> None:
        release.wait(10)

    waiting = [asyncio.create_task(store._database.run(wait)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="does not keep up"):
        await store.ready()
    release.set()
    await asyncio.gather(*waiting)
    await store.ready()


def test_the_migrations_lead_to_the_schema() -> None:
    migrated, fresh = create_engine("sqlite://"), create_engine("sqlite://")
    with migrated.begin() as one, fresh.begin() as two:
        migrations.migrate(one)
        schema.metadata.create_all(two)
        assert _shape(one) == _shape(two)
        assert one.scalar(text("select max(version) from schema_version")) == len(migrations.MIGRATIONS)
    migrated.dispose()
    fresh.dispose()


async def test_a_failing_migration_leaves_nothing_behind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(connection: Connection) -> None:
        connection.exec_driver_sql("create table half_done (id integer)")
        raise RuntimeError("no further")

    async with Store(settings) as store:
        await store.sessions.add(RECORD)
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, failing))
        async with Store(settings) as store:
            with pytest.raises(RuntimeError, match="no further"):
                await store.ready()
    with sqlite3.connect(settings.data_dir / "visavis.sqlite3") as connection:
        assert connection.execute("select name from sqlite_master where name = 'half_done'").fetchall() == []
    connection.close()
    async with Store(settings) as store:
        assert await store.sessions.get(RECORD.id) == RECORD


async def test_a_database_of_a_later_version_is_refused(settings: Settings) -> None:
    async with Store(settings) as store:
        await store.ready()
    with sqlite3.connect(settings.data_dir / "visavis.sqlite3") as connection:
        connection.execute("insert into schema_version values (999, 0)")
    connection.close()
    async with Store(settings) as store:
        with pytest.raises(Unavailable, match="version 999"):
            await store.ready()


def test_importing_the_store_does_not_import_sqlalchemy() -> None:
    code = "import sys, visavis.store; sys.exit('sqlalchemy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], check=False)  # noqa: S603  # the code is above
    assert run.returncode == 0


def _shape(connection: Connection) -> object:
    found = inspect(connection)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((i["name"] or "", tuple(i["column_names"])) for i in found.get_indexes(table)),
        )
        for table in sorted(found.get_table_names())
        if table != "schema_version"
    }

"""One database, used from one thread: calls run one after another, each in a transaction of its own."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from visavis.errors import Unavailable
from visavis.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")

MAX_WAITING = 1000
"""Calls that may wait for the thread: at some 0.6 ms each, a backlog beyond this is a database that hangs."""

BUSY_SECONDS = 5.0
"""How long SQLite waits for another process that writes."""

log = logging.getLogger(__name__)


class Database:
    """Opens the database at the first call; SQLAlchemy is imported in its thread and nowhere else."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="visavis-store")
        self._engine: Engine | None = None
        self._waiting = 0

    async def run(self, job: "Callable[[Connection], T]") -> T:
        """Run `job` in a transaction: committed when it returns, rolled back when it raises.

        A call that is cancelled still runs to its end. Raises `Unavailable` if the database can't be opened,
        does not answer, or too many calls wait for it.
        """
        if self._waiting >= MAX_WAITING:
            raise Unavailable("the database does not keep up; try again later")
        self._waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self._thread, self._run, job)
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Finish the calls that were made, then close. Using it again is an error."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._dispose)
        self._thread.shutdown(wait=False)

    def _done(self, future: "asyncio.Future[T]") -> None:
        self._waiting -= 1
        if not future.cancelled():
            future.exception()  # whoever was cancelled no longer asks for it

    def _run(self, job: "Callable[[Connection], T]") -> T:
        from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

        try:
            if self._engine is None:
                self._engine = _open(self._settings)
            with self._engine.begin() as connection:
                return job(connection)
        except (IntegrityError, DataError, ProgrammingError):
            raise
        except DBAPIError as error:
            # The driver's own words name the cause, without the statement and its parameters.
            log.error("database: %s", error.orig)
            raise Unavailable(
                "the database can't be used now; the server's log says why (disk space, locks, "
                "VISAVIS_DATABASE_URL and VISAVIS_DATA_DIR are the usual places to look)"
            ) from error

    def _dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


def _open(settings: Settings) -> "Engine":
    from sqlalchemy import URL, create_engine, event
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    from visavis.store.migrations import migrate

    url: str | URL = settings.database_url
    if not url:
        file = settings.data_dir / "visavis.sqlite3"
        try:
            settings.data_dir.mkdir(parents=True, exist_ok=True)
            # Webhooks' secrets are in it; SQLite gives its other files the same permissions.
            file.touch(0o600)
        except OSError as error:
            raise Unavailable(f"VISAVIS_DATA_DIR can't be written: {error.strerror}") from error
        url = URL.create("sqlite", database=str(file))
    try:
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except (ArgumentError, NoSuchModuleError):
        raise Unavailable("VISAVIS_DATABASE_URL is not a URL SQLAlchemy knows: dialect+driver://…") from None
    except ModuleNotFoundError as error:
        raise Unavailable(f"VISAVIS_DATABASE_URL needs a driver: pip install {error.name}") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except BaseException:  # whatever it was: nobody else has it
        engine.dispose()
        raise
    return engine


def _configure_sqlite(connection: object, _: object) -> None:
    import sqlite3

    assert isinstance(connection, sqlite3.Connection)  # noqa: S101  # tells mypy what the dialect guarantees
    # Python's own transaction control leaves DDL outside of transactions; `_begin_sqlite` takes its place.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_SECONDS * 1000:.0f}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: "Connection") -> None:
    # A transaction that begins by reading and then writes would fail at once, not wait, if another process wrote.
    connection.exec_driver_sql("BEGIN IMMEDIATE")

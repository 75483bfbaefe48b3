"""A connection to the index's file, and what is said when it fails."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from visavis.errors import Unavailable

BUSY_SECONDS = 5.0
"""How long a writer waits for another."""

_REASONS = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; try again",
    sqlite3.SQLITE_INTERRUPT: "it takes too long",
}


def connect(path: Path | None, *, writable: bool) -> sqlite3.Connection:
    """Open the file, or a new index in memory for None. One thread at a time may use it."""
    if path is None:
        place = ":memory:"
    elif writable:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = f"{path.absolute().as_uri()}?mode=rwc"
    else:
        # Not mode=ro: a reader of a write-ahead log has to be able to make its index.
        place = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(
        place, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    pragmas = (
        ["foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"]
        if writable or path is None
        else ["query_only=ON"]
    )
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:  # whatever it was: nobody else has it
        connection.close()
        raise
    return connection


@contextmanager
def explained() -> Iterator[None]:
    """Turn what SQLite says into an `Unavailable` that says what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        reason = _REASONS.get(
            error.sqlite_errorcode & 0xFF, "check VISAVIS_DATA_DIR, its rights and the disk's space"
        )
        raise Unavailable(f"the document index can't be used now: {reason}") from error
    except sqlite3.DatabaseError as error:
        raise Unavailable(
            "the document index is damaged; delete knowledge.sqlite3 and add the documents again"
        ) from error
    except OSError as error:
        raise Unavailable(f"VISAVIS_DATA_DIR can't be written: {error.strerror}") from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of what is done within, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:  # whatever it was: all or nothing
        connection.rollback()
        raise


def marks(values: Sequence[object]) -> str:
    """Placeholders for values in a statement."""
    return ",".join("?" * len(values))

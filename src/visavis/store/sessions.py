"""Records of sessions: who had which face when, and how it ended."""

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from visavis.errors import NotFound
from visavis.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

RecordState = Literal["created", "running", "terminated"]


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session, from the store's point of view. Times are Unix time in seconds."""

    id: str
    owner: str
    """The principal it belongs to."""
    avatar_id: str
    model: str
    """The face model."""
    tts_provider: str
    tts_voice: str
    """Empty if the language of each sentence chose."""
    created_at: float
    started_at: float | None = None
    """None if it never ran."""
    ended_at: float | None = None
    """None while it is open."""
    end_reason: str = ""
    """The reason of its `Terminated` event, `failed` after a crash; empty while it is open."""
    state: RecordState = "created"


class SessionRecords:
    """The table of session records. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: SessionRecord) -> None:
        """Keep a new record; its id must be new."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import sessions

            connection.execute(sessions.insert().values(**asdict(record)))

        await self._database.run(job)

    async def started(self, session_id: str, at: float | None = None) -> None:
        """Note that it runs, since `at` or now. A session that has ended or already runs stays as it is."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import sessions

            connection.execute(
                sessions.update()
                .where(sessions.c.id == session_id, sessions.c.state == "created")
                .values(state="running", started_at=time.time() if at is None else at)
            )

        await self._database.run(job)

    async def ended(self, session_id: str, reason: str, at: float | None = None) -> None:
        """Note that it is over, since `at` or now. The first end counts."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import sessions

            connection.execute(
                sessions.update()
                .where(sessions.c.id == session_id, sessions.c.ended_at.is_(None))
                .values(**_end(reason, at))
            )

        await self._database.run(job)

    async def get(self, session_id: str) -> SessionRecord:
        """The record of that id; `NotFound` if there is none."""

        def job(connection: "Connection") -> SessionRecord | None:
            from visavis.store.schema import sessions

            row = connection.execute(sessions.select().where(sessions.c.id == session_id)).mappings().first()
            return None if row is None else SessionRecord(**row)

        record = await self._database.run(job)
        if record is None:
            raise NotFound(f"session not found: {session_id[:80]!r}")
        return record

    async def fail_open(self, reason: str = "failed", before: float | None = None) -> int:
        """End every open record that was made before `before` (Unix time, default now); how many there were.

        For a server's start: whatever is open then was left by a crash. A database belongs to one server.
        """
        limit = time.time() if before is None else before

        def job(connection: "Connection") -> int:
            from visavis.store.schema import sessions

            return connection.execute(
                sessions.update()
                .where(sessions.c.ended_at.is_(None), sessions.c.created_at < limit)
                .values(**_end(reason, None))
            ).rowcount

        return await self._database.run(job)


def _end(reason: str, at: float | None) -> dict[str, Any]:
    return {"state": "terminated", "end_reason": reason, "ended_at": time.time() if at is None else at}

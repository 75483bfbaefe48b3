"""Records of sessions in customers' rooms: what was asked for, how far each came, how much of it is to be billed.

What changes in a record and what webhooks tell of it are committed together.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from visavis.store.database import Database
from visavis.store.webhooks import enqueue

if TYPE_CHECKING:
    from sqlalchemy import Connection

AvatarSessionStatus = Literal["created", "queued", "starting", "running", "ending", "ended", "failed", "canceled"]

TERMINAL = frozenset({"ended", "failed", "canceled"})


@dataclass(frozen=True, slots=True)
class AvatarSession:
    """One session. Times are Unix time in seconds, None for what has not happened."""

    id: str
    """`sess_` and a ULID."""
    organisation: str
    """Its id."""
    key_id: str
    """The key that made it."""
    avatar_id: str
    """As it was asked for."""
    status: AvatarSessionStatus
    quality: str
    """lite, standard, pro or mock."""
    transport: str
    """JSON, without the token."""
    metadata: str
    """JSON, the customer's own."""
    max_duration: int
    """Seconds after which it is ended in any case."""
    idle_timeout: int
    """Seconds without sound coming in after which it is ended."""
    created_at: float
    started_at: float | None = None
    """When a worker took it."""
    first_frame_at: float | None = None
    ended_at: float | None = None
    failed_at: float | None = None
    failure_code: str = ""
    failure_message: str = ""
    """For people."""
    billable_seconds: int = 0
    """Whole seconds since the first picture, as far as the last heartbeat told."""
    frames: int = 0
    """Pictures published."""

    @property
    def over(self) -> bool:
        """Whether nothing about it changes any more."""
        return self.status in TERMINAL


class News(NamedTuple):
    """Something for webhooks."""

    type: str
    """`session.running`…"""
    at: float
    """Unix time in seconds."""
    subject: bytes
    """JSON of the session as the API shows it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records a list is to have."""

    statuses: Collection[str] = ()
    """Empty for any."""
    avatar_id: str = ""
    """Empty for any."""
    created_after: float | None = None
    """Unix time in seconds, exclusive."""
    created_before: float | None = None
    """The same."""


class Used(NamedTuple):
    """What sessions of one quality used in a period."""

    quality: str
    seconds: int
    sessions: int


class AvatarSessions:
    """The table of these sessions. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: AvatarSession, news: Sequence[News] = ()) -> None:
        """Keep a new record."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import avatar_sessions as table

            connection.execute(table.insert().values(**asdict(session)))
            _tell(connection, session, news)

        await self._database.run(job)

    async def change(self, session: AvatarSession, news: Sequence[News] = ()) -> None:
        """Keep a record in place of the one with its id, unless that one is over."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import avatar_sessions as table

            changed = connection.execute(
                table.update()
                .where(table.c.id == session.id, table.c.status.not_in(TERMINAL))
                .values(**asdict(session))
            )
            if changed.rowcount:
                _tell(connection, session, news)

        await self._database.run(job)

    async def find(self, organisation: str, session_id: str) -> AvatarSession | None:
        """The organisation's session of that id, if there is one."""

        def job(connection: "Connection") -> AvatarSession | None:
            from visavis.store.schema import avatar_sessions as table

            query = table.select().where(table.c.id == session_id, table.c.organisation == organisation)
            row = connection.execute(query).mappings().first()
            return None if row is None else AvatarSession(**row)

        return await self._database.run(job)

    async def open(self) -> list[AvatarSession]:
        """Those that are not over, whoever they belong to."""

        def job(connection: "Connection") -> list[AvatarSession]:
            from visavis.store.schema import avatar_sessions as table

            query = table.select().where(table.c.status.not_in(TERMINAL)).order_by(table.c.created_at, table.c.id)
            return [AvatarSession(**row) for row in connection.execute(query).mappings()]

        return await self._database.run(job)

    async def page(
        self, organisation: str, wanted: Wanted, limit: int, after: str = ""
    ) -> list[AvatarSession] | None:
        """An organisation's sessions, the newest first; `after` is the id of the last one that is known.

        None if the organisation has no such session.
        """

        def job(connection: "Connection") -> list[AvatarSession] | None:
            from sqlalchemy import and_, or_

            from visavis.store.schema import avatar_sessions as table

            created, key = table.c.created_at, table.c.id
            query = table.select().where(table.c.organisation == organisation)
            if after:
                last = connection.execute(query.where(key == after)).mappings().first()
                if last is None:
                    return None
                at = last["created_at"]
                query = query.where(or_(created < at, and_(created == at, key < after)))
            if wanted.statuses:
                query = query.where(table.c.status.in_(wanted.statuses))
            if wanted.avatar_id:
                query = query.where(table.c.avatar_id == wanted.avatar_id)
            if wanted.created_after is not None:
                query = query.where(created > wanted.created_after)
            if wanted.created_before is not None:
                query = query.where(created < wanted.created_before)
            rows = connection.execute(query.order_by(created.desc(), key.desc()).limit(limit)).mappings()
            return [AvatarSession(**row) for row in rows]

        return await self._database.run(job)

    async def used(self, organisation: str, start: float, end: float) -> list[Used]:
        """What an organisation used from `start` to before `end`, Unix time in seconds, by quality.

        A session that goes on beyond one of them counts with its seconds within: those of two periods that meet
        add up to those of both.
        """

        def job(connection: "Connection") -> list[Used]:
            from sqlalchemy import select

            from visavis.store.schema import avatar_sessions as table

            first, seconds = table.c.first_frame_at, table.c.billable_seconds
            found: dict[str, list[int]] = {}
            rows = connection.execute(
                select(table.c.quality, first, seconds).where(
                    table.c.organisation == organisation, first < end, first + seconds > start
                )
            )
            for quality, began, billed in rows:
                within = _whole(end - began, billed) - _whole(start - began, billed)
                if within:
                    sums = found.setdefault(quality, [0, 0])
                    sums[0] += within
                    sums[1] += 1
            return [Used(quality, *sums) for quality, sums in sorted(found.items())]

        return await self._database.run(job)


def _whole(seconds: float, most: int) -> int:
    return int(min(max(seconds, 0.0), most))


def _tell(connection: "Connection", session: AvatarSession, news: Sequence[News]) -> None:
    for each in news:
        enqueue(connection, session.organisation, each.type, each.subject, each.at)

"""Records of kiosk sessions: each one's latest snapshot, so that it can be asked about after a restart."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from visavis.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class KioskRecord:
    """One kiosk session, from the store's point of view. Times are Unix time in seconds."""

    id: str
    owner: str
    """The principal it belongs to."""
    conversation_id: str
    """Empty if it stands alone."""
    created_at: float
    ended_at: float | None
    """None while it is open."""
    history: str
    """JSON: the messages it went on with."""
    snapshot: str
    """JSON: what the API last said of it."""


class KioskRecords:
    """The table of kiosk sessions. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, record: KioskRecord) -> None:
        """Keep a record, new or in place of the one with its id."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import kiosk_sessions as table

            values = asdict(record)
            if not connection.execute(table.update().where(table.c.id == record.id).values(**values)).rowcount:
                connection.execute(table.insert().values(**values))

        await self._database.run(job)

    async def find(self, session_id: str) -> KioskRecord | None:
        """The record of that id, if there is one."""
        found = await self._select(lambda table: table.select().where(table.c.id == session_id))
        return found[0] if found else None

    async def latest(self, limit: int, owner: str | None = None) -> list[KioskRecord]:
        """The latest records, of one owner or of all, the oldest of them first."""
        return await self._latest(lambda table: table.select(), limit, owner)

    async def conversation(self, conversation_id: str, limit: int, owner: str | None = None) -> list[KioskRecord]:
        """The latest records of a conversation that are over, the oldest of them first."""
        return await self._latest(
            lambda table: table.select().where(
                table.c.conversation_id == conversation_id, table.c.ended_at.is_not(None)
            ),
            limit,
            owner,
        )

    async def open(self) -> list[KioskRecord]:
        """Those that are not over."""
        return await self._select(lambda table: table.select().where(table.c.ended_at.is_(None)))

    async def delete(self, session_ids: Sequence[str]) -> None:
        """Forget them."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import kiosk_sessions as table

            connection.execute(table.delete().where(table.c.id.in_(session_ids)))

        await self._database.run(job)

    async def ended_before(self, limit: float) -> list[str]:
        """The ids of those that ended before `limit`."""

        def job(connection: "Connection") -> list[str]:
            from visavis.store.schema import kiosk_sessions as table

            found = connection.execute(
                table.select().with_only_columns(table.c.id).where(table.c.ended_at < limit)
            )
            return list(found.scalars())

        return await self._database.run(job)

    async def _latest(self, query: Any, limit: int, owner: str | None) -> list[KioskRecord]:
        def theirs(table: Any) -> Any:
            found = query(table) if owner is None else query(table).where(table.c.owner == owner)
            return found.order_by(table.c.created_at.desc(), table.c.id).limit(limit)

        return (await self._select(theirs))[::-1]

    async def _select(self, query: Any) -> list[KioskRecord]:
        def job(connection: "Connection") -> list[KioskRecord]:
            from visavis.store.schema import kiosk_sessions as table

            return [KioskRecord(**row) for row in connection.execute(query(table)).mappings()]

        return await self._database.run(job)

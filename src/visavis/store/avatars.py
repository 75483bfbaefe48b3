"""Avatars as organisations know them: ids that stay, for bundles whose names need not."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from visavis.store.database import Database
from visavis.store.webhooks import enqueue

if TYPE_CHECKING:
    from sqlalchemy import Connection

AvatarState = Literal["ready", "processing", "failed"]

STOCK = "av_stock_{:03}"
"""The ids of those that everybody has, in the order in which they were first seen."""


@dataclass(frozen=True, slots=True)
class AvatarRecord:
    """One avatar."""

    id: str
    """`av_` and a ULID, or `av_stock_001`."""
    organisation: str
    """Whose it is, by id; empty for everybody's."""
    slug: str
    """Its bundle's name in the catalogue; empty until there is one."""
    name: str
    """For people."""
    runtime_type: str
    """As the customer called it; it means nothing here."""
    status: AvatarState
    failure_reason: str
    """Why it could not be made, for people; empty unless it failed."""
    created_at: float
    """Unix time in seconds."""


class AvatarRecords:
    """The table of avatars. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def stock(self, bundles: Sequence[tuple[str, str]]) -> list[AvatarRecord]:
        """The records of bundles that everybody has, given by slug and name; new ones get the next numbers."""

        def job(connection: "Connection") -> list[AvatarRecord]:
            from visavis.store.schema import avatars as table

            rows = connection.execute(table.select().where(table.c.organisation == "")).mappings()
            known = {row["slug"]: AvatarRecord(**row) for row in rows}
            for slug, name in bundles:
                if slug not in known:
                    number = STOCK.format(len(known) + 1)
                    known[slug] = AvatarRecord(number, "", slug, name, "stock", "ready", "", time.time())
                    connection.execute(table.insert().values(**asdict(known[slug])))
            return [known[slug] for slug, _ in bundles]

        return await self._database.run(job)

    async def numbered(self, avatar_id: str, slug: str = "") -> AvatarRecord | None:
        """One that everybody has, by its id or else its bundle's name, if it has been numbered."""

        def job(connection: "Connection") -> AvatarRecord | None:
            from visavis.store.schema import avatars as table

            by = table.c.id == avatar_id if avatar_id else table.c.slug == slug
            row = connection.execute(table.select().where(table.c.organisation == "", by)).mappings().first()
            return None if row is None else AvatarRecord(**row)

        return await self._database.run(job)

    async def add(self, avatar: AvatarRecord, most: int) -> bool:
        """Keep a new record, unless its organisation has `most` already; whether it is kept."""

        def job(connection: "Connection") -> bool:
            from sqlalchemy import func, select

            from visavis.store.schema import avatars as table

            count = select(func.count()).select_from(table).where(table.c.organisation == avatar.organisation)
            if (connection.scalar(count) or 0) >= most:
                return False
            connection.execute(table.insert().values(**asdict(avatar)))
            return True

        return await self._database.run(job)

    async def count(self, organisation: str) -> int:
        """How many avatars an organisation has made."""

        def job(connection: "Connection") -> int:
            from sqlalchemy import func, select

            from visavis.store.schema import avatars as table

            count = select(func.count()).select_from(table).where(table.c.organisation == organisation)
            return connection.scalar(count) or 0

        return await self._database.run(job)

    async def settle(self, avatar: AvatarRecord, at: float, subject: bytes) -> bool:
        """Keep what became of one that was being made, and tell webhooks; False if it was deleted meanwhile.

        `subject` is the JSON of the avatar as the API shows it; `at` is Unix time in seconds.
        """

        def job(connection: "Connection") -> bool:
            from visavis.store.schema import avatars as table

            values = asdict(avatar)
            if not connection.execute(table.update().where(table.c.id == avatar.id).values(**values)).rowcount:
                return False
            enqueue(connection, avatar.organisation, f"avatar.{avatar.status}", subject, at)
            return True

        return await self._database.run(job)

    async def made(self, organisation: str) -> list[AvatarRecord]:
        """Those that an organisation has made, the newest first."""

        def job(connection: "Connection") -> list[AvatarRecord]:
            from visavis.store.schema import avatars as table

            query = (
                table.select()
                .where(table.c.organisation == organisation)
                .order_by(table.c.created_at.desc(), table.c.id.desc())
            )
            return [AvatarRecord(**row) for row in connection.execute(query).mappings()]

        return await self._database.run(job)

    async def find(self, organisation: str, avatar_id: str) -> AvatarRecord | None:
        """The organisation's avatar of that id, if there is one."""

        def job(connection: "Connection") -> AvatarRecord | None:
            from visavis.store.schema import avatars as table

            query = table.select().where(table.c.id == avatar_id, table.c.organisation == organisation)
            row = connection.execute(query).mappings().first()
            return None if row is None else AvatarRecord(**row)

        return await self._database.run(job)

    async def unfinished(self) -> list[AvatarRecord]:
        """Those that are being made, or were when the server was stopped."""

        def job(connection: "Connection") -> list[AvatarRecord]:
            from visavis.store.schema import avatars as table

            query = table.select().where(table.c.status == "processing")
            return [AvatarRecord(**row) for row in connection.execute(query).mappings()]

        return await self._database.run(job)

    async def delete(self, avatar_id: str) -> None:
        """Forget it; sessions that showed it stay on record."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import avatars as table

            connection.execute(table.delete().where(table.c.id == avatar_id))

        await self._database.run(job)

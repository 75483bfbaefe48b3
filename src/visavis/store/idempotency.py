"""Answers that may be asked for again: the request as a keyed hash, the answer as it was sent."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from visavis.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a client was answered."""

    status: int
    """Of HTTP."""
    body: bytes
    """Without secrets."""


@dataclass(frozen=True, slots=True)
class Claim:
    """How things stand with an idempotency key after somebody has claimed it."""

    mine: bool
    """Whether the claimant is to do the work now."""
    same: bool
    """Whether the request is the one that the key was first used for."""
    answer: KeptAnswer | None
    """None while another one works on it."""


class IdempotencyRecords:
    """The table of idempotency keys. Every method may raise `Unavailable`."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def claim(
        self, key: str, organisation: str, request: str, claimant: str, lease: float, kept: float
    ) -> Claim:
        """Take a key for a claimant, unless somebody else has it.

        `key` and `request` are digests. A claim without an answer is free again after `lease` seconds (whoever
        had it has died), an answer after `kept` seconds.
        """
        now = self._clock()

        def job(connection: "Connection") -> Claim:
            from sqlalchemy.exc import IntegrityError

            from visavis.store.schema import idempotency_keys as table

            query = table.select().where(table.c.id == key)
            values = {"request": request, "claimed_at": now, "claimant": claimant, "status": None, "body": None}
            row = connection.execute(query).mappings().first()
            if row is None:
                try:
                    with connection.begin_nested():
                        connection.execute(table.insert().values(id=key, organisation=organisation, **values))
                    return Claim(mine=True, same=True, answer=None)
                except IntegrityError:  # another process was quicker
                    row = connection.execute(query).mappings().one()
            age, done = now - row["claimed_at"], row["status"] is not None
            if age >= (kept if done else lease):
                taken = connection.execute(
                    table.update()
                    .where(table.c.id == key, table.c.claimed_at == row["claimed_at"])
                    .values(**values)
                )
                return Claim(mine=taken.rowcount == 1, same=True, answer=None)
            answer = KeptAnswer(row["status"], bytes(row["body"])) if done else None
            return Claim(mine=False, same=row["request"] == request, answer=answer)

        return await self._database.run(job)

    async def keep(self, key: str, claimant: str, answer: KeptAnswer) -> None:
        """Keep the answer, if the claimant still has the key."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import idempotency_keys as table

            connection.execute(
                table.update()
                .where(table.c.id == key, table.c.claimant == claimant, table.c.status.is_(None))
                .values(status=answer.status, body=answer.body)
            )

        await self._database.run(job)

    async def release(self, key: str, claimant: str) -> None:
        """Give a key back for which there is no answer to keep."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import idempotency_keys as table

            connection.execute(
                table.delete().where(table.c.id == key, table.c.claimant == claimant, table.c.status.is_(None))
            )

        await self._database.run(job)

    async def sweep(self, limit: float) -> None:
        """Forget what is older than `limit` (Unix time)."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import idempotency_keys as table

            connection.execute(table.delete().where(table.c.claimed_at < limit))

        await self._database.run(job)

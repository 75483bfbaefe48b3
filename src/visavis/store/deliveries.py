"""Deliveries: events on their way to webhooks, and how each attempt went."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from visavis.errors import NotFound
from visavis.store.database import Database
from visavis.store.webhooks import Endpoint

if TYPE_CHECKING:
    from sqlalchemy import Connection

DeliveryState = Literal["pending", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one endpoint."""

    id: int
    event: str
    """The event's id, `evt_` and a ULID: the same at every attempt."""
    type: str
    body: bytes
    """JSON, as it is sent."""
    endpoint: Endpoint
    attempts: int
    """So far."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How it went once."""

    at: float
    """When it began, Unix time in seconds."""
    duration_ms: float
    status: int | None
    """Of HTTP; None if there was no answer."""
    error: str
    """Why there was none, in a word: refused, unreachable, timeout, too_large, broken."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event for one endpoint, and what came of it."""

    delivery: int
    event: str
    type: str
    created_at: float
    """Unix time in seconds."""
    endpoint: str
    """Its id."""
    state: DeliveryState
    due_at: float | None
    """When it is tried again; None if it isn't."""
    attempts: Sequence[Attempt]


class DeliveryRecords:
    """The tables of deliveries and attempts. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, now: float, lease: float, limit: int, busy: Collection[str] = ()) -> list[Delivery]:
        """Take deliveries that are due, at most one for each endpoint and none for those in `busy`.

        Nobody else gets them for `lease` seconds: if whoever has them dies, they are due again then.
        """

        def job(connection: "Connection") -> list[Delivery]:
            from sqlalchemy import func, select

            from visavis.store import schema

            table, events, endpoints = schema.webhook_deliveries, schema.webhook_events, schema.webhook_endpoints
            due = table.c.due_at <= now
            if busy:
                due &= table.c.endpoint.not_in(busy)
            oldest = select(func.min(table.c.id)).where(due).group_by(table.c.endpoint).limit(limit)
            rows = connection.execute(
                select(table.c.id, table.c.event, table.c.endpoint, table.c.attempts, events.c.type, events.c.body)
                .join(events, events.c.id == table.c.event)
                .where(table.c.id.in_(oldest))
                .order_by(table.c.id)
            ).mappings()
            taken = []
            for row in rows.all():
                claimed = connection.execute(
                    table.update().where(table.c.id == row["id"], due).values(due_at=now + lease)
                )
                found = connection.execute(endpoints.select().where(endpoints.c.id == row["endpoint"]))
                if claimed.rowcount and (endpoint := found.mappings().first()):
                    taken.append(_delivery(row, Endpoint(**endpoint)))
            return taken

        return await self._database.run(job)

    async def settle(
        self, delivery: Delivery, attempt: Attempt, state: DeliveryState, due_at: float | None
    ) -> None:
        """Put down how an attempt went, and what follows from it."""

        def job(connection: "Connection") -> None:
            from visavis.store import schema

            table = schema.webhook_deliveries
            kept = connection.execute(
                table.update()
                .where(table.c.id == delivery.id)
                .values(state=state, due_at=due_at, attempts=delivery.attempts + 1)
            )
            if kept.rowcount:
                connection.execute(
                    schema.webhook_attempts.insert().values(delivery=delivery.id, **asdict(attempt))
                )

        await self._database.run(job)

    async def replay(self, event_id: str, at: float) -> int:
        """Deliver an event again to all it was for, with the same id; returns to how many. `NotFound`."""

        def job(connection: "Connection") -> int:
            from visavis.store.schema import webhook_deliveries as table

            return connection.execute(
                table.update().where(table.c.event == event_id).values(state="pending", attempts=0, due_at=at)
            ).rowcount

        count = await self._database.run(job)
        if not count:
            raise NotFound("there is no such event, or it is not kept any more; `visavis webhook log` shows them")
        return count

    async def log(self, limit: int, endpoint_id: str = "") -> list[LogEntry]:
        """The latest deliveries, or those to one endpoint, the newest first."""

        def job(connection: "Connection") -> list[LogEntry]:
            from sqlalchemy import select

            from visavis.store import schema

            table, events, attempts = schema.webhook_deliveries, schema.webhook_events, schema.webhook_attempts
            query = select(table, events.c.type, events.c.created_at).join(events, events.c.id == table.c.event)
            if endpoint_id:
                query = query.where(table.c.endpoint == endpoint_id)
            rows = connection.execute(query.order_by(table.c.id.desc()).limit(limit)).mappings().all()
            tried: dict[int, list[Attempt]] = {row["id"]: [] for row in rows}
            for row in connection.execute(
                attempts.select().where(attempts.c.delivery.in_(tried)).order_by(attempts.c.id)
            ).mappings():
                tried[row["delivery"]].append(Attempt(row["at"], row["duration_ms"], row["status"], row["error"]))
            return [
                LogEntry(
                    row["id"],
                    row["event"],
                    row["type"],
                    row["created_at"],
                    row["endpoint"],
                    row["state"],
                    row["due_at"],
                    tried[row["id"]],
                )
                for row in rows
            ]

        return await self._database.run(job)

    async def sweep(self, limit: float) -> None:
        """Forget events that happened before `limit` (Unix time), delivered or not, with their deliveries."""

        def job(connection: "Connection") -> None:
            from sqlalchemy import select

            from visavis.store import schema

            events, table, attempts = schema.webhook_events, schema.webhook_deliveries, schema.webhook_attempts
            old = select(events.c.id).where(events.c.created_at < limit)
            theirs = select(table.c.id).where(table.c.event.in_(old))
            connection.execute(attempts.delete().where(attempts.c.delivery.in_(theirs)))
            connection.execute(table.delete().where(table.c.event.in_(old)))
            connection.execute(events.delete().where(events.c.created_at < limit))

        await self._database.run(job)


def _delivery(row: Any, endpoint: Endpoint) -> Delivery:
    return Delivery(row["id"], row["event"], row["type"], bytes(row["body"]), endpoint, row["attempts"])

"""Webhooks: who wants to hear of what, and what there is to tell.

An event is put down in the transaction of what it tells (`enqueue`), so that there is neither one without the
other. From then on it is a delivery (`visavis.store.deliveries`) for each who wants to hear of it.
"""

import secrets
import time
from base64 import b64encode
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from visavis.errors import NotFound
from visavis.ids import ulid
from visavis.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROTATION = 24 * 3600.0
"""Seconds for which events are signed with the former secret, too, after there is a new one."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an organisation wants to be told. Times are Unix time in seconds."""

    id: str
    """`wh_` and a ULID."""
    organisation: str
    """Its id."""
    url: str
    events: str
    """The types it wants, separated by spaces; empty for all."""
    secret: str
    """`whsec_` and base64: what events are signed with."""
    former_secret: str
    """The one before; empty if there was none."""
    former_until: float
    """How long the former one is still used."""
    created_at: float

    def secrets(self, now: float) -> Sequence[str]:
        """What is signed with at `now`, the new one first."""
        former = self.former_secret and now < self.former_until
        return [self.secret, self.former_secret] if former else [self.secret]

    def __repr__(self) -> str:
        return f"Endpoint(id={self.id!r}, url={self.url!r})"


def new_secret() -> str:
    """What nobody else signs with."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def enqueue(connection: "Connection", organisation: str, type: str, subject: bytes, at: float) -> str:  # noqa: A002  the wire's own word
    """Put down that something happened to a thing of an organisation, for every endpoint that wants to know.

    To be called inside the store's job that changes the thing: both are committed or neither. `subject` is the
    JSON of the thing as the API shows it, which becomes `data.object`; `at` is Unix time in seconds. Returns the
    event's id, empty if nobody wants to know.
    """
    from visavis.store.schema import webhook_endpoints as table

    rows = connection.execute(table.select().where(table.c.organisation == organisation)).mappings()
    wanting = [row["id"] for row in rows if not row["events"] or type in row["events"].split()]
    return _put(connection, organisation, type, subject, at, wanting) if wanting else ""


class WebhookRecords:
    """The tables of endpoints and events. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, organisation: str, url: str, events: Collection[str] = ()) -> Endpoint:
        """Tell an organisation (its id) of events from now on. The caller has checked the URL."""
        endpoint = Endpoint(
            id=f"wh_{ulid()}",
            organisation=organisation,
            url=url,
            events=" ".join(events),
            secret=new_secret(),
            former_secret="",
            former_until=0.0,
            created_at=time.time(),
        )

        def job(connection: "Connection") -> None:
            from visavis.store.schema import webhook_endpoints as table

            connection.execute(table.insert().values(**asdict(endpoint)))

        await self._database.run(job)
        return endpoint

    async def endpoints(self) -> list[Endpoint]:
        """All of them, the oldest first."""

        def job(connection: "Connection") -> list[Endpoint]:
            from visavis.store.schema import webhook_endpoints as table

            rows = connection.execute(table.select().order_by(table.c.created_at, table.c.id)).mappings()
            return [Endpoint(**row) for row in rows]

        return await self._database.run(job)

    async def remove(self, endpoint_id: str) -> None:
        """Forget an endpoint and what it was or was to be told. `NotFound`."""

        def job(connection: "Connection") -> None:
            from sqlalchemy import select

            from visavis.store import schema

            table, deliveries, attempts = (
                schema.webhook_endpoints,
                schema.webhook_deliveries,
                schema.webhook_attempts,
            )
            if not connection.execute(table.delete().where(table.c.id == endpoint_id)).rowcount:
                raise _unknown()
            its = select(deliveries.c.id).where(deliveries.c.endpoint == endpoint_id)
            connection.execute(attempts.delete().where(attempts.c.delivery.in_(its)))
            connection.execute(deliveries.delete().where(deliveries.c.endpoint == endpoint_id))

        await self._database.run(job)

    async def rotate(self, endpoint_id: str) -> Endpoint:
        """Give an endpoint a new secret; events are signed with both for a day. `NotFound`."""

        def job(connection: "Connection") -> Endpoint:
            from visavis.store.schema import webhook_endpoints as table

            present = _endpoint(connection, endpoint_id)
            connection.execute(
                table.update()
                .where(table.c.id == endpoint_id)
                .values(secret=new_secret(), former_secret=present.secret, former_until=time.time() + ROTATION)
            )
            return _endpoint(connection, endpoint_id)

        return await self._database.run(job)

    async def tell(self, endpoint_id: str, type: str, subject: bytes) -> str:  # noqa: A002  the wire's own word
        """Put an event down for one endpoint, wanted or not; returns the event's id. `NotFound`."""

        def job(connection: "Connection") -> str:
            endpoint = _endpoint(connection, endpoint_id)
            return _put(connection, endpoint.organisation, type, subject, time.time(), [endpoint.id])

        return await self._database.run(job)


def _put(
    connection: "Connection", organisation: str, kind: str, subject: bytes, at: float, endpoints: Collection[str]
) -> str:
    from visavis.store import schema

    event_id = f"evt_{ulid()}"
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body = msgspec.json.encode(
        {
            "id": event_id,
            "object": "event",
            "type": kind,
            "created_at": when,
            "data": {"object": msgspec.Raw(subject)},
        }
    )
    connection.execute(
        schema.webhook_events.insert().values(
            id=event_id, organisation=organisation, type=kind, body=body, created_at=at
        )
    )
    for endpoint in endpoints:
        connection.execute(
            schema.webhook_deliveries.insert().values(
                event=event_id, endpoint=endpoint, state="pending", attempts=0, due_at=at
            )
        )
    return event_id


def _endpoint(connection: "Connection", endpoint_id: str) -> Endpoint:
    from visavis.store.schema import webhook_endpoints as table

    row = connection.execute(table.select().where(table.c.id == endpoint_id)).mappings().first()
    if row is None:
        raise _unknown()
    return Endpoint(**row)


def _unknown() -> NotFound:
    return NotFound("there is no such webhook; `visavis webhook list` shows their ids")

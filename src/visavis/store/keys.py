"""Organisations and their API keys. A key is shown once, when it is made; what is kept is its SHA-256.

A key has 256 random bits, so that a digest without salt and repetition tells nobody anything (contract
protoface 6).
"""

import hashlib
import re
import secrets
import string
import time
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from visavis.errors import InvalidInput, NotFound
from visavis.ids import ulid
from visavis.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection

PREFIX = "sk_live_"

LENGTH = 43
"""Letters and digits after the prefix: as many as 32 random bytes need in base 62."""

SCOPE = re.compile(r"\*|[a-z]+:(?:\*|[a-z]+)")
"""`*` for everything, else what and how: `sessions:read`, `avatars:*`."""

_ALPHABET = string.ascii_letters + string.digits

_KEY = re.compile(PREFIX + r"[0-9A-Za-z]{43,100}")

CACHE_SECONDS = 1.0
"""How long another process may go on with a key after it was revoked."""

CACHED = 1024
"""Keys that are remembered for so long."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who has keys, and whose things nobody else sees."""

    id: str
    """`org_` and a ULID."""
    name: str
    created_at: float
    """Unix time in seconds."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key, without what is secret about it. Times are Unix time in seconds."""

    id: str
    """`key_` and a ULID."""
    organisation: str
    """Its id."""
    name: str
    """For people."""
    digest: str
    """SHA-256 of the key in hexadecimal digits."""
    shown: str
    """How it begins and ends: `sk_live_…abcd`."""
    scopes: str
    """Separated by spaces."""
    rate: int
    """Things it may create a minute; 0 for the configured number."""
    concurrency: int
    """Sessions it may have at once; 0 for the configured number."""
    created_at: float
    expires_at: float | None = None
    """None for never."""
    revoked_at: float | None = None
    """None while it is good."""

    def good(self, now: float) -> bool:
        """Whether it opens anything at `now`, Unix time in seconds."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def new_key() -> str:
    """A key nobody has."""
    return PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))


class KeyRecords:
    """The tables of organisations and keys. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: OrderedDict[str, tuple[float, KeyRecord]] = OrderedDict()

    async def create(
        self,
        organisation: str,
        name: str = "",
        scopes: str = "*",
        rate: int = 0,
        concurrency: int = 0,
        expires_at: float | None = None,
    ) -> tuple[str, KeyRecord]:
        """Make a key for the organisation of that name, which is made if there is none. The key is not kept.

        `InvalidInput` if a scope is none.
        """
        wrong = [scope for scope in scopes.split() if not SCOPE.fullmatch(scope)]
        if wrong or not scopes.split():
            raise InvalidInput("a scope is *, or like sessions:read or avatars:*")
        key = new_key()
        found = await self.organisation(organisation)
        record = KeyRecord(
            id=f"key_{ulid()}",
            organisation=found.id,
            name=name,
            digest=_digest(key),
            shown=f"{PREFIX}…{key[-4:]}",
            scopes=" ".join(scopes.split()),
            rate=rate,
            concurrency=concurrency,
            created_at=time.time(),
            expires_at=expires_at,
        )

        def job(connection: "Connection") -> None:
            from visavis.store.schema import api_keys

            connection.execute(api_keys.insert().values(**asdict(record)))

        await self._database.run(job)
        return key, record

    async def find(self, key: str) -> KeyRecord | None:
        """What is known of a key: None if it is none, is revoked or has expired.

        What was good is believed for another second, so that a burst of requests asks the database once.
        """
        if not _KEY.fullmatch(key):
            return None
        digest, now = _digest(key), time.monotonic()
        at, record = self._seen.get(digest, (float("-inf"), None))
        if record is None or now - at >= CACHE_SECONDS:
            record = await self._by_digest(digest)
            self._remember(digest, now, record)
        return record if record is not None and record.good(time.time()) else None

    async def all(self, organisation: str = "") -> list[tuple[Organisation, KeyRecord]]:
        """Every key, or those of the organisation of that name, the oldest first."""

        def job(connection: "Connection") -> list[tuple[Organisation, KeyRecord]]:
            from visavis.store.schema import api_keys, organisations

            groups = {
                row["id"]: Organisation(**row) for row in connection.execute(organisations.select()).mappings()
            }
            rows = connection.execute(api_keys.select().order_by(api_keys.c.created_at, api_keys.c.id)).mappings()
            return [(groups[row["organisation"]], KeyRecord(**row)) for row in rows]

        found = await self._database.run(job)
        return [pair for pair in found if not organisation or pair[0].name == organisation]

    async def revoke(self, key_id: str) -> KeyRecord:
        """Make a key good for nothing, from now on here, within a second elsewhere. `NotFound`."""

        def job(connection: "Connection") -> KeyRecord | None:
            from visavis.store.schema import api_keys as table

            connection.execute(
                table.update()
                .where(table.c.id == key_id, table.c.revoked_at.is_(None))
                .values(revoked_at=time.time())
            )
            row = connection.execute(table.select().where(table.c.id == key_id)).mappings().first()
            return None if row is None else KeyRecord(**row)

        record = await self._database.run(job)
        if record is None:
            raise NotFound("there is no such key; `visavis key list` shows their ids")
        self._seen.clear()
        return record

    async def organisation(self, name: str) -> Organisation:
        """The organisation of that name; it is made if there is none."""

        def job(connection: "Connection") -> Organisation:
            from sqlalchemy.exc import IntegrityError

            from visavis.store.schema import organisations as table

            query = table.select().where(table.c.name == name)
            if row := connection.execute(query).mappings().first():
                return Organisation(**row)
            made = Organisation(f"org_{ulid()}", name, time.time())
            try:
                with connection.begin_nested():
                    connection.execute(table.insert().values(**asdict(made)))
            except IntegrityError:  # another process was quicker
                return Organisation(**connection.execute(query).mappings().one())
            return made

        return await self._database.run(job)

    async def organisations(self) -> list[Organisation]:
        """All of them, the oldest first."""

        def job(connection: "Connection") -> list[Organisation]:
            from visavis.store.schema import organisations as table

            rows = connection.execute(table.select().order_by(table.c.created_at, table.c.id)).mappings()
            return [Organisation(**row) for row in rows]

        return await self._database.run(job)

    async def _by_digest(self, digest: str) -> KeyRecord | None:
        def job(connection: "Connection") -> KeyRecord | None:
            from visavis.store.schema import api_keys as table

            row = connection.execute(table.select().where(table.c.digest == digest)).mappings().first()
            return None if row is None else KeyRecord(**row)

        return await self._database.run(job)

    def _remember(self, digest: str, now: float, record: KeyRecord | None) -> None:
        """Good keys only, or wrong ones would drive them out."""
        self._seen.pop(digest, None)
        if record is not None:
            self._seen[digest] = (now, record)
            if len(self._seen) > CACHED:
                self._seen.popitem(last=False)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()

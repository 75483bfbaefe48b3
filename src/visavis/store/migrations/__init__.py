"""The history of the tables: what each migration does is written down once and never changed again.

A migration is a module with `upgrade(connection)`; it must not use `visavis.store.schema`, which moves on.
Its number is its place in `MIGRATIONS`.
"""

import time

from sqlalchemy import Column, Connection, Double, Integer, MetaData, Table, func, insert, select

from visavis.errors import Unavailable
from visavis.store.migrations import (
    m0001_sessions,
    m0002_kiosk_sessions,
    m0003_render_jobs,
    m0004_voices,
    m0005_keys,
    m0006_avatar_sessions,
)

MIGRATIONS = (
    m0001_sessions.upgrade,
    m0002_kiosk_sessions.upgrade,
    m0003_render_jobs.upgrade,
    m0004_voices.upgrade,
    m0005_keys.upgrade,
    m0006_avatar_sessions.upgrade,
)

LOCK = 8_472_847
"""Of PostgreSQL's advisory locks: `visavis` on a telephone's keys."""

schema_version = Table(
    "schema_version",
    MetaData(),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied_at", Double, nullable=False),
)


def migrate(connection: Connection) -> None:
    """Apply what is missing, in the caller's transaction: all of it or, if anything raises, nothing.

    Raises `Unavailable` if the database was made by a later version.
    """
    if connection.dialect.name == "postgresql":
        # SQLite's transactions wait for each other; here another process may be doing the same.
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
    schema_version.create(connection, checkfirst=True)
    version = connection.scalar(select(func.max(schema_version.c.version))) or 0
    if version > len(MIGRATIONS):
        raise Unavailable(
            f"the database is at version {version}, this Visavis knows {len(MIGRATIONS)}: use the later Visavis"
        )
    for number, upgrade in enumerate(MIGRATIONS[version:], version + 1):
        upgrade(connection)
        connection.execute(insert(schema_version).values(version=number, applied_at=time.time()))

import asyncio

from sqlalchemy import Connection, inspect

from visavis.settings import Settings
from visavis.store import Store, schema


def tables(connection: Connection) -> dict[str, set[tuple[str, bool]]]:
    found = inspect(connection)
    return {
        table: {(column["name"], bool(column["nullable"])) for column in found.get_columns(table)}
        for table in found.get_table_names()
        if table != "schema_version"
    }


async def test_the_migrations_lead_to_the_schema_on_every_database(store: Store) -> None:
    assert await store._database.run(tables) == {
        table.name: {(column.name, bool(column.nullable)) for column in table.columns}
        for table in schema.metadata.sorted_tables
    }


async def test_servers_that_start_at_once_migrate_once(settings: Settings) -> None:
    stores = [Store(settings) for _ in range(4)]
    await asyncio.gather(*(each.ready() for each in stores))
    for each in stores:
        await each.__aexit__()

"""Cloned voices: what their providers call them, and who agreed."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from visavis.store.database import Database

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceRecord:
    """One cloned voice. Times are Unix time in seconds."""

    id: int = 0
    """Given when it is added, and never to another."""
    owner: str
    """The principal it belongs to."""
    provider: str
    voice_id: str
    """What the provider calls it."""
    display_label: str
    """For people."""
    target_model: str
    """The model it speaks with."""
    created_at: float
    consent_by: str = ""
    """Who agreed that the voice is cloned; empty if nobody was named."""
    consent_at: float | None = None
    """When."""
    consent_text: str = ""
    """The version of the text that was agreed to."""


class VoiceRecords:
    """The table of cloned voices. Every method may raise `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, record: VoiceRecord) -> int:
        """Keep a new record; returns the id it was given."""

        def job(connection: "Connection") -> int:
            from visavis.store.schema import voices

            values = {key: value for key, value in asdict(record).items() if key != "id"}
            key = connection.execute(voices.insert().values(**values)).inserted_primary_key
            return int(key[0]) if key else 0

        return await self._database.run(job)

    async def all(self, provider: str = "") -> list[VoiceRecord]:
        """Every record, or a provider's, the oldest first."""
        return await self._select(
            lambda table: table.select().where(table.c.provider == provider) if provider else table.select()
        )

    async def find(self, entry_id: int) -> VoiceRecord | None:
        """The record of that id, if there is one."""
        found = await self._select(lambda table: table.select().where(table.c.id == entry_id))
        return found[0] if found else None

    async def named(self, voice_id: str) -> VoiceRecord | None:
        """The record of the voice that a provider calls that, if there is one."""
        found = await self._select(lambda table: table.select().where(table.c.voice_id == voice_id))
        return found[0] if found else None

    async def delete(self, entry_id: int) -> None:
        """Forget it."""

        def job(connection: "Connection") -> None:
            from visavis.store.schema import voices

            connection.execute(voices.delete().where(voices.c.id == entry_id))

        await self._database.run(job)

    async def _select(self, query: Any) -> list[VoiceRecord]:
        def job(connection: "Connection") -> list[VoiceRecord]:
            from visavis.store.schema import voices as table

            found = connection.execute(query(table).order_by(table.c.id))
            return [VoiceRecord(**row) for row in found.mappings()]

        return await self._database.run(job)

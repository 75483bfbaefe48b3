"""What outlives a process: records in SQLite (or any database SQLAlchemy knows). Only the API process writes.

`async with Store(settings) as store: await store.sessions.add(record)`. Nothing is opened until it is
needed or `ready` is called, and then in the store's own thread: importing SQLAlchemy takes 0.2 s.
"""

from visavis.settings import Settings
from visavis.store.database import Database
from visavis.store.kiosk_sessions import KioskRecord, KioskRecords
from visavis.store.render_jobs import RenderJob, RenderJobs, RenderState
from visavis.store.sessions import SessionRecord, SessionRecords
from visavis.store.voices import VoiceRecord, VoiceRecords

__all__ = [
    "KioskRecord",
    "KioskRecords",
    "RenderJob",
    "RenderJobs",
    "RenderState",
    "SessionRecord",
    "SessionRecords",
    "Store",
    "VoiceRecord",
    "VoiceRecords",
]


class Store:
    """Everything that is stored, by kind. An async context manager: leaving it finishes what was begun."""

    def __init__(self, settings: Settings) -> None:
        self._database = Database(settings)
        self.sessions = SessionRecords(self._database)
        self.kiosk_sessions = KioskRecords(self._database)
        self.render_jobs = RenderJobs(self._database)
        self.voices = VoiceRecords(self._database)

    async def __aenter__(self) -> "Store":
        """Nothing is opened yet."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Finish every call that was made, and let go of the database."""
        await self._database.close()

    async def ready(self) -> None:
        """Open the database and bring its tables up to date; `Unavailable` says why it can't be.

        Every call does this when needed: this one lets a server do it before the first request.
        """
        await self._database.run(lambda connection: None)

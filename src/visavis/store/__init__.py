"""What outlives a process: records in SQLite (or any database SQLAlchemy knows). Only the API process writes.

`async with Store(settings) as store: await store.sessions.add(record)`. Nothing is opened until it is
needed or `ready` is called, and then in the store's own thread: importing SQLAlchemy takes 0.2 s.
"""

from visavis.settings import Settings
from visavis.store.avatar_sessions import AvatarSession, AvatarSessions
from visavis.store.avatars import AvatarRecord, AvatarRecords
from visavis.store.database import Database
from visavis.store.deliveries import DeliveryRecords
from visavis.store.idempotency import IdempotencyRecords
from visavis.store.keys import KeyRecord, KeyRecords, Organisation
from visavis.store.kiosk_sessions import KioskRecord, KioskRecords
from visavis.store.render_jobs import RenderJob, RenderJobs, RenderState
from visavis.store.sessions import SessionRecord, SessionRecords
from visavis.store.voices import VoiceRecord, VoiceRecords
from visavis.store.webhooks import WebhookRecords

__all__ = [
    "AvatarRecord",
    "AvatarRecords",
    "AvatarSession",
    "AvatarSessions",
    "DeliveryRecords",
    "IdempotencyRecords",
    "KeyRecord",
    "KeyRecords",
    "KioskRecord",
    "KioskRecords",
    "Organisation",
    "RenderJob",
    "RenderJobs",
    "RenderState",
    "SessionRecord",
    "SessionRecords",
    "Store",
    "VoiceRecord",
    "VoiceRecords",
    "WebhookRecords",
]


class Store:
    """Everything that is stored, by kind. An async context manager: leaving it finishes what was begun."""

    def __init__(self, settings: Settings) -> None:
        self._database = Database(settings)
        self.sessions = SessionRecords(self._database)
        self.kiosk_sessions = KioskRecords(self._database)
        self.render_jobs = RenderJobs(self._database)
        self.avatar_sessions = AvatarSessions(self._database)
        self.avatars = AvatarRecords(self._database)
        self.voices = VoiceRecords(self._database)
        self.keys = KeyRecords(self._database)
        self.idempotency = IdempotencyRecords(self._database)
        self.webhooks = WebhookRecords(self._database)
        self.deliveries = DeliveryRecords(self._database)

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

"""A pool whose sessions are put on record: who had which face when, and how it ended."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence

from visavis.errors import VisavisError
from visavis.films import recordings
from visavis.pool.contract import SessionHandle, SessionPool
from visavis.pool.verbs import NewSession, Occupancy
from visavis.session.events import StateChanged, Terminated
from visavis.settings import Settings
from visavis.store import SessionRecord, Store
from visavis.sweeping import Sweeper

CLOSE_TIMEOUT = 5.0
"""Seconds the last records may take at the end."""

SWEEP_EVERY = 600.0
"""Seconds between two looks at the age and size of journals and recordings."""

log = logging.getLogger(__name__)


class RecordedPool:
    """Wraps another pool. Only this process writes the store: workers report facts as events, which end here."""

    def __init__(self, pool: SessionPool, store: Store, settings: Settings) -> None:
        self._pool = pool
        self._store = store
        self._settings = settings
        self._sweeper = Sweeper("journals and recordings", SWEEP_EVERY, self._sweep)
        self._writing: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "RecordedPool":
        await self._pool.__aenter__()
        self._own(self._close_left_open(), "records left open")
        await self._sweeper.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._sweeper.__aexit__(*exc)
        await self._pool.__aexit__(*exc)
        if self._writing:
            await asyncio.wait(self._writing, timeout=CLOSE_TIMEOUT)
        await self._store.__aexit__(*exc)

    async def create(self, request: NewSession, session_id: str = "") -> SessionHandle:
        """Make a session and begin its record."""
        handle = await self._pool.create(request, session_id)
        info = await handle.info()
        record = SessionRecord(
            info.id,
            request.owner,
            info.avatar_id,
            info.model,
            info.tts_provider,
            info.tts_voice,
            info.created_at,
        )
        self._own(self._follow(handle, record), f"record {info.id}")
        return handle

    def get(self, session_id: str) -> SessionHandle:
        """The session of that id."""
        return self._pool.get(session_id)

    def sessions(self) -> Sequence[SessionHandle]:
        """Those that are not over."""
        return self._pool.sessions()

    @property
    def full(self) -> bool:
        """Whether a new session would be refused now."""
        return self._pool.full

    @property
    def occupancy(self) -> Occupancy:
        """How full it is."""
        return self._pool.occupancy

    async def drain(self) -> None:
        """End every session."""
        await self._pool.drain()

    async def _follow(self, handle: SessionHandle, record: SessionRecord) -> None:
        try:
            await self._store.sessions.add(record)
            async for happened in handle.events():
                if isinstance(happened.event, StateChanged) and happened.event.state == "running":
                    await self._store.sessions.started(record.id, happened.at)
                elif isinstance(happened.event, Terminated):
                    await self._store.sessions.ended(record.id, _outcome(happened.event), happened.at)
        except VisavisError as error:
            log.error("session %s is not on record: %s", record.id, error.message)

    async def _close_left_open(self) -> None:
        try:
            if count := await self._store.sessions.fail_open():
                log.warning("%d sessions were left open by a crash; their records end as failed", count)
        except VisavisError as error:
            log.error("session records can't be kept: %s", error.message)

    async def _sweep(self) -> None:
        """Keep the journals and recordings of all sessions within their age and size."""
        await asyncio.to_thread(_sweep, self._settings)

    def _own(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)


def _outcome(event: Terminated) -> str:
    return "failed" if event.reason in ("worker_lost", "failed") else event.reason


def _sweep(settings: Settings) -> None:
    # Imports numpy: in the thread, and not before the server answers.
    from visavis.session.journal import sweep

    sweep(settings.data_dir / "journal", settings.journal_hours, settings.journal_mib)
    recordings(settings).sweep(settings.recording_hours)

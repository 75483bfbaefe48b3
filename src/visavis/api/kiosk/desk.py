"""The desk: takes kiosk sessions on, finds them again, and clears up after them."""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.api.errands import Errands
from visavis.api.kiosk.archive import Archive
from visavis.api.kiosk.errors import unknown
from visavis.api.kiosk.follower import Follower, exchanges
from visavis.api.kiosk.schemas import SourceKind
from visavis.api.kiosk.services.shelf import Shelf
from visavis.api.kiosk.snapshot import interrupted_by_restart, read
from visavis.api.kiosk.traces import TraceRing
from visavis.api.kiosk.urls import UrlPolicy
from visavis.api.principal import tenant_of
from visavis.errors import Conflict, NotFound, Unavailable, WorkerLost
from visavis.pool import Exchange, SessionPool
from visavis.settings import Settings
from visavis.store import KioskRecord, Store
from visavis.sweeping import Sweeper
from visavis.uploads import Uploads

EXCHANGES = 20
"""Earlier sessions of a conversation that a new one is told of."""

RECENT = 64
"""Sessions that are over and still have their watchers' messages."""

SWEEP_EVERY = 600.0
"""Seconds between two looks at what is too old."""

CLOSE_TIMEOUT = 5.0
"""Seconds that sessions have to end when the server does."""

STOPPED = "the server was stopped before this session was over"

log = logging.getLogger(__name__)


class Desk:
    """All kiosk sessions of this server. An async context manager: leaving it ends them."""

    def __init__(
        self, pool: SessionPool, store: Store, settings: Settings, uploads: Uploads, shelf: Shelf
    ) -> None:
        self.pool = pool
        self.shelf = shelf
        self.settings = settings
        self.uploads = uploads
        self.urls = UrlPolicy(settings)
        self.traces = TraceRing()
        self.archive = Archive(settings.data_dir / "clips")
        self._store = store.kiosk_sessions
        self._followers: dict[str, Follower] = {}
        self._errands = Errands()
        self.swept = asyncio.Event()
        """Set when what was too old at the beginning is gone."""
        self._sweeper = Sweeper("kiosk sessions", SWEEP_EVERY, self._sweep)
        self._beginning: list[tuple[SourceKind, int | str | None]] = []
        """The source and the microphone of each session that is being started."""
        self.tenant: str | None = None
        """Whose sessions are found; None for everybody's."""

    def of(self, tenant: str | None) -> "Desk":
        """The same desk, as `tenant` sees it: sessions of others are not there."""
        # All that changes is in collections, which both have.
        view = copy(self)
        view.tenant = tenant
        return view

    async def __aenter__(self) -> "Desk":
        """Begin to put the records in order; returns at once."""
        self._errands.begin(self._close_left_open(), "kiosk sessions left open")
        await self._sweeper.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._sweeper.__aexit__(*exc)
        for follower in list(self._followers.values()):
            if not follower.snapshot.over:
                follower.give_up(STOPPED)
                self._errands.begin(_close(follower), "end of a kiosk session")
        await self._errands.close(CLOSE_TIMEOUT)

    @contextmanager
    def place(self, source: SourceKind, device: int | str | None = None) -> Iterator[None]:
        """Room for a new session, which has to be taken on inside the block. `Conflict` if there is none.

        A microphone is in one session at a time; what names it differently is taken for another one.
        """
        place = (source, device)
        running = [each.snapshot for each in self._followers.values() if not each.snapshot.over]
        active = [*self._beginning, *((snapshot.source_kind, snapshot.device) for snapshot in running)]
        full = len(active) >= self.settings.kiosk_sessions
        listening = any(kind == "microphone" for kind, _ in active)
        if source == "microphone" and (place in active or (full and listening)):
            raise Conflict("Another microphone session is already active")
        if full:
            raise Conflict("Another audio session is already active")
        self._beginning.append(place)
        try:
            yield
        finally:
            self._beginning.remove(place)

    def take_on(self, follower: Follower) -> None:
        """Follow a session to its end."""
        session_id = follower.snapshot.session_id
        self._followers[session_id] = follower
        self._errands.begin(self._follow(follower), f"kiosk session {session_id}")

    def follower(self, session_id: str) -> Follower | None:
        """The session of that id, if this server's process had it lately."""
        found = self._followers.get(session_id)
        return found if found is not None and self._sees(found.owner) else None

    def live(self, session_id: str) -> Follower:
        """The same; raises `NotFound`."""
        if (found := self.follower(session_id)) is None:
            raise unknown(session_id)
        return found

    async def snapshot(self, session_id: str) -> dict[str, Any]:
        """What a session is. Raises `NotFound`."""
        if (found := self.follower(session_id)) is not None:
            return found.snapshot.wire()
        return _wire(await self._record(session_id))

    async def snapshots(self, limit: int) -> list[dict[str, Any]]:
        """The latest sessions, the oldest of them first."""
        found: dict[str, tuple[float, dict[str, Any]]] = {}
        try:
            for record in await self._store.latest(limit, self.tenant):
                found[record.id] = (record.created_at, _wire(record))
        except Unavailable as error:
            log.error("kiosk sessions on record can't be listed: %s", error.message)
        for follower in self._theirs:
            snapshot = follower.snapshot
            found[snapshot.session_id] = (snapshot.created, snapshot.wire())
        ordered = sorted(found.values(), key=lambda each: each[0])
        return [wire for _, wire in ordered][-limit:]

    async def conversation(self, session_id: str) -> tuple[str | None, list[Exchange]]:
        """The id of a session's conversation, and what was said in it up to and with this session."""
        if (found := self.follower(session_id)) is not None:
            return found.snapshot.conversation_id, found.conversation()
        record = await self._record(session_id)
        wire = _wire(record)
        earlier = msgspec.json.decode(record.history, type=list[Exchange])
        return wire["conversation_id"], [*earlier, *exchanges(wire["transcript"], wire["response"])]

    async def earlier(self, conversation_id: str) -> tuple[Exchange, ...]:
        """What was said in a conversation so far."""
        found: dict[str, tuple[float, list[Exchange]]] = {}
        try:
            for record in await self._store.conversation(conversation_id, EXCHANGES, self.tenant):
                wire = read(record.snapshot)
                found[record.id] = (record.created_at, exchanges(wire["transcript"], wire["response"]))
        except Unavailable as error:
            log.error("the conversation so far is not known: %s", error.message)
        for each in (follower.snapshot for follower in self._theirs):
            # The latest may not be on record yet.
            if each.over and each.conversation_id == conversation_id:
                found[each.session_id] = (each.created, exchanges(each.transcript, each.response))
        ordered = [said for _, said in sorted(found.values(), key=lambda each: each[0]) if said]
        return tuple(message for said in ordered[-EXCHANGES:] for message in said)

    async def delete(self, session_id: str) -> None:
        """Forget a session that is over. Raises `NotFound`, and `Conflict` while it runs."""
        follower = self.follower(session_id)
        if follower is None:
            await self._record(session_id)
        elif not follower.snapshot.over:
            raise Conflict("Session is still running; stop it first")
        else:
            await follower.done.wait()
            await _close(follower)
        self._followers.pop(session_id, None)
        await self._store.delete([session_id])
        await asyncio.to_thread(self.archive.remove, session_id)

    async def save(self, record: KioskRecord) -> None:
        """Keep a record. Raises `Unavailable`."""
        await self._store.save(record)

    async def _record(self, session_id: str) -> KioskRecord:
        # What is no id of ours need not be looked for.
        record = await self._store.find(session_id) if session_id.isascii() and len(session_id) == 36 else None
        if record is None or not self._sees(record.owner):
            raise unknown(session_id)
        return record

    async def _follow(self, follower: Follower) -> None:
        try:
            await follower.run()
        finally:
            self.traces.add(follower.stopwatch.trace(follower.snapshot.completed), follower.owner)
            follower.done.set()
            over = [key for key, each in self._followers.items() if each.done.is_set()]
            for key in over[:-RECENT]:
                del self._followers[key]

    async def _close_left_open(self) -> None:
        try:
            for record in await self._store.open():
                if record.id in self._followers:
                    continue
                at = time.time()
                snapshot = msgspec.json.encode(_wire(record)).decode()
                ended = replace(record, ended_at=at, snapshot=snapshot)
                await self._store.save(ended)
        except Unavailable as error:
            log.error("kiosk sessions can't be kept: %s", error.message)

    async def _sweep(self) -> None:
        """Delete what is older than it may be."""
        await self.sweep(time.time() - self.settings.kiosk_retention_hours * 3600)
        self.swept.set()

    async def sweep(self, limit: float) -> None:
        """Delete the sessions that ended before `limit` (Unix time), and clips that belong to none."""
        try:
            old = [key for key in await self._store.ended_before(limit) if key not in self._running]
            for key in old:
                self._followers.pop(key, None)
            await self._store.delete(old)
        except Unavailable as error:
            log.error("old kiosk sessions can't be deleted: %s", error.message)
        await asyncio.to_thread(self.archive.sweep, limit, self._running)

    @property
    def _theirs(self) -> list[Follower]:
        return [each for each in self._followers.values() if self._sees(each.owner)]

    def _sees(self, owner: str) -> bool:
        return self.tenant in (None, owner)

    @property
    def _running(self) -> set[str]:
        return {key for key, each in self._followers.items() if not each.done.is_set()}


def _wire(record: KioskRecord) -> dict[str, Any]:
    """The snapshot of a session that nobody follows."""
    wire = read(record.snapshot)
    return interrupted_by_restart(wire, time.time()) if record.ended_at is None else wire


async def _close(follower: Follower) -> None:
    try:
        await follower.handle.close()
    except (NotFound, WorkerLost) as error:
        log.debug("session %s: %s", follower.snapshot.session_id, error.message)


async def desk(connection: HTTPConnection) -> Desk:
    """The desk of the application that answers, as far as the asker may see it."""
    found: Desk = connection.app.state.kiosk
    return found.of(tenant_of(connection))


AtDesk = Annotated[Desk, Depends(desk)]
"""The type of a route's argument that wants the desk."""

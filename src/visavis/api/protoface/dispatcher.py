"""The dispatcher: hands sessions to the engine in the order they came, when there is room, and ends them."""

import asyncio
import logging
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace

from visavis.api.errands import Errands
from visavis.api.principal import Principal
from visavis.api.protoface.admission import Admission
from visavis.api.protoface.follower import BROKEN, LOST, NOT_STARTED, STOPPED, Failure, Follower
from visavis.api.protoface.live import Live
from visavis.api.protoface.views import wire
from visavis.errors import AtCapacity, NotFound, VisavisError, WorkerLost
from visavis.pool import SessionHandle, SessionPool
from visavis.settings import Settings
from visavis.store import AvatarSession, AvatarSessions, Store
from visavis.store.avatar_sessions import News
from visavis.streams import closing

LOOK_EVERY = 0.25
"""Seconds between two looks for room while somebody waits: sessions of other APIs end unnoticed."""

END_PATIENCE = 5.0
"""Seconds within which a session that is ended is usually over."""

TOKEN_ENDED = "transport.token_expired", "the worker token expired while the session waited; mint a longer one"
AVATAR_GONE = "avatar.unavailable", "the avatar was deleted before the session had started"

log = logging.getLogger(__name__)


class Dispatcher:
    """All sessions that are not over. An async context manager: leaving it ends them."""

    def __init__(self, pool: SessionPool, store: Store, settings: Settings) -> None:
        self.admission = Admission(pool, settings)
        self._pool = pool
        self._store: AvatarSessions = store.avatar_sessions
        self._start_within = settings.protoface_start_seconds
        self._live: dict[str, Live] = {}
        self._line: deque[Live] = deque()
        self._held = False
        """Whether the last who tried found no room, whatever the pool says."""
        self._wake = asyncio.Event()
        self._errands = Errands()
        self._dispatching: asyncio.Task[None] | None = None
        self.tidied = asyncio.Event()
        """Set when records that a crash left open are closed."""

    async def __aenter__(self) -> "Dispatcher":
        """Begin; returns at once."""
        self._errands.begin(self._close_left_open(), "sessions left open")
        self._dispatching = asyncio.create_task(self._dispatch(), name="dispatcher")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._dispatching is not None:
            self._dispatching.cancel()
            await asyncio.wait([self._dispatching])
        for live in list(self._live.values()):
            if live.session.first_frame_at is None:
                live.verdict = live.verdict or STOPPED
            self._errands.begin(self._leave(live), f"end of {live.session.id}")
        await self._errands.close(END_PATIENCE)

    def twin(self, digest: bytes) -> Live | None:
        """The session that the same request has made, while it is good."""
        return next((live for live in self._live.values() if live.twin == digest and not _going(live)), None)

    def reserve(self, live: Live, asker: Principal) -> None:
        """Take a place for it. Raises `QuotaExceeded`, `AtCapacity`."""
        self.admission.check(asker, self._sessions(), self.waiting)
        self._live[live.session.id] = live

    async def begin(self, live: Live) -> None:
        """Put a session that has a place on record and in line. Raises `Unavailable`; the place is then free."""
        try:
            await live.begin()
        except BaseException:  # cancelled, too: nobody knows of it
            self.release(live)
            raise
        self._line.append(live)
        self._errands.begin(self._limit(live), f"start of {live.session.id}")
        self._wake.set()

    def release(self, live: Live) -> None:
        """Give back the place of one that did not begin."""
        self._live.pop(live.session.id, None)

    def find(self, organisation: str, session_id: str) -> Live | None:
        """The organisation's session of that id, if it is not over."""
        live = self._live.get(session_id)
        return live if live is not None and live.session.organisation == organisation else None

    def count(self, organisation: str) -> int:
        """How many an organisation has."""
        return sum(session.organisation == organisation for session in self._sessions())

    @property
    def waiting(self) -> int:
        """How many wait for a worker."""
        return len(self._line)

    def position(self, live: Live) -> int:
        """Its place in line, 1 for the next; 0 if it is not in line."""
        return self._line.index(live) + 1 if live in self._line else 0

    async def end(self, live: Live) -> None:
        """End a session; returns when it is over, or after a while."""
        self._errands.begin(self._leave(live), f"end of {live.session.id}")
        with suppress(TimeoutError):
            async with asyncio.timeout(END_PATIENCE):
                await live.over.wait()

    async def _leave(self, live: Live) -> None:
        live.leaving = True
        live.request = None
        if live.session.status == "running":
            await live.become("ending")
        if live in self._line:
            self._line.remove(live)
            await self._finish(live, None)
        elif live.handle is not None:
            await _close(live.handle)
        # Else it is being made, and whoever makes it sees that it has to go.

    async def _dispatch(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._line:
                if not (self._pool.full or self._held):
                    live = self._line.popleft()
                    self._errands.begin(self._carry(live), f"session {live.session.id}")
                    # It takes its place in the pool before the next one is looked at.
                    await asyncio.sleep(0)
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY):
                        await self._wake.wait()
                        self._wake.clear()
                self._held = False

    async def _carry(self, live: Live) -> None:
        """Have a session made, and follow it to its end; without room it is in line again."""
        failure: Failure | None = BROKEN
        try:
            failure = await self._show(live)
        except AtCapacity:
            # Its face serves few: the pool as a whole may have room.
            self._held = True
            if not live.leaving:
                self._line = deque(sorted([live, *self._line], key=lambda each: each.number))
        finally:
            if live not in self._line:
                await self._finish(live, failure)

    async def _show(self, live: Live) -> Failure | None:
        """The same; returns why it could not be made. Raises `AtCapacity`."""
        if live.request is None:
            return None
        if live.token_ends <= time.time():
            return TOKEN_ENDED
        try:
            handle = await self._pool.create(live.request)
        except NotFound:
            return AVATAR_GONE
        except WorkerLost:
            return LOST
        except AtCapacity:
            raise
        except VisavisError as error:
            log.error("session %s can't be made: %s", live.session.id, error.message)
            return BROKEN
        # The worker has the token; nobody else needs it.
        live.request = None
        live.handle = handle
        if live.leaving:
            self._errands.begin(_close(handle), f"end of {live.session.id}")
        try:
            await Follower(live, handle).run()
        finally:
            await _close(handle)
        return None

    async def _limit(self, live: Live) -> None:
        """Give a session up that does not start in time."""
        try:
            async with asyncio.timeout(self._start_within), closing(live.states(0)) as states:
                async for state in states:
                    if state.first_frame_at is not None:
                        return
        except TimeoutError:
            live.verdict = NOT_STARTED
            await self._leave(live)

    async def _finish(self, live: Live, failure: Failure | None) -> None:
        """It is over, if it is not yet because it never was the engine's."""
        if (failure := live.verdict if live.leaving else failure) is None:
            await live.become("canceled")
        else:
            await live.become("failed", failure_code=failure[0], failure_message=failure[1])
        self._live.pop(live.session.id, None)
        if live.session.first_frame_at is not None:
            self.admission.ended(time.time() - live.session.first_frame_at)
        self._wake.set()

    async def _close_left_open(self) -> None:
        """A crash ends sessions without a word: their records say so, with what they had used by then."""
        try:
            for session in await self._store.open():
                if session.id not in self._live:
                    at = time.time()
                    failed = replace(
                        session, status="failed", failed_at=at, failure_code=LOST[0], failure_message=LOST[1]
                    )
                    await self._store.change(failed, [News("session.failed", at, wire(failed))])
        except VisavisError as error:
            log.error("sessions left open by a crash can't be closed: %s", error.message)
        self.tidied.set()

    def _sessions(self) -> list[AvatarSession]:
        return [live.session for live in self._live.values() if not live.session.over]


def _going(live: Live) -> bool:
    return live.leaving or live.session.over or live.session.status == "ending"


async def _close(handle: SessionHandle) -> None:
    with suppress(NotFound, WorkerLost):
        await handle.close()

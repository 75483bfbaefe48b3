"""A session that is not over: its record, who watches it, and what is known of it only in memory."""

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from visavis.api.protoface.views import wire
from visavis.errors import Unavailable
from visavis.pool import NewSession, SessionHandle
from visavis.store import AvatarSession, AvatarSessions
from visavis.store.avatar_sessions import AvatarSessionStatus, News

log = logging.getLogger(__name__)

STAMPS: Mapping[str, str] = {
    "starting": "started_at",
    "running": "first_frame_at",
    "ended": "ended_at",
    "canceled": "ended_at",
    "failed": "failed_at",
}
"""What is noted when a session becomes something."""

RANKS: Mapping[str, int] = {
    "created": 0,
    "queued": 1,
    "starting": 2,
    "running": 3,
    "ending": 4,
    "ended": 5,
    "failed": 5,
    "canceled": 5,
}
"""Every change goes to a higher one: it numbers the events of a session."""


_numbers = itertools.count()


class Live:
    """One session from its creation to its end. Changes are made one after another."""

    def __init__(
        self, session: AvatarSession, request: NewSession, token_ends: float, twin: bytes, store: AvatarSessions
    ) -> None:
        self.created = session
        """As it was at first."""
        self.session = session
        """As it is now."""
        self.request: NewSession | None = request
        """What the engine is to make, with the room's token: until a worker has it."""
        self.token_ends = token_ends
        """Unix time in seconds."""
        self.twin = twin
        """Digest of what was asked for: the same for a request that is sent again."""
        self.number = next(_numbers)
        """Later ones have higher ones."""
        self.handle: SessionHandle | None = None
        """The engine's session, once there is one."""
        self.leaving = False
        """Whether somebody has asked for its end."""
        self.verdict: tuple[str, str] | None = None
        """Code and message, if this side has found that it failed."""
        self.kept = asyncio.Event()
        """Set when it is on record, or is known not to be."""
        self.unkept = False
        """Whether it is known not to be."""
        self.over = asyncio.Event()
        self._states = [session]
        self._changed = asyncio.Event()
        self._store = store
        self._order = asyncio.Lock()

    async def begin(self) -> None:
        """Put it on record. Raises `Unavailable`."""
        self.unkept = True
        try:
            await self._store.add(self.session, [_news(self.session, "queued", self.session.created_at)])
            self.unkept = False
        finally:
            self.kept.set()

    async def become(self, status: AvatarSessionStatus, at: float | None = None, **changes: Any) -> None:
        """Change its status, at Unix time `at` or now, unless it is there or beyond already."""
        async with self._order:
            if RANKS[status] <= RANKS[self.session.status]:
                return
            at = time.time() if at is None else at
            if status in STAMPS:
                changes[STAMPS[status]] = at
            self.session = replace(self.session, status=status, **changes)
            if self.session.over:
                self.request = None
            self._states.append(self.session)
            told = [_news(self.session, status, at)]
            if status == "running":
                told.insert(0, _news(self.session, "first_frame", at))
            await self._keep(told)
            changed, self._changed = self._changed, asyncio.Event()
            changed.set()
            if self.session.over:
                self.over.set()

    async def meter(self, seconds: float, frames: int) -> None:
        """Note what it has used: seconds since its first picture, and pictures."""
        async with self._order:
            if not self.session.over:
                used = max(int(seconds), self.session.billable_seconds), max(frames, self.session.frames)
                self.session = replace(self.session, billable_seconds=used[0], frames=used[1])
                await self._keep([])

    async def states(self, after: int) -> AsyncIterator[AvatarSession]:
        """Its states of a rank beyond `after`, up to its end; the present one if `after` is negative, and on."""
        place = len(self._states) - 1 if after < 0 else 0
        while True:
            changed = self._changed
            for state in self._states[place:]:
                if RANKS[state.status] > after:
                    yield state
            place = len(self._states)
            if self.session.over:
                return
            if changed is self._changed:
                await changed.wait()

    async def _keep(self, news: list[News]) -> None:
        try:
            await self._store.change(self.session, news)
        except Unavailable as error:
            # It goes on; if that was its end, the next start of the server closes the record.
            log.error("session %s can't be kept on record: %s", self.session.id, error.message)


def _news(session: AvatarSession, name: str, at: float) -> News:
    return News(f"session.{name}", at, wire(session))

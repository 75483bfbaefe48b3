"""Whose each session is: a pool that remembers it, and shows to one tenant nothing but its own."""

from collections.abc import Sequence

import msgspec

from visavis.errors import NotFound
from visavis.pool.contract import SessionHandle, SessionPool
from visavis.pool.verbs import NewSession, Occupancy

FORGET_FROM = 1000
"""Sessions from which on it is looked whether some of them are not known any more."""


class OwnedPool(SessionPool):
    """Wraps another pool."""

    def __init__(self, pool: SessionPool) -> None:
        self._pool = pool
        self._owners: dict[str, str] = {}
        self._forget_at = FORGET_FROM

    async def __aenter__(self) -> "OwnedPool":
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.__aexit__(*exc)

    async def create(self, request: NewSession, session_id: str = "") -> SessionHandle:
        """Make a session of `request.owner`."""
        handle = await self._pool.create(request, session_id)
        if len(self._owners) >= self._forget_at:
            self._owners = {known: owner for known, owner in self._owners.items() if self._knows(known)}
            self._forget_at = max(FORGET_FROM, 2 * len(self._owners))
        self._owners[handle.id] = request.owner
        return handle

    def get(self, session_id: str) -> SessionHandle:
        """The session of that id, whosever it is."""
        return self._pool.get(session_id)

    def sessions(self) -> Sequence[SessionHandle]:
        """Those that are not terminated, of everybody."""
        return self._pool.sessions()

    async def drain(self) -> None:
        """End every session, and take no new one."""
        await self._pool.drain()

    @property
    def full(self) -> bool:
        """Whether a new session would be refused now."""
        return self._pool.full

    @property
    def occupancy(self) -> Occupancy:
        """How full it is, of everybody's."""
        return self._pool.occupancy

    def of(self, tenant: str) -> SessionPool:
        """The same pool, as `tenant` sees it: sessions of others are not there."""
        return _Theirs(self, tenant)

    def owner(self, session_id: str) -> str | None:
        """Whose a session is that was made through this pool."""
        return self._owners.get(session_id)

    def _knows(self, session_id: str) -> bool:
        try:
            self._pool.get(session_id)
        except NotFound:
            return False
        return True


class _Theirs(SessionPool):
    """One tenant's view of an `OwnedPool`."""

    def __init__(self, pool: OwnedPool, tenant: str) -> None:
        self._pool = pool
        self._tenant = tenant

    async def __aenter__(self) -> "_Theirs":
        return self

    async def __aexit__(self, *exc: object) -> None:
        """The pool goes on."""

    async def create(self, request: NewSession, session_id: str = "") -> SessionHandle:
        return await self._pool.create(msgspec.structs.replace(request, owner=self._tenant), session_id)

    def get(self, session_id: str) -> SessionHandle:
        if self._pool.owner(session_id) != self._tenant:
            raise NotFound("session not found")
        return self._pool.get(session_id)

    def sessions(self) -> Sequence[SessionHandle]:
        return [each for each in self._pool.sessions() if self._pool.owner(each.id) == self._tenant]

    async def drain(self) -> None:
        """End its own sessions."""
        for each in self.sessions():
            await each.close()

    @property
    def full(self) -> bool:
        return self._pool.full

    @property
    def occupancy(self) -> Occupancy:
        return self._pool.occupancy

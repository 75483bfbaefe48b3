"""A pool whose face models may serve few sessions at once: the others wait, first come, first served.

Contract opentalking 1.10. A model without a limit (all built-in ones) is passed on as it is asked for.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from visavis import registry
from visavis.avatar import Catalogue
from visavis.errors import InvalidInput
from visavis.ids import new_id
from visavis.persona import Personas
from visavis.pool.contract import RETENTION, SessionHandle, SessionPool
from visavis.pool.queued import Line, QueuedSession, Terms, Timer
from visavis.pool.verbs import NewSession, Occupancy, SessionInfo
from visavis.settings import Settings

log = logging.getLogger(__name__)


class QueuedPool:
    """Wraps another pool, so that every API has its slots. `later` is the loop's `call_later`, or a test's."""

    def __init__(
        self,
        pool: SessionPool,
        settings: Settings,
        later: Callable[[float, Callable[[], None]], Timer] | None = None,
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._lines: dict[str, Line | None] = {}
        self._sessions: dict[str, QueuedSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._terms = Terms(
            wait=settings.queue_timeout,
            hold=settings.slot_seconds,
            make=pool.create,
            own=self._own,
            later=later or (lambda delay, call: asyncio.get_running_loop().call_later(delay, call)),
        )

    async def __aenter__(self) -> "QueuedPool":
        await self._pool.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._end_all()
        await self._pool.__aexit__(*exc)
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def create(self, request: NewSession, session_id: str = "") -> SessionHandle:
        """Make a session, or put it in line. Raises as the pool does, and `AtCapacity` if the line is full."""
        if request.voice_only or (line := await self._line(request)) is None:
            return await self._pool.create(request, session_id)
        blank = self._blank(request, session_id or new_id())
        session = QueuedSession(blank, request, line, self._terms)
        if line.take():
            await session.begin()
        else:
            await asyncio.to_thread(self._check, request)
            session.wait()
        self._sessions[session.id] = session
        self._own(self._forget(session))
        return session

    def get(self, session_id: str) -> SessionHandle:
        """The session of that id."""
        return self._sessions.get(session_id) or self._pool.get(session_id)

    def sessions(self) -> Sequence[SessionHandle]:
        """Those that are not over, waiting ones too."""
        mine = [session for session in self._sessions.values() if not session.log.closed]
        return mine + [session for session in self._pool.sessions() if session.id not in self._sessions]

    @property
    def full(self) -> bool:
        """Whether a new session would be refused now."""
        return self._pool.full

    @property
    def occupancy(self) -> Occupancy:
        """How full it is: occupied if a model that has slots has none left."""
        lines = [line for line in self._lines.values() if line is not None]
        taken = any(line.taken >= line.slots for line in lines)
        return Occupancy(taken or self._pool.occupancy.occupied, sum(len(line.waiting) for line in lines))

    async def drain(self) -> None:
        """End every session, and take no new one."""
        await self._end_all()
        await self._pool.drain()

    async def _end_all(self) -> None:
        """The last in line first: nobody gets a slot any more."""
        for session in reversed([each for each in self._sessions.values() if not each.log.closed]):
            await session.end("shutdown")

    async def _line(self, request: NewSession) -> Line | None:
        """The line of the model that `request` wants; None if it has no limit or does not exist."""
        model = request.model or self._settings.default_model
        if request.persona and not request.model:
            persona = await asyncio.to_thread(Personas(self._settings).persona, request.persona)
            model = persona.model or model
        if model not in self._lines:
            slots = await asyncio.to_thread(self._slots, model)
            # Another request may have made it meanwhile.
            self._lines.setdefault(model, Line(slots, self._settings.queue_size) if slots else None)
        return self._lines[model]

    def _slots(self, model: str) -> int:
        """How many sessions `model` serves at once; 0 for any number."""
        configured = self._settings.model_slots.get(model)
        if configured is not None or model not in registry.names("face"):
            return configured or 0
        provider: Any = registry.provider("face", model, self._settings)
        return int(getattr(provider, "slots", 0))

    def _check(self, request: NewSession) -> None:
        """What is wrong with a session should be said before it waits."""
        if request.avatar_id:
            Catalogue(self._settings).avatar(request.avatar_id)
        if request.tts_provider and request.tts_provider not in (known := registry.names("tts")):
            raise InvalidInput(f"unknown tts provider {request.tts_provider!r}; installed: {', '.join(known)}")

    def _blank(self, request: NewSession, session_id: str) -> SessionInfo:
        return SessionInfo(
            id=session_id,
            avatar_id=request.avatar_id,
            model=request.model or self._settings.default_model,
            tts_provider=request.tts_provider or self._settings.tts,
            tts_voice=request.tts_voice,
            state="created",
            busy=False,
            viewers=0,
            created_at=0.0,
        )

    async def _forget(self, session: QueuedSession) -> None:
        async for _ in session.events():
            pass
        asyncio.get_running_loop().call_later(RETENTION, self._sessions.pop, session.id, None)

    def _own(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="queue")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(_report)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a session with a slot failed", exc_info=error)

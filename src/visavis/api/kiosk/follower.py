"""The follower of one session: folds its events, keeps its record, tells its watchers, closes it at the end."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec

from visavis.api.kiosk.broadcast import Broadcast, Notice
from visavis.api.kiosk.snapshot import Delta, Snapshot
from visavis.api.kiosk.traces import Stopwatch
from visavis.errors import Conflict, NotFound, TooLarge, VisavisError, WorkerLost
from visavis.pool import Exchange, Hear, Offer, SessionHandle
from visavis.session.events import Record
from visavis.store import KioskRecord
from visavis.streams import closing

log = logging.getLogger(__name__)

DEFECT = "internal error; the server's log tells more"

Save = Callable[[KioskRecord], Awaitable[None]]


class Follower:
    """One session, from its start to its end. `run` it in a task of its own."""

    def __init__(
        self,
        handle: SessionHandle,
        snapshot: Snapshot,
        stopwatch: Stopwatch,
        save: Save,
        *,
        owner: str = "",
        history: tuple[Exchange, ...] = (),
        sample_rate: int = 16_000,
        has_face: bool = False,
    ) -> None:
        self.handle = handle
        self.snapshot = snapshot
        self.stopwatch = stopwatch
        self.history = history
        self.has_face = has_face
        self.sample_rate = sample_rate
        """Hz of raw sound that is pushed."""
        self._heard_rate = sample_rate
        self.owner = owner
        self.done = asyncio.Event()
        """Set when nothing of it is left to do."""
        self._save = save
        self._changed = asyncio.Event()
        self._changed.set()
        self._broadcast = Broadcast()
        self._folded = 0
        """Number of the last event."""

    async def run(self) -> None:
        """Follow the session to its end; when this returns, its record is complete and the engine's is closed."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_record(), name="record of a kiosk session")
            try:
                await self._follow()
            finally:
                # Cancelled, or a defect: whoever polls must not wait for ever.
                self._tell(self.snapshot.fail(time.time(), DEFECT))
                self._broadcast.end(self.snapshot.wire())
            if not self.has_face:
                await self._close()

    def begin(self, at: float) -> None:
        """It runs since `at` (Unix time)."""
        self._tell([self.snapshot.start(at)])
        if self.snapshot.source_kind == "text":
            self.stopwatch.begun(at)

    def give_up(self, error: str) -> None:
        """It can't go on, for a reason that people understand."""
        self._tell(self.snapshot.fail(time.time(), error))

    @property
    def watchers(self) -> int:
        """How many watch it."""
        return self._broadcast.watchers

    def watch(self, seen: str = "") -> AsyncIterator[Notice]:
        """What happens in it, beginning with a snapshot; `seen` is the id of the last message somebody had."""
        return self._broadcast.watch(self.snapshot.wire, seen)

    async def hear(self, sample_rate: int, pcm: bytes) -> None:
        """Take sound (s16le mono) from a browser. What comes after the question is over is dropped.

        Raises `Conflict` if the session is not one that takes sound, or is over.
        """
        self._check_hears()
        if self.snapshot.over:
            raise Conflict(f"Session is not active: {self.snapshot.status}")
        self._heard_rate = sample_rate
        await self._hear(Hear(sample_rate, pcm))

    async def hear_out(self) -> None:
        """Nothing follows; again is fine. Raises `Conflict` if the session is not one that takes sound."""
        self._check_hears()
        if not self.snapshot.over:
            await self._hear(Hear(self._heard_rate, b"", last=True))

    async def stop(self) -> float:
        """End the question here; if that is over, end the answer. Returns when it was asked for (Unix time)."""
        if self.snapshot.over:
            raise Conflict(f"Session is not running: {self.snapshot.status}")
        at = time.time()
        self._tell([self.snapshot.stop(at)])
        try:
            if not await self.handle.stop_listening():
                await self.handle.interrupt()
        except (Conflict, WorkerLost, NotFound) as error:
            # It has just ended by itself; its events tell how.
            log.debug("session %s: %s", self.snapshot.session_id, error.message)
        return at

    async def offer(self, offer: Offer) -> str:
        """Connect a viewer; returns the answer's SDP."""
        if not self.has_face:
            raise Conflict("Session has no face; start one with avatar_id")
        return (await self.handle.offer(offer)).sdp

    def conversation(self) -> list[Exchange]:
        """What was said up to and with this session."""
        return [*self.history, *exchanges(self.snapshot.transcript, self.snapshot.response)]

    def record(self) -> KioskRecord:
        """What is stored of it now."""
        snapshot = self.snapshot
        return KioskRecord(
            id=snapshot.session_id,
            owner=self.owner,
            conversation_id=snapshot.conversation_id or "",
            created_at=snapshot.created,
            ended_at=snapshot.completed,
            history=msgspec.json.encode(self.history).decode(),
            snapshot=msgspec.json.encode(snapshot.wire()).decode(),
        )

    def _check_hears(self) -> None:
        if self.snapshot.source_kind != "browser":
            raise Conflict("Session is not a browser session")

    async def _hear(self, command: Hear) -> None:
        try:
            await self.handle.hear(command)
        except Conflict:
            # The silence was long enough, and the browser does not know it yet.
            log.debug("session %s has its question", self.snapshot.session_id)

    async def _follow(self) -> None:
        while not self.snapshot.over:
            try:
                async with closing(self.handle.events(self._folded)) as records:
                    await self._fold(records)
                # Nothing, if it is over.
                self.give_up("the engine's session has ended; start another one")
            except TooLarge:
                log.warning("session %s: events were missed", self.snapshot.session_id)
            except (WorkerLost, NotFound) as error:
                self.give_up(error.message)

    async def _fold(self, records: AsyncIterator[Record]) -> None:
        async for record in records:
            self._folded = record.seq
            self.stopwatch.note(record.at, record.event)
            self._tell(self.snapshot.fold(record.at, record.event))
            if self.snapshot.over:
                return

    def _tell(self, deltas: list[Delta]) -> None:
        for name, data in deltas:
            self._broadcast.tell(name, data)
            if name == "status":
                self._changed.set()

    async def _keep_record(self) -> None:
        """Store it whenever its status has changed; changes that come faster than that are stored together."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            over = self.snapshot.over
            try:
                await self._save(self.record())
            except VisavisError as error:
                log.error("kiosk session %s is not on record: %s", self.snapshot.session_id, error.message)
            if over:
                return

    async def _close(self) -> None:
        try:
            await self.handle.close()
        except (WorkerLost, NotFound) as error:
            log.info("session %s: %s", self.snapshot.session_id, error.message)


def exchanges(transcript: str, response: str) -> list[Exchange]:
    """A question and its answer as messages; nothing if nothing was asked."""
    if not transcript:
        return []
    return [Exchange("user", transcript), *([Exchange("assistant", response)] if response else [])]

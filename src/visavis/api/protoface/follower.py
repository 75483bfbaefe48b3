"""The follower of one session: what happens in the engine becomes the session's status and usage."""

import logging

from visavis.api.protoface.live import Live
from visavis.errors import TooLarge
from visavis.pool import SessionHandle
from visavis.session.events import FirstFrame, Metered, Queued, Record, RoomLeft, Terminated, TerminationReason
from visavis.streams import closing

Failure = tuple[str, str]
"""Code and message (contract protoface 1.5)."""

LOST = "worker.lost", "the process that carried this session has died; create a new one"
BROKEN = "worker.error", "the avatar could not be shown; the server's log tells more"
NOT_STARTED = "start_timeout", "the session did not start in time; try again later"
STOPPED = "worker.lost", "the server was stopped before this session had started; create a new one"

log = logging.getLogger(__name__)


class Follower:
    """Follows one session of the engine to its end."""

    def __init__(self, live: Live, handle: SessionHandle) -> None:
        self._live = live
        self._handle = handle
        self._left: RoomLeft | None = None

    async def run(self) -> None:
        """When this returns, the session is over."""
        seen = 0
        reason: TerminationReason = "failed"
        try:
            while not isinstance(last := await self._read(seen), Terminated):
                seen = last
            reason = last.reason
        finally:
            # Also if it is cancelled, or a defect: whoever polls must not wait for ever.
            await self._end(reason)

    async def _read(self, seen: int) -> int | Terminated:
        """Follow from event `seen` on, to the end or as long as this can keep up: then the last event's number."""
        try:
            async with closing(self._handle.events(seen)) as events:
                async for record in events:
                    seen = record.seq
                    if isinstance(record.event, Terminated):
                        return record.event
                    await self._take(record)
        except TooLarge:
            return seen
        return Terminated("failed")

    async def _take(self, record: Record) -> None:
        match record.event:
            case Queued(position=position) if position > 0:
                # In line for a slot of its face: it is queued as before.
                return
            case FirstFrame():
                await self._live.become("running", record.at)
            case Metered(seconds=seconds, frames=frames):
                await self._live.meter(seconds, frames)
            case RoomLeft(code=code) as left:
                self._left = left
                if not code and self._live.session.status == "running":
                    await self._live.become("ending", record.at)
            case _:
                pass
        if self._live.session.status == "queued":
            await self._live.become("starting", record.at)

    async def _end(self, reason: TerminationReason) -> None:
        live = self._live
        if failure := self._failure(reason):
            await live.become("failed", failure_code=failure[0], failure_message=failure[1])
        elif live.session.first_frame_at is None:
            await live.become("canceled")
        else:
            await live.become("ending")
            await live.become("ended")

    def _failure(self, reason: TerminationReason) -> Failure | None:
        live = self._live
        if live.verdict is not None:
            return live.verdict
        if live.leaving:
            return None
        if self._left is not None and self._left.code:
            return self._left.code, self._left.message
        match reason:
            case "worker_lost":
                return LOST
            case "failed":
                return BROKEN
            case "queue_timeout":
                return NOT_STARTED
            case "shutdown" if live.session.first_frame_at is None:
                return STOPPED
            case _:
                return None

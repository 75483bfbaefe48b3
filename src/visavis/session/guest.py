"""The guest: a session in somebody else's room, where it says what is sent to it until it has to leave."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from visavis.errors import Conflict
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE
from visavis.session.events import FirstFrame, Metered, RoomJoined, RoomLeft, TerminationReason
from visavis.session.intakes import Loudness, Voiced, Whole
from visavis.session.log import EventLog
from visavis.session.segments import Segments
from visavis.transport import Intake, Room, RoomFailed
from visavis.tts import Speech
from visavis.vad import SpeechDetector

BEAT = 5.0
"""Seconds between two `Metered`."""

LOOK = 0.25
"""Seconds between two looks at the clock while it speaks."""

TONE = 220
"""Hz of the tone that is hummed to nobody (contract protoface 1.3)."""

TONE_LEVEL = 6000
"""Its amplitude."""

MESSAGES = {
    "": "the session left the room",
    "transport.join_failed": "the LiveKit room could not be joined; check its URL, and that its server is up",
    "transport.token_invalid": "the LiveKit server did not accept worker_token; mint one for this room and server",
    "transport.token_expired": "worker_token had expired when the room was to be joined; mint it right before",
    "transport.removed": "another participant joined the room with the identity of worker_token",
    "transport.connection_lost": "the connection to the LiveKit server was lost and did not come back",
    "worker.error": "the session's media failed; create a new session",
}
"""What is told of a failure, by code: fixed texts, nothing of what the other side said."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a guest stays, and how it is there."""

    idle_timeout: float
    """Seconds without sound coming in, and without anything to say."""
    max_duration: float
    """Seconds from the moment it is in."""
    tone_after: float = 0.0
    """Seconds alone after which it hums a tone; 0 for never."""


class Host(Protocol):
    """What a session lets its guest see and do."""

    events: EventLog

    @property
    def heard(self) -> int:
        """Samples of the turn in flight that were played."""

    def play(self) -> None:
        """Have its media flow, be it the face at rest."""

    def recite(self, speech: AsyncIterator[Speech]) -> str:
        """Play speech as a turn."""

    def interrupt(self) -> bool:
        """Stop the turn in flight."""

    def end(self, reason: TerminationReason) -> asyncio.Task[None]:
        """Begin to close it."""


class Guest:
    """Implements `Visitor`. `start` it once; `leave` is called by the session as it closes."""

    def __init__(
        self, host: Host, room: Room, terms: Terms, detector: Callable[[], SpeechDetector] = Loudness
    ) -> None:
        """`detector` tells speech from silence in sound that has no end."""
        self._host = host
        self._room = room
        self._terms = terms
        self._detector = detector
        self._segments = Segments(host, room)
        self._code = ""
        self._joined = False
        self._first_frame = 0.0
        self._received_at = 0.0
        self._humming = False
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Go in, and stay."""
        self._tasks.append(asyncio.create_task(self._segments.follow(), name="say segments"))
        self._tasks.append(asyncio.create_task(self._visit(), name="visit a room"))
        self._tasks[-1].add_done_callback(self._visited)

    def shown(self) -> None:
        """See `Visitor`."""
        self._first_frame = self._now()
        self._host.events.add(FirstFrame())

    def received(self) -> None:
        """See `Visitor`."""
        self._received_at = self._now()

    def open(self, sender: str, sample_rate: int, *, continuous: bool) -> Intake:
        """See `Visitor`."""
        if continuous:
            return Voiced(self._segments, sender, sample_rate, self._detector())
        return Whole(self._segments, sender, sample_rate)

    def clear(self) -> None:
        """See `Visitor`."""
        self._segments.clear()

    def left(self, code: str) -> None:
        """See `Visitor`."""
        self._code = code
        self._host.end("failed" if code else "room_left")

    async def leave(self, reason: TerminationReason) -> None:
        """Leave the room, if it is in one, and tell so."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if reason == "failed" and not self._code:
            self._code = "worker.error"
        await self._room.close()
        if self._first_frame:
            self._meter()
        self._host.events.add(RoomLeft(self._code, MESSAGES[self._code]))

    async def _visit(self) -> None:
        identity = await self._room.join(self)
        self._host.events.add(RoomJoined(identity))
        try:
            self._host.play()
        except Conflict:
            # The session was closed meanwhile, and will have it leave.
            return
        self._received_at = self._now()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat())
            group.create_task(self._watch_the_clock())
            if self._terms.tone_after:
                group.create_task(self._hum())

    def _visited(self, task: asyncio.Task[None]) -> None:
        """It has failed, or is over."""
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, RoomFailed):
            log.info("a room could not be joined: %s", error.code)
            self.left(error.code)
        elif error is not None:
            log.error("a visit to a room failed by a defect", exc_info=error)
            self.left("worker.error")

    async def _watch_the_clock(self) -> None:
        ends = self._now() + self._terms.max_duration
        while True:
            now = self._now()
            if speaks := not (self._segments.idle or self._humming):
                self._received_at = now
            idle = self._received_at + self._terms.idle_timeout
            if now >= min(ends, idle):
                self._host.end("expired" if now >= ends else "idle")
                return
            await asyncio.sleep(min(ends - now, LOOK if speaks else idle - now))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            if self._first_frame:
                self._meter()

    def _meter(self) -> None:
        self._host.events.add(Metered(round(self._now() - self._first_frame, 3), self._room.frames))

    async def _hum(self) -> None:
        """Say a tone once it has been alone for a while, until somebody comes."""
        await asyncio.sleep(self._terms.tone_after)
        if not self._room.alone:
            return
        at, piece = 0, SAMPLE_RATE // 10
        hummed = self._segments.begin("", SAMPLE_RATE)
        self._humming = True
        while self._room.alone and not hummed.dropped:
            if hummed.waiting < 1:
                hummed.push(_tone(at, piece))
                at += piece
            else:
                await asyncio.sleep(LOOK)
        self._humming = False
        self._segments.stop(hummed)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _tone(start: int, count: int) -> Samples:
    times = (np.arange(start, start + count) % SAMPLE_RATE) / SAMPLE_RATE
    return (TONE_LEVEL * np.sin(2 * np.pi * TONE * times)).astype(np.int16)

"""A session of a face model that serves few: it waits for a slot, has it for a while, and gives it back."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Protocol

import msgspec

from visavis.errors import AtCapacity, Conflict, TooLarge, VisavisError
from visavis.pool.contract import SessionHandle
from visavis.pool.verbs import (
    Answer,
    Chat,
    Customise,
    Hear,
    Listen,
    NewSession,
    Offer,
    PushAudio,
    Recite,
    Recorded,
    Say,
    SessionInfo,
    Transcribe,
    Transcription,
    TurnAccepted,
)
from visavis.session.events import (
    Expiring,
    Failed,
    Queued,
    Record,
    StateChanged,
    Terminated,
    TerminationReason,
)
from visavis.session.log import EventLog

WARNING = 60.0
"""Seconds before its end that a session is told of it (contract opentalking 1.3)."""


class Timer(Protocol):
    """Something that will be done."""

    def cancel(self) -> None:
        """Not do it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What sessions of a model with slots are held to, and what they need of the pool."""

    wait: float
    """Seconds one may wait for a slot."""
    hold: float
    """Seconds one may have it; 0 for as long as it likes."""
    make: Callable[[NewSession, str], Awaitable[SessionHandle]]
    """Makes the real session, of an id."""
    own: Callable[[Coroutine[None, None, None]], None]
    """Runs something as a task of the pool."""
    later: Callable[[float, Callable[[], None]], Timer]
    """Calls something in so many seconds."""


class Line:
    """The slots of a model, and who waits for one, in the order they came."""

    def __init__(self, slots: int, room: int) -> None:
        self.slots = slots
        self.taken = 0
        self.waiting: deque[QueuedSession] = deque()
        self._room = room

    def take(self) -> bool:
        """Take a slot if there is one. Nobody waits while there is."""
        free = self.taken < self.slots
        self.taken += free
        return free

    def stand(self, session: "QueuedSession") -> None:
        """Get in line; `AtCapacity` if it is full."""
        if len(self.waiting) >= self._room:
            raise AtCapacity("every slot of this model is taken and the queue is full; try again later", 30)
        self.waiting.append(session)
        session.moved(len(self.waiting))

    def leave(self, session: "QueuedSession") -> None:
        """Give up waiting; who stood behind moves up."""
        place = self.waiting.index(session)
        del self.waiting[place]
        self._move_up(place)

    def give_back(self) -> None:
        """Hand a slot to the next in line."""
        if not self.waiting:
            self.taken -= 1
            return
        self.waiting.popleft().admit()
        self._move_up(0)

    def _move_up(self, place: int) -> None:
        for position, session in enumerate(self.waiting, start=1):
            if position > place:
                session.moved(position)


class QueuedSession:
    """A `SessionHandle`. Its log has its time in line, and from then on all that the real session's has."""

    def __init__(self, blank: SessionInfo, request: NewSession, line: Line, terms: Terms) -> None:
        self.id = blank.id
        self.log = EventLog()
        self._blank = msgspec.structs.replace(blank, created_at=time.time())
        self._request = request
        self._line = line
        self._terms = terms
        self._position = 0
        self._real: SessionHandle | None = None
        self._reason: TerminationReason | None = None
        """Why it is being ended, if it is from here."""
        self._timers: list[Timer] = []
        self._over = asyncio.Event()

    async def begin(self) -> None:
        """Become real with a slot that was free. Raises what making it raises; the slot is then given back."""
        try:
            real = await self._terms.make(self._request, self.id)
        except BaseException:  # cancelled, too: the slot is somebody else's
            self._line.give_back()
            raise
        self._hold(real)
        self._terms.own(self._serve(real))

    def wait(self) -> None:
        """Get in line. `AtCapacity` if it is full."""
        self._line.stand(self)
        self._timers.append(self._terms.later(self._terms.wait, self._give_up))

    def moved(self, position: int) -> None:
        """Another place in line."""
        self._position = position
        self.log.add(Queued(position, "waiting"))

    def admit(self) -> None:
        """It has a slot."""
        self._position = 0
        self._stop_timers()
        self._terms.own(self._become())

    async def info(self) -> SessionInfo:
        """What it is and how it is."""
        info = msgspec.structs.replace(self._blank, position=self._position)
        if self._real is not None:
            info = await self._real.info()
        return msgspec.structs.replace(info, state="terminated", busy=False) if self.log.closed else info

    async def start(self) -> None:
        """Mark it as running."""
        await self._session().start()

    async def say(self, command: Say) -> TurnAccepted:
        """Begin to speak."""
        return await self._session().say(command)

    async def chat(self, command: Chat) -> TurnAccepted:
        """Begin to answer."""
        return await self._session().chat(command)

    async def recite(self, command: Recite) -> TurnAccepted:
        """Begin to play a recording."""
        return await self._session().recite(command)

    async def push_audio(self, command: PushAudio) -> TurnAccepted:
        """Take more of a turn's sound."""
        return await self._session().push_audio(command)

    async def transcribe(self, command: Transcribe) -> Transcription:
        """Recognise a recording."""
        return await self._session().transcribe(command)

    async def listen(self, command: Listen) -> None:
        """Hear a question out."""
        await self._session().listen(command)

    async def hear(self, command: Hear) -> None:
        """Take more of what the user says."""
        await self._session().hear(command)

    async def stop_listening(self) -> bool:
        """End the question here."""
        return await self._session().stop_listening()

    async def interrupt(self) -> bool:
        """Stop what is being recognised or said."""
        return await self._session().interrupt()

    async def pause(self) -> bool:
        """Hold the turn in flight."""
        return await self._session().pause()

    async def resume(self) -> bool:
        """Go on with it."""
        return await self._session().resume()

    async def offer(self, offer: Offer) -> Answer:
        """Connect a viewer."""
        return await self._session().offer(offer)

    async def record(self) -> None:
        """Record what it plays."""
        await self._session().record()

    async def stop_recording(self) -> Recorded:
        """Complete the recording."""
        return await self._session().stop_recording()

    async def customise(self, command: Customise) -> None:
        """Give the chat model another system prompt."""
        await self._session().customise(command)

    def events(self, after: int = 0) -> AsyncIterator[Record]:
        """What has happened and what happens."""
        return self.log.read(after)

    async def close(self) -> None:
        """End it, in line or not; its slot is free when this returns."""
        await self.end("closed")

    async def end(self, reason: TerminationReason) -> None:
        """End it for `reason`."""
        if self._position:
            self._line.leave(self)
            self._ended(reason)
        self._reason = self._reason or reason
        if self._real is not None:
            await self._real.close()
        await self._over.wait()

    def _session(self) -> SessionHandle:
        if self._real is not None:
            return self._real
        if self.log.closed:
            raise Conflict("session is terminated")
        place = f"at position {self._position}" if self._position else "which is being made ready"
        raise Conflict(f"the session waits for a slot, {place}; session.queued tells when it has it")

    def _give_up(self) -> None:
        self._line.leave(self)
        self.log.add(Queued(-1, "timeout"))
        self.log.add(Failed("queue", AtCapacity.code, "no slot became free in time; create a new session"))
        self._ended("queue_timeout")

    async def _become(self) -> None:
        """Make the real session, and serve it."""
        try:
            real = await self._terms.make(self._request, self.id)
        except VisavisError as error:
            self._line.give_back()
            self.log.add(Queued(-1, "queue_full"))
            self.log.add(Failed(getattr(error, "stage", "queue"), error.code, error.message))
            self._ended("failed")
        except BaseException:  # cancelled, too, and a defect, which the task's owner logs
            self._line.give_back()
            self._ended("failed")
            raise
        else:
            self._hold(real)
            await self._serve(real)

    def _hold(self, real: SessionHandle) -> None:
        """Have the slot, for as long as one may."""
        self._real = real
        # The token of a room is not kept longer than it is needed.
        self._request = msgspec.structs.replace(self._request, room=None)
        self.log.add(Queued(0, "slot_acquired"))
        if hold := self._terms.hold:
            left = min(WARNING, hold)
            later = self._terms.later
            self._timers.append(later(hold - left, lambda: self.log.add(Expiring(left))))
            self._timers.append(later(hold, lambda: self._terms.own(self.end("expired"))))

    async def _serve(self, real: SessionHandle) -> None:
        """Serve the session until it ends."""
        if self._reason is not None:
            await real.close()
        reason: TerminationReason = "failed"
        try:
            reason = await self._copy(real)
            # It lets go of its face after it has said that it ended.
            await real.close()
        finally:
            self._ended(self._reason or reason)
            self._line.give_back()
            self._over.set()

    async def _copy(self, real: SessionHandle) -> TerminationReason:
        """Copy the real session's log, up to its end."""
        seen = 0
        while True:
            try:
                async for record in real.events(seen):
                    seen = record.seq
                    if isinstance(record.event, Terminated):
                        return record.event.reason
                    self.log.add(record.event)
            except TooLarge:
                # Fell behind: what is transient is lost, the rest is still there.
                continue

    def _ended(self, reason: TerminationReason) -> None:
        self._position = 0
        self._stop_timers()
        if self._real is None:
            self.log.add(StateChanged("terminated"))
        self.log.add(Terminated(reason))
        if self._real is None:
            self._over.set()

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

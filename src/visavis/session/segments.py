"""Segments: sound that a guest is sent to say, each one turn, in the order they came."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

import numpy as np

from visavis.errors import Conflict
from visavis.media.samples import Resampler, Samples
from visavis.media.timeline import SAMPLE_RATE, to_seconds
from visavis.session.events import MediaStarted, TurnEnded, Warned
from visavis.session.log import EventLog
from visavis.streams import closing
from visavis.transport import Room
from visavis.tts import Speech

LONGEST = 300.0
"""Seconds of sound that may wait to be said; what comes beyond that is dropped. 29 MB at 48 kHz."""

MOST = 64
"""Segments that may wait to be said."""

PIECE = 0.1
"""Seconds given to a turn at a time, at most."""

SHORTEST = 0.02
"""Seconds given to a turn at a time, at least: a turn counts pieces, and takes two seconds ahead."""


class Player(Protocol):
    """What segments need of a session."""

    events: EventLog

    @property
    def heard(self) -> int:
        """Samples of the turn in flight that were played."""

    def recite(self, speech: AsyncIterator[Speech]) -> str:
        """Play speech at 48 kHz as a turn; returns its id. `Conflict` if the session is over."""

    def interrupt(self) -> bool:
        """Stop the turn in flight."""


class Segment:
    """Sound on its way into a turn. Unlike an inflow nobody waits here: who sends can't be slowed down."""

    def __init__(self, sender: str, sample_rate: int) -> None:
        self.sender = sender
        """Who is told how much of it was played; empty for nobody."""
        self.dropped = False
        """Whether what is still pushed goes nowhere."""
        self._rate = sample_rate
        self._pieces: deque[Samples] = deque()
        self._samples = 0
        self._ended = False
        self._moved = asyncio.Event()

    @property
    def waiting(self) -> float:
        """Seconds that the turn has not taken yet."""
        return self._samples / self._rate

    def push(self, pcm: Samples) -> None:
        """Add sound, int16 mono."""
        if not self._ended and len(pcm):
            self._pieces.append(pcm)
            self._samples += len(pcm)
            self._moved.set()

    def end(self) -> None:
        """That was all."""
        self._ended = True
        self._moved.set()

    def drop(self) -> None:
        """Forget what was not taken yet."""
        self.dropped = True
        self._pieces.clear()
        self._samples = 0
        self.end()

    async def speech(self) -> AsyncIterator[Speech]:
        """It all, at 48 kHz, until its end."""
        resampler = Resampler(self._rate)
        while True:
            while not self._ended and self.waiting < SHORTEST:
                self._moved.clear()
                await self._moved.wait()
            if not self._pieces:
                break
            yield Speech(resampler.push(self._take(round(PIECE * self._rate))), SAMPLE_RATE)
        yield Speech(resampler.flush(), SAMPLE_RATE)

    def _take(self, longest: int) -> Samples:
        taken: list[Samples] = []
        while self._pieces and longest:
            piece = self._pieces.popleft()
            if len(piece) > longest:
                self._pieces.appendleft(piece[longest:])
                piece = piece[:longest]
            taken.append(piece)
            longest -= len(piece)
            self._samples -= len(piece)
        return np.concatenate(taken)


class Segments:
    """Says one segment after the other, and tells their senders how much of each was played."""

    def __init__(self, player: Player, room: Room) -> None:
        self._player = player
        self._room = room
        self._waiting: deque[Segment] = deque()
        self._current: tuple[str, Segment] | None = None
        self._full = False

    @property
    def idle(self) -> bool:
        """Whether there is nothing to say."""
        return self._current is None and not self._waiting

    def begin(self, sender: str, sample_rate: int) -> Segment:
        """A segment to be said after those that are there."""
        segment = Segment(sender, sample_rate)
        if len(self._waiting) >= MOST:
            segment.drop()
            self._warn()
            return segment
        self._waiting.append(segment)
        if self._current is None:
            self._go_on()
        return segment

    def push(self, segment: Segment, pcm: Samples) -> None:
        """Add sound to a segment, unless too much is waiting already."""
        waiting = sum(each.waiting for each in self._waiting)
        if self._current is not None:
            waiting += self._current[1].waiting
        if waiting < LONGEST:
            segment.push(pcm)
        elif not segment.dropped:
            self._warn()

    def clear(self) -> None:
        """Say nothing of all that any more. Synchronous: the senders are told from here."""
        current, self._current = self._current, None
        position = max(self._player.heard - self._room.unsent, 0) if current else 0
        self._player.interrupt()
        if current:
            current[1].drop()
            self._tell(current[1], position, interrupted=True)
        while self._waiting:
            segment = self._waiting.popleft()
            segment.drop()
            self._tell(segment, 0, interrupted=True)

    def stop(self, segment: Segment) -> None:
        """Say nothing more of one segment."""
        segment.drop()
        if self._current is not None and self._current[1] is segment:
            self._player.interrupt()

    async def follow(self) -> None:
        """Go on when a turn has ended, until cancelled or the session is over."""
        async for record in self._player.events.read():
            event = record.event
            if not isinstance(event, MediaStarted | TurnEnded) or self._current is None:
                continue
            turn, segment = self._current
            if event.turn != turn:
                continue
            if isinstance(event, TurnEnded):
                self._current = None
                segment.drop()
                played = round(event.heard_ms * SAMPLE_RATE / 1000)
                self._tell(segment, played, interrupted=event.reason != "completed")
                self._go_on()
            elif segment.sender:
                self._room.started(segment.sender)

    def _go_on(self) -> None:
        if not self._waiting:
            self._full = False
            return
        segment = self._waiting.popleft()
        try:
            self._current = (self._player.recite(self._said(segment)), segment)
        except Conflict:
            # The session is over: whoever sends will hear of it by the room.
            segment.drop()

    async def _said(self, segment: Segment) -> AsyncIterator[Speech]:
        await self._room.until_heard()
        async with closing(segment.speech()) as speech:
            async for piece in speech:
                yield piece

    def _tell(self, segment: Segment, samples: int, *, interrupted: bool) -> None:
        if segment.sender:
            self._room.finished(segment.sender, to_seconds(samples), interrupted=interrupted)

    def _warn(self) -> None:
        if not self._full:
            self._full = True
            self._player.events.add(Warned("too_far_ahead", "more sound was sent than can wait; it is dropped"))

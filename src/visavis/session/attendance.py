"""Who watches a session, and what becomes of it when nobody does."""

import asyncio
from typing import Protocol

from visavis.session.events import State, TerminationReason, ViewerJoined, ViewerLeft
from visavis.session.log import EventLog
from visavis.session.parts import Limits
from visavis.session.playout import Playout
from visavis.transport import Viewers


class Host(Protocol):
    """What a session lets its attendance see and do."""

    state: State
    events: EventLog

    @property
    def occupied(self) -> bool:
        """Whether it speaks or listens."""

    def enter(self, state: State) -> None:
        """Change its state."""

    def greet(self) -> None:
        """Somebody has come."""

    def end(self, reason: TerminationReason) -> asyncio.Task[None]:
        """Begin to close it."""


class Attendance:
    """Pauses a session while nobody watches, and ends it after a while."""

    def __init__(self, host: Host, viewers: Viewers | None, playout: Playout, limits: Limits) -> None:
        self._host = host
        self._viewers = viewers
        self._playout = playout
        self._limits = limits
        self._expiry: asyncio.TimerHandle | None = None

    @property
    def viewers(self) -> int:
        """Viewers who are connected."""
        return self._viewers.viewers if self._viewers else 0

    def joined(self, viewer: str) -> None:
        """A viewer's connection is up."""
        if self._host.state == "terminated":
            return
        self.stop()
        if self.viewers == 1:
            self._playout.restart_loop()
        self._host.events.add(ViewerJoined(viewer))
        if self._host.state == "paused":
            self._host.enter("running")
            self._playout.resume()
        self._host.greet()

    def left(self, viewer: str) -> None:
        """A viewer has gone, or its connection was lost: the last one may come back within the grace."""
        if self._host.state == "terminated":
            return
        self._host.events.add(ViewerLeft(viewer))
        if not self.viewers:
            self._host.enter("paused")
            self._playout.pause()
            self._expire_after(self._limits.peer_grace, "peer_lost")

    def idle(self) -> None:
        """Nothing is going on any more; without viewers the session ends after a while."""
        if not self.viewers:
            self._expire_after(self._limits.idle_timeout, "idle")

    def stop(self) -> None:
        """Let it live."""
        if self._expiry is not None:
            self._expiry.cancel()

    def _expire_after(self, seconds: float, reason: TerminationReason) -> None:
        self.stop()
        self._expiry = asyncio.get_running_loop().call_later(seconds, self._expire, reason)

    def _expire(self, reason: TerminationReason) -> None:
        if reason == "idle" and self._host.occupied:
            self._expire_after(self._limits.idle_timeout, reason)
        else:
            self._host.end(reason)

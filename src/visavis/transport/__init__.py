"""Transports: bring sound and pictures to viewers, and what viewers say back. The contract."""

from typing import Protocol

from visavis.media.chunk import AVChunk
from visavis.media.samples import Samples


class Transport(Protocol):
    """Takes what a playout plays, at the moment it is played. Everything here is synchronous and quick."""

    def play(self, chunk: AVChunk) -> None:
        """Send a stretch of sound (one packet, 960 samples, or none) and the pictures that are due now."""

    def flush(self) -> None:
        """Drop whatever was played but has not left yet: nothing of it may be sent after this returns."""

    async def close(self) -> None:
        """Let every viewer go."""


class Recorder(Protocol):
    """Keeps what a playout plays, beside its transport: one recording each."""

    length: int
    """Media time that was taken so far."""

    async def open(self) -> None:
        """Make ready; `OSError` if it can't be kept."""

    def take(self, chunk: AVChunk) -> None:
        """Keep what is being played, in order. Synchronous and quick; ignored once it is finished."""

    def finish(self) -> None:
        """That was all: `run` completes the recording and returns."""

    async def run(self) -> None:
        """Work, after `open`, until the recording is complete. Raises `OSError` if it failed and was deleted."""

    async def discard(self) -> None:
        """Leave nothing, instead of `run`."""


class Viewers(Protocol):
    """The viewers of one session, who come by an offer and go as they like."""

    @property
    def viewers(self) -> int:
        """How many are connected."""

    async def offer(self, viewer_id: str, sdp: str) -> str:
        """Connect a viewer; returns the answer's SDP. The same name replaces its earlier connection.

        `InvalidInput` if the SDP is malformed or offers nothing that can be served.
        """


class RoomFailed(Exception):
    """A room can't be joined, or was lost. `code` is a failure's (contract protoface 1.5)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Intake(Protocol):
    """Where sound goes that comes from one stream of a room. Everything here is synchronous and quick."""

    def push(self, pcm: Samples) -> None:
        """More of it, int16 mono at the stream's rate."""

    def end(self) -> None:
        """That was all."""


class Visitor(Protocol):
    """What a room tells whoever visits it. Everything here is synchronous and quick."""

    def shown(self) -> None:
        """The first picture was published."""

    def open(self, sender: str, sample_rate: int, *, continuous: bool) -> Intake:
        """Somebody sends sound that is to be said; `continuous`: with the silence between, and without an end."""

    def received(self) -> None:
        """Sound came in, be it silence."""

    def clear(self) -> None:
        """Whoever sends wants silence: when this returns nothing that came in before will leave any more."""

    def left(self, code: str) -> None:
        """The room is gone; `code` is empty for a normal end, else as of `RoomFailed`."""


class Room(Transport, Protocol):
    """A room of somebody else's, in which a session is seen and heard. `close` leaves it; twice is fine."""

    frames: int
    """Pictures that were published."""

    async def join(self, visitor: Visitor) -> str:
        """Go in and publish; returns the own identity there. Raises `RoomFailed`, in ten seconds at most."""

    @property
    def alone(self) -> bool:
        """Whether nobody else is there."""

    @property
    def unsent(self) -> int:
        """Samples that were played and have not left yet."""

    async def until_heard(self) -> None:
        """Wait until somebody can hear it; not for long if nobody can."""

    def started(self, sender: str) -> None:
        """Tell `sender` that its sound begins to be played."""

    def finished(self, sender: str, seconds: float, *, interrupted: bool) -> None:
        """Tell `sender` how much of its sound was played."""

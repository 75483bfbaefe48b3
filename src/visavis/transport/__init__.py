"""Transports: bring sound and pictures to viewers, and what viewers say back. The contract."""

from typing import Protocol

from visavis.media.chunk import AVChunk


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

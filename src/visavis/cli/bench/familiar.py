"""`Familiar`: which pictures of a session were seen before it spoke.

Without decoding, a picture is known by its encoded size. A server that repeats encoded loops shows the same
sizes again and again, so the first one that is new is the first picture drawn for the turn.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from visavis.cli.bench.viewer import Packet

ENOUGH = 50
"""Pictures in a row that have to be known before an idle session counts as a loop: two seconds."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture as it came."""

    at: float
    """When its last packet was read, by `time.monotonic()`."""
    size: int
    """Bytes of all its packets."""


class Familiar:
    """The sizes that belong to idling."""

    def __init__(self) -> None:
        self._sizes: set[int] = set()
        self._row = 0

    def learn(self, packets: Iterable[Packet]) -> bool:
        """Take what an idle session sent; True once nothing new comes any more."""
        for shown in pictures(packets):
            self._row = self._row + 1 if shown.size in self._sizes else 0
            self._sizes.add(shown.size)
        return self._row >= ENOUGH

    def knows(self, shown: Shown) -> bool:
        """Whether a picture was seen while idle."""
        return shown.size in self._sizes


def pictures(packets: Iterable[Packet]) -> list[Shown]:
    """The complete pictures among the packets: what shares an RTP time, up to the marker (RFC 3550, 5.1)."""
    out = []
    timestamp, size = -1, 0
    for packet in packets:
        if packet.kind != "video":
            continue
        if packet.timestamp != timestamp:
            timestamp, size = packet.timestamp, 0
        size += packet.size
        if packet.marker:
            out.append(Shown(packet.at, size))
    return out

"""Transcripts that go on: sound sent under the same session id is added to what was heard under it before."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

SESSIONS = 64
"""Sessions that are remembered; the one that was longest silent is forgotten first."""

FORGET_AFTER = 900.0
"""Seconds of silence after which one is forgotten in any case."""

SEGMENTS = 1000
"""Latest segments of one session that are remembered."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of what was said; times in seconds since the session's first sound."""

    id: int
    start: float
    end: float
    text: str


@dataclass(slots=True)
class Transcript:
    """What was heard under one id."""

    segments: list[Segment] = field(default_factory=list)
    seconds: float = 0.0
    spoken_at: float = 0.0
    """On the monotonic clock."""

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(segment.text for segment in self.segments)


class Transcripts:
    """By session id."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Transcript] = OrderedDict()

    def extend(self, session_id: str, parts: Sequence[str], seconds: float) -> Transcript:
        """Add a recording of that length, and what was said in it. Gives the whole transcript as it is now."""
        now = time.monotonic()
        while self._known and next(iter(self._known.values())).spoken_at < now - FORGET_AFTER:
            self._known.popitem(last=False)
        known = self._known.pop(session_id, None) or Transcript()
        first = known.segments[-1].id + 1 if known.segments else 0
        added = timed(parts, known.seconds, known.seconds + seconds, first)
        grown = Transcript([*known.segments, *added][-SEGMENTS:], round(known.seconds + seconds, 3), now)
        self._known[session_id] = grown
        if len(self._known) > SESSIONS:
            self._known.popitem(last=False)
        return grown


def timed(parts: Sequence[str], start: float, end: float, first: int = 0) -> list[Segment]:
    """Segments for `parts`, which follow each other from `start` to `end`.

    The recogniser tells no times: each part is given its share of them by its length.
    """
    letters = sum(map(len, parts))
    segments: list[Segment] = []
    passed = 0
    for number, part in enumerate(parts, first):
        began = start + (end - start) * passed / letters
        passed += len(part)
        segments.append(Segment(number, round(began, 3), round(start + (end - start) * passed / letters, 3), part))
    return segments

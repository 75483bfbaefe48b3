"""How long each stage of the latest sessions took."""

from collections import deque
from typing import Any

from visavis.api.kiosk.snapshot import timestamp
from visavis.session.events import AnswerDelta, AnyEvent, CaptureEnded, ClipWritten, Understood

KEPT = 20
"""Sessions (contract 1.1)."""


class Stopwatch:
    """Notes when the stages of one session were reached, in Unix time."""

    def __init__(self, session_id: str, started: float, silence: float) -> None:
        """`silence`: seconds by the clock that a silence takes to end the question."""
        self._session_id = session_id
        self._started = started
        self._silence = silence
        self._endpointing: float | None = None
        self._marks: dict[str, float] = {}

    def note(self, at: float, event: AnyEvent) -> None:
        """Take an event; the first of its kind counts."""
        match event:
            case CaptureEnded(reason=reason):
                self._marks.setdefault("captured", at)
                self._endpointing = self._silence if reason == "silence" else 0.0
            case Understood():
                self._marks.setdefault("understood", at)
            case AnswerDelta():
                self._marks.setdefault("token", at)
            case ClipWritten():
                self._marks.setdefault("clip", at)

    def begun(self, at: float) -> None:
        """A typed question was taken: there is nothing to understand."""
        self._marks.setdefault("understood", at)

    def trace(self, ended: float | None) -> dict[str, Any]:
        """What is known so far, in milliseconds."""
        marks = self._marks
        voice_to_voice = None
        if self._endpointing is not None and "clip" in marks:
            voice_to_voice = _ms(self._endpointing + marks["clip"] - marks["captured"])
        return {
            "session_id": self._session_id,
            "started_at": timestamp(self._started),
            "endpointing_ms": None if self._endpointing is None else _ms(self._endpointing),
            "asr_ms": self._between("captured", "understood"),
            "rag_first_token_ms": self._between("understood", "token"),
            "first_clip_ms": self._between("understood", "clip"),
            "total_ms": None if ended is None else _ms(ended - self._started),
            "voice_to_voice_ms": voice_to_voice,
        }

    def _between(self, one: str, other: str) -> float | None:
        marks = self._marks
        return _ms(marks[other] - marks[one]) if one in marks and other in marks else None


class TraceRing:
    """Those of the latest sessions, the newest first."""

    def __init__(self) -> None:
        self._traces: deque[tuple[str, dict[str, Any]]] = deque(maxlen=KEPT)

    def add(self, trace: dict[str, Any], owner: str = "") -> None:
        """Keep one; the oldest goes."""
        self._traces.appendleft((owner, trace))

    def latest(self, count: int, tenant: str | None = None) -> list[dict[str, Any]]:
        """The newest `count` of a tenant or of all, at least one and at most all, if there are any."""
        theirs = [trace for owner, trace in self._traces if tenant in (None, owner)]
        return theirs[: max(1, min(count, KEPT))]


def _ms(seconds: float) -> float:
    return round(max(seconds, 0.0) * 1000, 1)

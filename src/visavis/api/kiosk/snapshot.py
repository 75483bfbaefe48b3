"""A session's snapshot, folded from its events (contract 1.4, 1.7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from visavis.api.kiosk.schemas import Ending, SourceKind, Status
from visavis.session import events as happened
from visavis.session.events import AnyEvent, CaptureEnd, TerminationReason

Delta: TypeAlias = tuple[str, dict[str, Any]]
"""What a watcher is told of a change: name and data."""

ENDINGS: Mapping[CaptureEnd, Ending] = {
    "silence": "silence_timeout",
    "longest": "max_duration",
    "source_ended": "completed",
    "stopped": "stopped_by_api",
    "failed": "error",
}
"""Why the hearing ended → the seed's words."""

LOST: Mapping[TerminationReason, str] = {
    "worker_lost": "the process that carried this session has died; start another session",
    "shutdown": "the server was stopped before this session was over",
    "idle": "nothing happened in this session for too long",
    "peer_lost": "the viewer of this session has gone",
    "closed": "this session was ended from elsewhere",
    "failed": "the engine failed; the server's log tells more",
}

SOURCE_LOST = "the sound broke off before the question was over; look at the microphone"

BROKEN_OFF = "the answer could not be completed; the server's log tells more"


def timestamp(at: float) -> str:
    """Unix time as snapshots have it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def stop_timestamp(at: float) -> str:
    """Unix time as the answer to `stop` has it."""
    return timestamp(at).replace("+00:00", "Z")


@dataclass(slots=True)
class Snapshot:
    """One session. `fold` takes what happens in it, in order; what comes after its end changes nothing."""

    session_id: str
    source_kind: SourceKind
    created: float
    conversation_id: str | None = None
    device: int | str | None = None
    question: str = ""
    """text: what was asked."""

    status: Status = "created"
    started: float | None = None
    completed: float | None = None
    stop_requested: float | None = None
    end_reason: Ending | None = None
    error: str | None = None
    speech_started: bool = False
    seconds: float = 0.0
    transcript_parts: list[str] = field(default_factory=list)
    answer: str = ""
    """All tokens so far."""
    clips: list[dict[str, Any]] = field(default_factory=list)
    tts_errors: list[str] = field(default_factory=list)

    _answering: bool = False
    """Whether the next turn is the answer."""
    _turn: str = ""
    _heard_out: Ending = "completed"
    _deaf: bool = False
    """Whether a part, or the source, was lost."""

    def __post_init__(self) -> None:
        if self.question:
            self.transcript_parts = [self.question]
            self._answering = True

    @property
    def over(self) -> bool:
        """Whether it is completed or failed."""
        return self.status in ("completed", "failed")

    @property
    def transcript(self) -> str:
        """All that was said."""
        return " ".join(self.transcript_parts)

    @property
    def response(self) -> str:
        """All that was answered."""
        return self.answer.strip()

    def wire(self) -> dict[str, Any]:
        """The seed's sixteen fields, those of deployed servers, and ours."""
        return {
            "session_id": self.session_id,
            "source_kind": self.source_kind,
            "status": self.status,
            "created_at": timestamp(self.created),
            "started_at": _timestamp(self.started),
            "completed_at": _timestamp(self.completed),
            "stop_requested_at": _timestamp(self.stop_requested),
            "end_reason": self.end_reason,
            "error": self.error,
            "speech_started": self.speech_started,
            "captured_audio_seconds": round(self.seconds, 3),
            "transcript": self.transcript,
            "partial_transcript": self.transcript,
            "transcript_parts": list(self.transcript_parts),
            "response": self.response,
            "response_parts": [clip["text"] for clip in self.clips],
            "tts_audio_segments": [dict(clip) for clip in self.clips],
            "tts_errors": list(self.tts_errors),
            "conversation_id": self.conversation_id,
            "device": self.device,
        }

    def start(self, at: float) -> Delta:
        """It runs."""
        self.status, self.started = "running", at
        return self._changed()

    def stop(self, at: float) -> Delta:
        """Somebody wants it to end; again is fine."""
        self.status, self.stop_requested, self.end_reason = "stopping", at, "stopped_by_api"
        return self._changed()

    def fail(self, at: float, error: str) -> list[Delta]:
        """It ends here; `error` is for people."""
        if self.over:
            return []
        self.status, self.completed, self.end_reason = "failed", at, "error"
        self.error = self.error or error
        return [self._changed()]

    def fold(self, at: float, event: AnyEvent) -> list[Delta]:
        """Take an event that happened at `at` (Unix time)."""
        if self.over:
            return []
        match event:
            case happened.CaptureProgress() | happened.CaptureEnded():
                return self._hear(event)
            case happened.TranscriptHeard(text=text, final=final):
                return self._transcript(text, final)
            case happened.Understood(answering=answering):
                self._answering = answering
                return [] if answering else self._understood_nothing_to_answer(at)
            case happened.TurnStarted(turn=turn) if self._answering and not self._turn:
                self._turn = turn
            case happened.Failed(stage=stage, message=message, turn=turn):
                self._failed(stage, message, turn)
            case happened.Terminated(reason=reason):
                return self.fail(at, LOST[reason])
            case (
                happened.AnswerDelta(turn=turn)
                | happened.ClipWritten(turn=turn)
                | happened.SentenceFailed(turn=turn)
                | happened.TurnEnded(turn=turn)
            ) if turn == self._turn:
                return self._answer(at, event)
        return []

    def _hear(self, event: happened.CaptureProgress | happened.CaptureEnded) -> list[Delta]:
        self.seconds = event.seconds
        self.speech_started = self.speech_started or event.speech
        if isinstance(event, happened.CaptureEnded):
            self._heard_out = ENDINGS[event.reason]
            if event.reason == "failed":
                self._deaf = True
                self.error = self.error or SOURCE_LOST
        return [
            ("progress", {"captured_audio_seconds": round(self.seconds, 3), "speech_started": self.speech_started})
        ]

    def _transcript(self, text: str, final: bool) -> list[Delta]:
        if self._answering:
            # The ear of a session with a face goes on hearing; that is another question.
            return []
        if final and text:
            self.transcript_parts.append(text)
        return [("transcript", {"text": text, "final": final, "transcript": self.transcript})]

    def _failed(self, stage: str, message: str, turn: str) -> None:
        if turn and turn != self._turn:
            return
        if stage == "tts":
            # A voice that fails is no error of the session (contract 1.7).
            self.tts_errors.append(message)
            return
        self._deaf = self._deaf or stage == "asr"
        self.error = self.error or message or None

    def _answer(self, at: float, event: AnyEvent) -> list[Delta]:
        match event:
            case happened.AnswerDelta(delta=delta):
                self.answer += delta
                return [("response", {"delta": delta, "response": self.response})]
            case happened.ClipWritten(number=number, text=text, file=file):
                url = f"/api/v1/sessions/{self.session_id}/audio/response_{number:03d}.wav"
                clip = {
                    "index": number,
                    "text": text.strip(),
                    "audio_file": str(Path(file).absolute()),
                    "url": url,
                }
                self.clips.append(clip)
                return [("clip", dict(clip))]
            case happened.SentenceFailed(number=number, message=message):
                self.tts_errors.append(f"sentence {number}: {message}")
                return [("tts_error", {"index": number, "error": self.tts_errors[-1]})]
            case happened.TurnEnded(reason=reason):
                if reason == "failed" and not self.tts_errors:
                    self.error = self.error or BROKEN_OFF
                return self._complete(at)
        return []

    def _understood_nothing_to_answer(self, at: float) -> list[Delta]:
        if self._deaf and not self.transcript_parts:
            return self.fail(at, SOURCE_LOST)
        return self._complete(at)

    def _complete(self, at: float) -> list[Delta]:
        self.status, self.completed = "completed", at
        self.end_reason = "stopped_by_api" if self.stop_requested is not None else self._heard_out
        return [self._changed()]

    def _changed(self) -> Delta:
        return "status", {"status": self.status, "end_reason": self.end_reason, "error": self.error}


def interrupted_by_restart(wire: dict[str, Any], at: float) -> dict[str, Any]:
    """The snapshot of a session that was running when the server ended."""
    error = wire.get("error") or "the server was restarted before this session was over"
    end = {"status": "failed", "completed_at": timestamp(at), "end_reason": "error", "error": error}
    return wire | end


def read(stored: str) -> dict[str, Any]:
    """A snapshot's wire form, from its JSON."""
    return msgspec.json.decode(stored, type=dict[str, Any])


def _timestamp(at: float | None) -> str | None:
    return None if at is None else timestamp(at)

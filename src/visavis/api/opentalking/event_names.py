"""Events on the wire: each record under its contract name and under that of deployed servers.

Both families share a stream; a browser's EventSource ignores the names nobody listens to. The one name they
share is `error`: its data has the keys of both (contract opentalking 1.6, 1.9).
"""

from typing import Any, TypeAlias

from visavis.api.opentalking import dialect
from visavis.media.timeline import to_ms
from visavis.session import events as happened
from visavis.session.events import Record

EXPIRED = {
    "idle": "nothing was said for too long",
    "expired": "the session was as long as one may be while others wait for its model",
}
"""What `session.expired` says, by why the session ended."""

WireEvent: TypeAlias = tuple[str, dict[str, Any]]
"""Name and data."""


def wire(record: Record, session_id: str) -> list[WireEvent]:
    """What a record is called on the wire; empty if neither family has a word for it."""
    session = {"session_id": session_id}
    match record.event:
        case happened.StateChanged(state=state):
            return _state(state, session)
        case happened.Queued(position=position, news=news):
            return [("session.queued", session | {"position": position, "message": news})]
        case happened.Expiring(seconds=seconds):
            return [("session.expiring", session | {"remaining_sec": round(seconds)})]
        case happened.StageChanged(stage=stage, message=message):
            return [("status", {"stage": stage, "message": message} if message else {"stage": stage})]
        case happened.TurnStarted(turn=turn, text=text):
            return [("speech.started", session | {"text": text, "turn": turn})]
        case happened.TranscriptHeard(text=text, final=final):
            return [("transcript", {"text": text, "is_final": final})]
        case happened.AnswerDelta(turn=turn, delta=delta):
            return [("llm", {"delta": delta, "turn": turn})]
        case happened.SynthesisProgress() as progress:
            spoken: dict[str, Any] = {
                "stage": progress.stage,
                "ms_elapsed": round(progress.elapsed_ms, 1),
                "sentence_index": progress.sentence,
            }
            return [("tts", spoken | {"turn": progress.turn})]
        case happened.MediaStarted(turn=turn):
            return [("speech.media_started", session | {"turn": turn})]
        case happened.Caption(turn=turn, sentence=sentence, text=text):
            shown = {"text": text, "is_final": False, "turn": turn, "sentence_index": sentence}
            return [("subtitle.chunk", session | shown)]
        case happened.SpeechMarked() as marked:
            return [("speech.marks", session | _marks(marked))]
        case happened.FramesShown(frame_idx=index, pts_ms=pts):
            return [("frame", {"frame_idx": index, "pts_ms": round(pts, 1)})]
        case happened.TurnEnded() as ended:
            return [("speech.ended", session | _ended(ended))]
        case happened.Warned(code=code, message=message):
            return [("warning", session | {"code": code, "message": message})]
        case happened.Failed() as failed:
            what = {"code": failed.code, "message": failed.message, "stage": failed.stage}
            return [("error", session | what | ({"turn": failed.turn} if failed.turn else {}))]
        case happened.Terminated(reason=reason):
            return _terminated(reason, session)
        case _:
            # Viewers come and go, and what other APIs tell of: neither family has a word for it.
            return []


def _state(state: happened.State, session: dict[str, Any]) -> list[WireEvent]:
    changed = ("session.state_changed", session | {"state": state, "status": dialect.status(state)})
    if state != "created":
        return [changed]
    # A session is ready when it is made: the web client's word for "go".
    return [changed, ("session.queued", session | {"position": 0, "message": "worker_ready"})]


def _ended(ended: happened.TurnEnded) -> dict[str, Any]:
    data: dict[str, Any] = {"turn": ended.turn, "reason": ended.reason, "heard": ended.heard}
    data["heard_ms"] = round(ended.heard_ms, 1)
    # Deployed servers leave the text out after an interruption; the web client shows it as all that was said.
    return data | {"text": ended.text} if ended.reason == "completed" else data


def _marks(marked: happened.SpeechMarked) -> dict[str, Any]:
    def pts(position: int) -> float:
        """As in `frame`: relative to the turn's first sound, pauses left out."""
        return round(to_ms(position - marked.origin), 1)

    return {
        "turn": marked.turn,
        "sentence_index": marked.sentence,
        "words": [{"text": word.text, "pts_ms": pts(word.position)} for word in marked.words],
        "visemes": [{"viseme": each.viseme, "pts_ms": pts(each.position)} for each in marked.visemes],
    }


def _terminated(reason: str, session: dict[str, Any]) -> list[WireEvent]:
    last = ("session.terminated", session | {"reason": reason})
    if reason in EXPIRED:
        return [("session.expired", session | {"message": EXPIRED[reason]}), last]
    return [last]

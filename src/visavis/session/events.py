"""What happens in a session, as values. Each API maps them to its own names.

They cross process borders, so they are msgspec structs: plain values only.
"""

from typing import Literal, TypeAlias

import msgspec

State = Literal["created", "running", "paused", "terminated"]
Stage = Literal["listening", "thinking", "speaking", "idle", "interrupted", "error"]
TurnKind = Literal["say", "chat", "audio"]
RecordingState = Literal["idle", "recording", "complete", "failed"]
EndReason = Literal["completed", "interrupted", "failed"]


TerminationReason = Literal[
    "closed", "peer_lost", "idle", "expired", "queue_timeout", "worker_lost", "shutdown", "failed", "room_left"
]
QueueNews = Literal["waiting", "slot_acquired", "queue_full", "timeout"]
SynthesisStep = Literal["start", "first_audio", "complete"]
CaptureEnd = Literal["silence", "longest", "source_ended", "stopped", "failed"]


class Event(msgspec.Struct, frozen=True, tag=True):
    """The root of all events."""

    def transient(self) -> bool:
        """Whether it is only for who listens now, and not kept for replay."""
        return False


class StateChanged(Event, frozen=True, tag=True):
    """The session's state."""

    state: State


class Queued(Event, frozen=True, tag=True):
    """Where the session stands in the line for a slot of its face model."""

    position: int
    """1 for the next in line; 0 when it has a slot, -1 when it won't get one."""
    news: QueueNews


class Expiring(Event, frozen=True, tag=True):
    """The session has to give its slot back soon."""

    seconds: float
    """Until then."""


class StageChanged(Event, frozen=True, tag=True):
    """What the pipeline is doing."""

    stage: Stage
    message: str = ""


class TurnStarted(Event, frozen=True, tag=True):
    """A turn was accepted."""

    turn: str
    """Its id."""
    kind: TurnKind
    text: str
    """What is to be said (say) or was asked (chat)."""


class TranscriptHeard(Event, frozen=True, tag=True):
    """What the user said, so far or for good."""

    text: str
    final: bool


class CaptureProgress(Event, frozen=True, tag=True):
    """A question is being heard; ten of these a second."""

    seconds: float
    """Sound taken so far, from just before the first speech on."""
    speech: bool
    """Whether there was speech yet."""

    def transient(self) -> bool:
        """`CaptureEnded` has the sum."""
        return True


class CaptureEnded(Event, frozen=True, tag=True):
    """A question was heard to its end; the last of it is being recognised."""

    reason: CaptureEnd
    seconds: float
    speech: bool


class Understood(Event, frozen=True, tag=True):
    """A question was recognised; its parts came as final `TranscriptHeard`."""

    text: str
    """Empty if there was nothing to understand."""
    answering: bool
    """Whether a turn follows that answers it."""


class PassageFound(msgspec.Struct, frozen=True):
    """What a document has on a question."""

    source: str
    text: str
    score: float


class PassagesFound(Event, frozen=True, tag=True):
    """What an answer rests on, best first."""

    turn: str
    passages: tuple[PassageFound, ...]


class AnswerDelta(Event, frozen=True, tag=True):
    """A piece of the model's answer."""

    turn: str
    delta: str


class SynthesisProgress(Event, frozen=True, tag=True):
    """The voice works on a sentence."""

    turn: str
    stage: SynthesisStep
    sentence: int
    """0 for the turn's first."""
    elapsed_ms: float
    """Milliseconds since the sentence was given to the voice."""


class ClipWritten(Event, frozen=True, tag=True):
    """A sentence is there as a WAV."""

    turn: str
    number: int
    """1 for the session's first sentence; one that failed leaves a gap."""
    text: str
    file: str
    """Its absolute path, for those who share the disk; no API shows it but the kiosk's."""


class SentenceFailed(Event, frozen=True, tag=True):
    """A sentence could not be spoken and was passed over."""

    turn: str
    number: int
    """As in `ClipWritten`."""
    message: str


class MediaStarted(Event, frozen=True, tag=True):
    """The turn's first sound is being played."""

    turn: str
    position: int
    """Media time of the session's playout."""


class Caption(Event, frozen=True, tag=True):
    """A sentence whose sound begins to be played now."""

    turn: str
    sentence: int
    text: str
    """The sentence as it was written, with the white space that separates it from the one before."""
    position: int
    """Media time of the session's playout at which it begins."""


class TimedWord(msgspec.Struct, frozen=True):
    """A word, when it is played."""

    text: str
    position: int
    """Media time of the session's playout."""


class TimedViseme(msgspec.Struct, frozen=True):
    """A mouth shape, when it is played."""

    viseme: str
    """One of the fifteen: sil PP FF TH DD kk CH SS nn RR aa E I O U."""
    position: int
    """Media time of the session's playout."""


class SpeechMarked(Event, frozen=True, tag=True):
    """What is being said and how, from now on to the next of these: told as the first of it is played.

    The positions hold if the turn is not held meanwhile: a pause shifts what is still to come of it.
    """

    turn: str
    sentence: int
    words: tuple[TimedWord, ...]
    visemes: tuple[TimedViseme, ...]
    origin: int
    """Media time at which the turn would have begun had it never been held: `position - origin` is turn time."""

    def transient(self) -> bool:
        """Over in a tenth of a second; the journal keeps all of them."""
        return True


class FramesShown(Event, frozen=True, tag=True):
    """Pictures of a turn were sent; at most five of these a second."""

    turn: str
    frame_idx: int
    """Number of pictures the session has sent in turns: grows monotonically."""
    pts_ms: float
    """The latest picture's start, relative to the turn's first sound."""

    def transient(self) -> bool:
        """Not worth replaying."""
        return True


class TurnEnded(Event, frozen=True, tag=True):
    """A turn is over: its last sample was played, or it was interrupted, or it failed."""

    turn: str
    kind: TurnKind
    reason: EndReason
    text: str
    """All that was to be said."""
    heard: str
    """How much of it was heard."""
    heard_ms: float
    """Milliseconds of its sound that were played."""


class ViewerJoined(Event, frozen=True, tag=True):
    """A viewer's connection is up."""

    viewer: str


class ViewerLeft(Event, frozen=True, tag=True):
    """A viewer's connection was closed or lost."""

    viewer: str


class RoomJoined(Event, frozen=True, tag=True):
    """A guest session is in its room."""

    identity: str
    """Its own there, as its token says."""


class FirstFrame(Event, frozen=True, tag=True):
    """A guest session has published its first picture."""


class Metered(Event, frozen=True, tag=True):
    """What a guest session has used so far: every five seconds, and once at its end."""

    seconds: float
    """Since its first picture."""
    frames: int
    """Pictures published."""


class RoomLeft(Event, frozen=True, tag=True):
    """A guest session is not in its room any more, or never was; `Terminated` follows."""

    code: str
    """Empty for a normal end; else the failure's, as `transport.join_failed` (contract protoface 1.5)."""
    message: str
    """A fixed text for people: nothing of what the other side said."""


class Warned(Event, frozen=True, tag=True):
    """Something was not as asked, and went on."""

    code: str
    message: str


class Failed(Event, frozen=True, tag=True):
    """A stage failed; the session stays usable unless `Terminated` follows."""

    stage: str
    """asr, microphone, llm, knowledge, tts, face, playout, transport or worker."""
    code: str
    message: str
    """What happened and the remedy."""
    turn: str = ""


class Terminated(Event, frozen=True, tag=True):
    """The session is over; nothing follows."""

    reason: TerminationReason


AnyEvent: TypeAlias = (
    StateChanged
    | Queued
    | Expiring
    | StageChanged
    | TurnStarted
    | TranscriptHeard
    | CaptureProgress
    | CaptureEnded
    | Understood
    | PassagesFound
    | AnswerDelta
    | SynthesisProgress
    | ClipWritten
    | SentenceFailed
    | MediaStarted
    | Caption
    | SpeechMarked
    | FramesShown
    | TurnEnded
    | ViewerJoined
    | ViewerLeft
    | RoomJoined
    | FirstFrame
    | Metered
    | RoomLeft
    | Warned
    | Failed
    | Terminated
)


class Record(msgspec.Struct, frozen=True):
    """An event in a session's log."""

    seq: int
    """1 for the session's first event; `Last-Event-ID` refers to it."""
    at: float
    """Unix time in seconds."""
    event: AnyEvent

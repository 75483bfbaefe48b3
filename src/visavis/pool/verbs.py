"""The values that go to a session and come back."""

from typing import Literal, TypeAlias

import msgspec

from visavis.session.events import PassageFound, RecordingState, State
from visavis.session.plan import Plan


class Exchange(msgspec.Struct, frozen=True):
    """A message of the conversation so far."""

    role: Literal["user", "assistant"]
    content: str


class Upstreams(msgspec.Struct, frozen=True):
    """Services that take the place of the configured providers for one session; empty leaves the provider.

    The API that takes them from a client has to check them: their hosts are then reached.
    """

    asr_url: str = ""
    """Where recordings are transcribed: `POST`, multipart (contract kiosk 2.1)."""
    temperature: float = 0.0
    """Of that recogniser."""
    rag_url: str = ""
    """Where questions are answered: `POST`, server-sent events."""
    tts_url: str = ""
    """Where sentences are spoken: `POST`, a WAV."""
    tts_language: str = ""
    tts_instructions: str = ""


class Relayed(msgspec.Struct, frozen=True, tag=True):
    """A client that the API itself talks to, as the room that a session visits."""

    path: str
    """Of the `pool.relay.Relay` it is reached by."""
    idle_timeout: float = 30.0
    """Seconds without sound coming in after which the session ends."""
    max_duration: float = 600.0
    """Seconds after which it ends in any case."""


class Room(msgspec.Struct, frozen=True, tag=True):
    """A LiveKit room that a session joins as a guest, to say there what is sent to it."""

    url: str
    """`wss://…` or `ws://…`; whoever takes it from a client has checked it: its host is then reached."""
    name: str
    token: str
    """Lets it in (a JWT of the room's owner); never logged, told or stored."""
    audio_source: Literal["data_stream", "track"] = "data_stream"
    """Where the sound comes from that it says: byte streams sent to it, or somebody's microphone track."""
    subscribe_to: str = ""
    """Whose track; empty for the first who publishes one."""
    synthetic_audio: bool = False
    """Hum a tone if nobody has come within 10 s: to see that it works."""
    idle_timeout: float = 30.0
    """Seconds without sound coming in after which it leaves."""
    max_duration: float = 600.0
    """Seconds after which it leaves in any case."""

    def __repr__(self) -> str:
        return f"Room(name={self.name!r})"


class NewSession(msgspec.Struct, frozen=True):
    """What to make a session of."""

    avatar_id: str
    model: str = ""
    """The face model: `portrait`, `mock`…; empty for the configured default."""
    tts_provider: str = ""
    """Empty for the configured one."""
    tts_voice: str = ""
    """Empty lets the language of each sentence choose."""
    tts_model: str = ""
    system_prompt: str = ""
    """Empty for the configured one."""
    owner: str = ""
    """The principal it belongs to."""
    persona: str = ""
    """Fills in what is left empty above, `avatar_id` too, and brings documents, tools and a greeting."""
    voice_only: bool = False
    """No face and no viewers: sound is made as fast as it can be, and goes nowhere but into clips and journal."""
    clips: bool = False
    """Keep what is said as one WAV per sentence, and tell of each (`ClipWritten`)."""
    forgiving: bool = False
    """A sentence that can't be spoken is passed over; an answer that breaks off is spoken as far as it came."""
    language: str = ""
    """BCP 47 tag: what it listens for and takes Latin script to be; empty for the persona's or the configured."""
    history: tuple[Exchange, ...] = ()
    """The conversation that this one goes on with, oldest first."""
    upstreams: Upstreams = Upstreams()
    knowledge: tuple[str, ...] = ()
    """Collections of documents that it answers from; empty for the persona's, or else the default one."""
    room: Room | Relayed | None = None
    """Where it is shown, instead of to WebRTC viewers; it then neither hears nor answers."""
    size: int = 0
    """Pixels of the picture's longer side, even; 0 for the avatar's own."""
    fps: int = 0
    """Pictures per second; 0 for the avatar's own."""
    background: str = ""
    """Behind a drawn avatar: `green`, `#rrggbb`, or the name of a picture in `backgrounds`; empty: the usual."""


class Recorded(msgspec.Struct, frozen=True):
    """The recording of a session, as far as it knows itself: files outlive sessions (`visavis.films`)."""

    state: RecordingState = "idle"
    duration_ms: float = 0.0
    error: str = ""
    """Why it failed, for people."""


class SessionInfo(msgspec.Struct, frozen=True):
    """What a session is and how it is."""

    id: str
    avatar_id: str
    model: str
    tts_provider: str
    tts_voice: str
    state: State
    busy: bool
    """Whether a turn is in flight."""
    viewers: int
    created_at: float
    """Unix time in seconds."""
    recording: Recorded = Recorded()
    position: int = 0
    """Its place in the line for a slot of its model; 0 if it does not wait."""


class Occupancy(msgspec.Struct, frozen=True):
    """How many there are, and how many want to be."""

    occupied: bool
    """Whether a new session would be refused, or would have to wait, now."""
    waiting: int = 0
    """Sessions that wait for a slot."""


class Say(msgspec.Struct, frozen=True, tag=True):
    """Say a text as it is. Interrupts a turn that is in flight."""

    text: str
    voice: str = ""
    tts_provider: str = ""
    tts_model: str = ""
    expression: str = ""
    """What the face begins with: neutral, smile, serious, surprised; empty for none."""


class Chat(msgspec.Struct, frozen=True, tag=True):
    """Answer a prompt. `Conflict` if a turn is in flight, unless `barge_in`."""

    prompt: str
    voice: str = ""
    tts_provider: str = ""
    tts_model: str = ""
    barge_in: bool = False
    aloud: bool = True
    """False: the answer is only written (`AnswerDelta`)."""
    passages: tuple[PassageFound, ...] = ()
    """What else the answer rests on, before what is found in the documents."""
    top_k: int = 0
    """How many passages are looked for in the documents; 0 for the usual number."""
    expression: str = ""
    """What the face begins with: neutral, smile, serious, surprised; empty for none."""


class TurnAccepted(msgspec.Struct, frozen=True):
    """A turn has begun; its events carry its id."""

    turn: str


class Offer(msgspec.Struct, frozen=True, tag=True):
    """A WebRTC offer. It replaces the earlier connection of the same `viewer`."""

    sdp: str
    viewer: str = "main"


class Answer(msgspec.Struct, frozen=True):
    """The answer to an offer, with all of the server's candidates."""

    sdp: str


class Transcribe(msgspec.Struct, frozen=True, tag=True):
    """Recognise what somebody recorded."""

    upload: str
    """Id of the file (`visavis.uploads`)."""
    sample_rate: int = 0
    """Hz of raw s16le mono sound; 0 for a file that says so itself."""
    chat: bool = False
    """Answer it, too."""


class Transcription(msgspec.Struct, frozen=True):
    """What was said in it; empty if nothing."""

    text: str


class Recite(msgspec.Struct, frozen=True, tag=True):
    """Play a recording as if the avatar said it. Interrupts a turn that is in flight."""

    upload: str
    """Id of the file (`visavis.uploads`)."""
    sample_rate: int = 0
    """Hz of raw s16le mono sound; 0 for a file that says so itself."""


class PushAudio(msgspec.Struct, frozen=True, tag=True):
    """More of what the avatar is to say, as sound."""

    sample_rate: int
    """Hz; the same for every piece of a turn."""
    pcm: bytes
    """s16le, mono; may be empty."""
    turn: str = ""
    """Empty for the first piece: it begins a turn, and interrupts one that is in flight."""
    last: bool = False
    """Nothing follows."""


class Listen(msgspec.Struct, frozen=True, tag=True):
    """Hear one question out, from one source, and answer it."""

    plan: Plan
    upload: str = ""
    """`plan.source` recording: id of the file (`visavis.uploads`)."""


class Hear(msgspec.Struct, frozen=True, tag=True):
    """More of what the user says: for a session that listens to `pushed` sound, or else for its ear.

    For the ear it is push-to-talk: the first piece takes the floor, the one with `last` ends it and is answered;
    so do five seconds without a piece.
    """

    sample_rate: int
    """Hz; the same for every piece."""
    pcm: bytes
    """s16le, mono; may be empty."""
    last: bool = False
    """Nothing follows."""


class StopListening(msgspec.Struct, frozen=True, tag=True):
    """That was the question: go on with what was heard."""


class StartRecording(msgspec.Struct, frozen=True, tag=True):
    """Record it from now on."""


class StopRecording(msgspec.Struct, frozen=True, tag=True):
    """Complete the recording."""


class Start(msgspec.Struct, frozen=True, tag=True):
    """Mark the session as running."""


class Interrupt(msgspec.Struct, frozen=True, tag=True):
    """Stop the turn in flight."""


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Hold the turn in flight."""


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Go on with it."""


class Customise(msgspec.Struct, frozen=True, tag=True):
    """Change what the chat model is told to be, from the next answer on."""

    system_prompt: str
    """Empty for the one the session began with."""


class Inform(msgspec.Struct, frozen=True, tag=True):
    """Tell how the session is."""


class Close(msgspec.Struct, frozen=True, tag=True):
    """End the session."""


Command: TypeAlias = (
    Start
    | Say
    | Chat
    | Recite
    | PushAudio
    | Transcribe
    | Listen
    | Hear
    | StopListening
    | StartRecording
    | StopRecording
    | Interrupt
    | Pause
    | Resume
    | Offer
    | Customise
    | Inform
    | Close
)
"""Everything that can be asked of a session; what comes back is a `Result`."""

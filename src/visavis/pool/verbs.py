"""The values that go to a session and come back."""

from typing import TypeAlias

import msgspec

from visavis.session.events import State


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


class Say(msgspec.Struct, frozen=True, tag=True):
    """Say a text as it is. Interrupts a turn that is in flight."""

    text: str
    voice: str = ""
    tts_provider: str = ""
    tts_model: str = ""


class Chat(msgspec.Struct, frozen=True, tag=True):
    """Answer a prompt. `Conflict` if a turn is in flight, unless `barge_in`."""

    prompt: str
    voice: str = ""
    tts_provider: str = ""
    tts_model: str = ""
    barge_in: bool = False


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


class Start(msgspec.Struct, frozen=True, tag=True):
    """Mark the session as running."""


class Interrupt(msgspec.Struct, frozen=True, tag=True):
    """Stop the turn in flight."""


class Pause(msgspec.Struct, frozen=True, tag=True):
    """Hold the turn in flight."""


class Resume(msgspec.Struct, frozen=True, tag=True):
    """Go on with it."""


class Inform(msgspec.Struct, frozen=True, tag=True):
    """Tell how the session is."""


class Close(msgspec.Struct, frozen=True, tag=True):
    """End the session."""


Command: TypeAlias = Start | Say | Chat | Transcribe | Interrupt | Pause | Resume | Offer | Inform | Close
"""Everything that can be asked of a session; what comes back is a `Result`."""

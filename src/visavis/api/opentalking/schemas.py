"""The bodies of OpenTalking's requests and answers (contract opentalking 1.1-1.4, 1.8).

Fields that a client sends beyond these are ignored: the deployed web client sends a dozen.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

CONTROL = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r"}
"""Control characters that a text may lose silently: nobody speaks them."""


def _unicode(value: str) -> str:
    # JSON can hold half of a surrogate pair, which no encoder after us takes.
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return value


def _clean(value: str) -> str:
    return _unicode(value).translate(CONTROL)


def _spoken(value: str) -> str:
    cleaned = _clean(value)
    if not cleaned.strip():
        raise ValueError("must not be empty")
    return cleaned


def _plain(value: str) -> str:
    if any(not char.isprintable() for char in value):
        raise ValueError("must not contain control characters")
    return value


Text = Annotated[str, AfterValidator(_spoken)]
"""What is said or asked: not blank; control characters other than white space are dropped."""

Name = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
"""The name of an avatar, a model, a voice…"""

OptionalName = Name | None

SessionStatus = Literal["queued", "worker_ready", "ready", "speaking", "closed"]
"""A session's state in deployed servers' words."""


class Refusal(BaseModel):
    """Why a request was not done."""

    detail: str


class ProviderState(BaseModel):
    """Whether a provider can be used here and now."""

    key_set: bool = Field(description="True for one that can be used, also if it needs no key.")
    service_url_set: bool = Field(description="The same.")
    usable: bool
    reason: str = Field("", description="What is missing and how to get it.")


class Health(BaseModel):
    """That the server is up, and what it speaks and hears with.

    The deployed web client does not start a session without the keys about providers.
    """

    status: Literal["ok"] = "ok"
    version: str
    default_model: str
    llm_provider: str
    llm_model: str
    llm_key_set: bool
    llm_providers: dict[str, ProviderState]
    tts_provider: str
    tts_default_provider: str
    tts_enabled_providers: list[str]
    tts_providers: dict[str, ProviderState]
    tts_voice: str
    tts_key_set: bool
    tts_service_url_set: bool
    stt_provider: str
    stt_default_provider: str
    stt_enabled_providers: list[str]
    stt_providers: dict[str, ProviderState]
    stt_key_set: bool


class Alive(BaseModel):
    """That the server is up."""

    status: Literal["ok"] = "ok"


class Queue(BaseModel):
    """Whether a new session finds room."""

    slot_occupied: bool = Field(description="Whether every slot of a model is taken, or the server is full.")
    queue_size: int = Field(default=0, ge=0, description="How many sessions wait for a slot.")


class Model(BaseModel):
    """A synthesis model."""

    id: str
    backend: str = Field(description="mock, local, direct_ws or omnirt.")
    connected: bool
    reason: str = Field(description="A stable word.")
    message: str = Field("", description="What is missing and how to get it.")


class Models(BaseModel):
    """The synthesis models."""

    models: list[str]
    statuses: list[Model]
    default_model: str | None


class AvatarSummary(BaseModel):
    """An avatar; everything after `is_custom` is for the deployed web client."""

    id: str
    name: str | None
    model_type: str
    width: int
    height: int
    is_custom: bool
    person_mode: Literal["single", "double"] = "single"
    has_preview_video: bool = False
    matting_status: Literal["unknown", "opaque", "transparent_ready"] = "unknown"
    duo_dialog: dict[str, Any] | None = None
    client_renderer: dict[str, Any] | None = None


class AvatarManifest(AvatarSummary):
    """An avatar's manifest with the keys of its summary."""

    model_config = ConfigDict(extra="allow")


class CreateSessionRequest(BaseModel):
    """What to make a session of."""

    model_config = ConfigDict(
        protected_namespaces=(),
        json_schema_extra={"examples": [{"avatar_id": "demo-avatar", "model": "portrait"}]},
    )

    avatar_id: Name = Field(description="From GET /avatars.")
    model: Name = Field(description="From GET /models, with connected=true.")
    tts_provider: OptionalName = Field(None, description="Another voice provider than the configured one.")
    tts_voice: OptionalName = Field(None, description="Its voice; null lets each sentence's language choose.")
    tts_model: OptionalName = None
    llm_system_prompt: Annotated[str, AfterValidator(_clean)] | None = Field(
        None, description="Another system prompt than the configured one."
    )
    persona_id: Any = Field(
        None, description="A persona of this server: it fills in what is null. One that is not known is ignored."
    )
    background: OptionalName = Field(
        None, description="Ours: behind a drawn avatar, `green`, `#rrggbb` or the name of a picture kept here."
    )
    wav2lip_postprocess_mode: OptionalName = Field(None, description="Accepted and not used.")


class CreateSessionResponse(BaseModel):
    """A new session."""

    session_id: str
    status: Literal["created", "queued"] = Field(
        default="created", description="`queued` only where its model has slots and all of them are taken."
    )


class SessionResponse(BaseModel):
    """What a session is and how it is."""

    session_id: str
    avatar_id: str
    model: str
    tts_provider: str
    tts_voice: str
    voice: str = Field(description="The same as tts_voice.")
    state: Literal["created", "running", "paused", "terminated"]
    status: SessionStatus = Field(description="The same in deployed servers' words.")
    position: int = Field(default=0, description="Its place in the queue for a slot; 0 if it does not wait.")
    busy: bool = Field(description="Whether a turn is in flight.")
    viewers: int
    created_at: float = Field(description="Unix time in seconds.")


class StatusResponse(BaseModel):
    """What has become of the session."""

    session_id: str
    status: Literal["running", "terminated"]


class SpeakRequest(BaseModel):
    """A text to say."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Welcome."}]})

    text: Text
    voice: OptionalName = Field(None, description="Another voice, for this text only.")
    tts_provider: OptionalName = None
    tts_model: OptionalName = None
    expression: OptionalName = Field(
        default=None, description="Ours: what the face begins with: neutral, smile, serious or surprised."
    )


class ChatRequest(BaseModel):
    """A prompt to answer."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"prompt": "What can you do?"}]})

    prompt: Text
    voice: OptionalName = Field(None, description="Another voice, for this answer only.")
    tts_provider: OptionalName = None
    tts_model: OptionalName = None
    expression: OptionalName = Field(
        default=None, description="Ours: what the face begins with: neutral, smile, serious or surprised."
    )


class TurnResponse(BaseModel):
    """A turn has begun; the rest comes as events and media."""

    session_id: str
    status: Literal["queued"] = "queued"
    turn: str = Field(description="The turn's id.")


class SoundResponse(TurnResponse):
    """The same, for a recording that was sent."""

    text: str = Field(
        default="", description="What was recognised in a `file`; empty if the sound itself is played."
    )


class InterruptResponse(BaseModel):
    """Nothing is being said any more."""

    interrupted: Literal[True] = True
    session_id: str
    status: Literal["interrupted"] = "interrupted"


class WebRTCOfferRequest(BaseModel):
    """A session description that offers to receive."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sdp": "v=0\r\no=- …", "type": "offer"}]})

    sdp: Annotated[str, Field(min_length=1), AfterValidator(_unicode)]
    type: Literal["offer"]
    viewer: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")] = Field(
        "main",
        description="Several may watch one session; an offer replaces the same viewer's earlier one.",
    )


class WebRTCAnswer(BaseModel):
    """The answer to an offer, with all of the server's candidates."""

    sdp: str
    type: Literal["answer"] = "answer"


class TranscriptResponse(BaseModel):
    """What was said in a recording, in the contract's word and in the deployed one."""

    session_id: str
    transcript: str
    text: str

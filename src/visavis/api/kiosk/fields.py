"""What kiosks send: the fields of a new session, with the seed's names, defaults and ranges (contract 1.2).

Fields beyond these are ignored. A default is what the documentation says; where a client leaves a field out, the
server's settings come first (`fields.py` knows nothing of them, `starts.py` does).
"""

from typing import Annotated, Literal

from fastapi import File, UploadFile
from pydantic import AfterValidator, AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

MAX_HISTORY = 200
"""Messages of a conversation that a client sends along."""

MAX_MESSAGE = 10_000
"""Characters of one."""


def _plain(value: str) -> str:
    if any(not char.isprintable() for char in value):
        raise ValueError("must not contain control characters")
    return value


def _written(value: str) -> str:
    # JSON can hold half of a surrogate pair, which no encoder after us takes.
    if any("\ud800" <= char <= "\udfff" or (char < " " and char not in "\t\n\r") for char in value):
        raise ValueError("must be valid Unicode without control characters")
    return value


def _asked(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return _written(value)


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _number_is_number(value: object) -> object:
    # A form has texts only.
    return (
        int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6 else value
    )


Name = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
"""The name of a device, a model, a voice…"""

Maybe = Annotated[Name | None, BeforeValidator(_blank_is_none)]
"""A name, or none."""

Instructions = Annotated[str, Field(max_length=2000), AfterValidator(_written)]

Language = Annotated[
    Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", max_length=35)] | None,
    BeforeValidator(_blank_is_none),
]

Url = Annotated[
    Annotated[str, Field(max_length=2048), AfterValidator(_plain)] | None, BeforeValidator(_blank_is_none)
]

ConversationId = Annotated[
    Annotated[str, Field(max_length=128), AfterValidator(_plain)] | None, BeforeValidator(_blank_is_none)
]

Device = Annotated[Annotated[int, Field(ge=-1, le=65_535)] | Name | None, BeforeValidator(_number_is_number)]

Seconds = Annotated[float, Field(allow_inf_nan=False)]


class Message(BaseModel):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE), AfterValidator(_written)]


class AnswerFields(BaseModel):
    """Who answers, and how it is spoken."""

    model_config = ConfigDict(protected_namespaces=())

    rag_url: Url = Field(None, description="Where the question is answered; null for what the server has.")
    tts_url: Url = Field(None, description="Where the answer is spoken; null for what the server has.")
    tts_model: Name = Field("qwen-tts", description="Model that the speech service is asked for.")
    tts_voice: Maybe = Field(None, description="Voice; null for the configured one.")
    tts_language: Maybe = Field("English", description="Language that the speech service is told.")
    tts_instructions: Instructions | None = Field(None, description="Style that the speech service is told.")
    language: Language = Field(
        None, description="Language that is spoken, for example `en`; null for the server's."
    )
    conversation_id: ConversationId = Field(None, description="Sessions with the same one are one conversation.")
    avatar_id: Maybe = Field(None, description="Ours: a face for the answer; viewers connect by `/offer`.")


class ListenFields(AnswerFields):
    """How the question is heard."""

    sample_rate: int = Field(16_000, ge=8000, le=48_000, description="Hz of the microphone, or of raw sound.")
    chunk_seconds: Seconds = Field(4.0, ge=0.5, le=30, description="Sound that is recognised at a time.")
    silence_timeout_seconds: Seconds = Field(
        1.5, ge=0.2, le=10, description="Silence after speech that ends the question."
    )
    max_session_seconds: Seconds = Field(20.0, ge=1, le=300, description="The longest question.")
    silence_threshold: int = Field(
        900, ge=1, le=32_767, description="Root mean square of 16 bit samples from which sound is speech."
    )
    temperature: Seconds = Field(0.0, ge=0, le=1, description="Of the recogniser behind `analyzer_url`.")
    analyzer_url: Url = Field(None, description="Where speech is recognised; null for what the server has.")
    device: Device = Field(
        None, description="Index of a microphone, or a part of its name; null for the system's."
    )
    endpointing: Literal["level", "voice"] | None = Field(
        None, description="Ours: what counts as speech, loudness or a voice; null for the configured."
    )
    answer: bool = Field(True, description="Ours: false if only the transcript is wanted.")


class StartRequest(ListenFields):
    """A session that hears one question and answers it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "language": "en",
                    "chunk_seconds": 4,
                    "silence_timeout_seconds": 1.5,
                    "max_session_seconds": 20,
                    "silence_threshold": 900,
                }
            ]
        }
    )

    history: list[Message] = Field([], max_length=MAX_HISTORY, description="The conversation so far.")


class StartFileForm(ListenFields):
    """The same for a recording."""

    file: UploadFile = File(description="The recording: WAV, or whatever FFmpeg reads.")
    realtime_factor: Seconds = Field(
        1.0, ge=0, le=100, description="Seconds of the recording that are heard per second; 0 for no pacing."
    )


class TextQueryRequest(AnswerFields):
    """A question that was typed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "When do you close?"}]})

    text: Annotated[str, Field(max_length=MAX_MESSAGE), AfterValidator(_asked)] = Field(
        validation_alias=AliasChoices("text", "query", "question", "transcription"),
        description="The question; `query`, `question` and `transcription` are taken, too.",
    )
    history: list[Message] = Field([], max_length=MAX_HISTORY, description="The conversation so far.")


class OfferRequest(BaseModel):
    """A session description that offers to receive."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"sdp": "v=0\r\no=- …", "type": "offer"}]})

    sdp: Annotated[str, Field(min_length=1), AfterValidator(_written)]
    type: Literal["offer"]
    viewer: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,64}$")] = Field(
        "main", description="An offer replaces the same viewer's earlier one."
    )

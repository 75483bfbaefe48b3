"""The bodies of the speech services' requests and answers (contract kiosk 2.3). Unknown fields are ignored."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from visavis.api.kiosk.services.languages import Language
from visavis.api.kiosk.services.rag_schemas import AnyText


def _printable(value: str) -> str:
    if any(not char.isprintable() for char in value):
        raise ValueError("must not contain control characters")
    return value


def _pronounceable(value: str) -> str:
    if not any(char.isalnum() for char in value):
        raise ValueError("contains no pronounceable characters")
    return value


class SpeechRequest(BaseModel):
    """Something to say."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "default", "input": "Welcome."}]})

    model: Annotated[str, Field(max_length=200)] = Field("", description="Accepted and not used.")
    input: Annotated[AnyText, Field(min_length=1, max_length=5000), AfterValidator(_pronounceable)]
    voice: Annotated[str, Field(max_length=200), AfterValidator(_printable)] | None = Field(
        None, description="From GET /v1/audio/voices; another one's name gets the nearest of them."
    )
    language: Language | None = Field(None, description="What Latin script is taken to be: `English`, `de`.")
    instructions: Annotated[str, Field(max_length=10_000)] | None = Field(
        None, description="Accepted and not used."
    )
    response_format: Literal["wav", "json", "pcm"] = "wav"
    stream: bool = Field(False, description="Send each sentence as soon as it is spoken.")


class SpeechAnswer(BaseModel):
    """A text that was spoken; `audio_base64` is a WAV file."""

    session_id: str
    model: str
    variant: str
    voice: str
    language: str
    duration: float
    sampling_rate: int
    audio_base64: str


class Voices(BaseModel):
    """Who can speak."""

    model: str
    runtime: str
    variant: str
    default_speaker: str
    supported_speakers: list[str]
    default_language: str


TranscriptFormat = Literal["json", "text", "verbose_json", "srt", "vtt"]

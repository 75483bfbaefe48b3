"""The bodies of the kiosk API's answers (contract 1.1, 1.4)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SourceKind = Literal["microphone", "file", "browser", "text"]
Status = Literal["created", "running", "stopping", "completed", "failed"]
Ending = Literal["silence_timeout", "max_duration", "stopped_by_api", "completed", "error"]


class KioskRefusal(BaseModel):
    """Why a request was not done: a text, or the wrong fields."""

    detail: str | list[dict[str, Any]]


class Clip(BaseModel):
    """A sentence of the answer, as sound."""

    index: int = Field(description="1 for the first sentence; one that failed leaves a gap.")
    text: str
    audio_file: str = Field(description="Absolute path on the server, for those who share its disk.")
    url: str = Field(description="Ours: where to get it.")


class SessionSnapshot(BaseModel):
    """A session, at one moment."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "session_id": "3f1e4d2a-0d6e-4c5e-9c57-5b8f0f0a7f11",
                    "source_kind": "file",
                    "status": "completed",
                    "created_at": "2026-05-08T10:00:00.000000+00:00",
                    "started_at": "2026-05-08T10:00:00.010000+00:00",
                    "completed_at": "2026-05-08T10:00:04.200000+00:00",
                    "stop_requested_at": None,
                    "end_reason": "silence_timeout",
                    "error": None,
                    "speech_started": True,
                    "captured_audio_seconds": 3.4,
                    "transcript": "When do you close?",
                    "partial_transcript": "When do you close?",
                    "transcript_parts": ["When do you close?"],
                    "response": "We close at six.",
                    "response_parts": ["We close at six."],
                    "tts_audio_segments": [
                        {
                            "index": 1,
                            "text": "We close at six.",
                            "audio_file": "…/3f1e4d2a-0d6e-4c5e-9c57-5b8f0f0a7f11/response_001.wav",
                            "url": "/api/v1/sessions/3f1e4d2a-0d6e-4c5e-9c57-5b8f0f0a7f11/audio/response_001.wav",
                        }
                    ],
                    "tts_errors": [],
                    "conversation_id": None,
                    "device": None,
                }
            ]
        }
    )

    session_id: str
    source_kind: SourceKind
    status: Status = Field(description="`completed` and `failed` are final: then every clip is there.")
    created_at: str = Field(description="ISO 8601, UTC, microseconds.")
    started_at: str | None
    completed_at: str | None
    stop_requested_at: str | None
    end_reason: Ending | None = Field(description="Null until it is over, or is to be stopped.")
    error: str | None = Field(description="What went wrong; a session that is `completed` may have one, too.")
    speech_started: bool
    captured_audio_seconds: float = Field(description="From just before the first speech on.")
    transcript: str
    partial_transcript: str = Field(description="The same as `transcript`.")
    transcript_parts: list[str] = Field(description="One for each chunk in which something was said.")
    response: str = Field(description="Grows with each word of the answer.")
    response_parts: list[str] = Field(description="The sentences that are there as clips.")
    tts_audio_segments: list[Clip]
    tts_errors: list[str]
    conversation_id: str | None
    device: int | str | None


class SessionList(BaseModel):
    """Sessions, the oldest first."""

    sessions: list[SessionSnapshot]


class Stopping(BaseModel):
    """A session that will soon be over."""

    session_id: str
    status: Literal["stopping"] = "stopping"
    stop_requested_at: str = Field(examples=["2026-05-08T10:00:05.000000Z"])


class Accepted(BaseModel):
    """Sound was taken."""

    status: Literal["accepted", "eos_accepted"]


class Deleted(BaseModel):
    """A session is forgotten, with its clips."""

    session_id: str
    status: Literal["deleted"] = "deleted"


class Said(BaseModel):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class Conversation(BaseModel):
    """A conversation up to and with this session."""

    session_id: str
    conversation_id: str | None
    history: list[Said]


class Device(BaseModel):
    """A microphone of the server, with the keys of the documentation and of deployed servers."""

    index: int
    id: int
    name: str
    channels: int
    sample_rate: int
    default_samplerate: int


class Devices(BaseModel):
    """The server's microphones."""

    devices: list[Device]


class CaptureMode(BaseModel):
    """Whose microphone to use."""

    host_mic_available: bool
    recommended: Literal["host", "browser"]
    host_devices: list[Device]
    note: str = Field("", description="Ours: what is missing for the server's own microphone.")


class Trace(BaseModel):
    """How long the stages of one session took, in milliseconds; null where it did not come to that."""

    session_id: str
    started_at: str
    endpointing_ms: float | None = Field(description="From the end of speech to the end of the question.")
    asr_ms: float | None = Field(description="From there to its transcript.")
    rag_first_token_ms: float | None = Field(description="From the transcript to the answer's first word.")
    first_clip_ms: float | None = Field(description="From the transcript to the first clip.")
    total_ms: float | None = Field(description="The whole session.")
    voice_to_voice_ms: float | None = Field(description="From the end of speech to the first clip.")


class LatestTrace(BaseModel):
    """The latest session's."""

    trace: Trace | None
    message: str | None = None


class Traces(BaseModel):
    """Those of the latest sessions, the newest first."""

    traces: list[Trace]


class OfferAnswer(BaseModel):
    """The answer to an offer, with all of the server's candidates."""

    sdp: str
    type: Literal["answer"] = "answer"

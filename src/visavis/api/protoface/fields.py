"""The bodies of the Protoface API's requests: closed, as the contract has them (contract protoface 1.3)."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from visavis.api.protoface.schemas import AudioSource, Quality

MAX_METADATA = 8 * 1024
"""Bytes of JSON."""

RESERVED = "_avatar."
"""How keys of metadata begin that are not the customer's."""

WORKER_IDENTITY = "protoface-worker"

DEFAULT_DURATION = 600
"""Seconds."""

DEFAULT_IDLE = 30
"""Seconds."""


def _unicode(text: str) -> str:
    """JSON can name halves of characters, which nothing can write down."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return text


Text = Annotated[str, AfterValidator(_unicode)]

TRANSPORT = (
    "`type` `livekit` with `url`, `room_name` and `worker_token`; optional are `audio_source`,"
    " `subscribe_to_identity`, `synthetic_audio_if_no_input` and `worker_identity`."
)

Scalar = Text | int | Annotated[float, Field(allow_inf_nan=False)] | bool | None


class LiveKitTransport(BaseModel):
    """A room of the customer's, and a token that lets one participant in."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["livekit"]
    url: Text = Field(min_length=1, max_length=2048, description="`wss://my-app.livekit.cloud`.")
    room_name: Text = Field(min_length=1, max_length=512)
    worker_token: Text = Field(
        min_length=1,
        max_length=16_384,
        repr=False,
        description="A JWT of the room's owner that lets one participant join and publish; never told again.",
    )
    worker_identity: Text | None = Field(
        default=None, max_length=512, description="For your records: the identity is the token's."
    )
    audio_source: AudioSource | None = Field(
        default=None, description="Byte streams sent to the avatar (`data_stream`), or somebody's microphone."
    )
    subscribe_to_identity: Text | None = Field(
        default=None, max_length=512, description="Whose, for `track`; else the first who publishes."
    )
    synthetic_audio_if_no_input: bool | None = Field(
        default=None, description="Hum a tone if nobody has come within 10 s."
    )


class ReservedTransport(BaseModel):
    """Kinds of transport that are refused here: Pipecat has its own path."""

    type: Literal["websocket", "pipecat"]


class SessionTerms(BaseModel):
    """Who is to be seen, how well, and for how long."""

    avatar_id: Text = Field(min_length=1, max_length=64, description="`av_demo`, or what `GET /v1/avatars` lists.")
    quality: Quality | None = Field(default=None, description="`standard` if left out.")
    idle_timeout_seconds: int | None = Field(
        default=None, ge=1, le=600, strict=True, description="End after so long without sound: 30 if left out."
    )
    max_duration_seconds: int | None = Field(
        default=None, ge=1, le=3600, strict=True, description="End after so long in any case: 600 if left out."
    )
    metadata: dict[Text, Scalar] | None = Field(
        default=None, description="Yours: at most 8 KB, told in answers and webhooks."
    )

    @field_validator("metadata")
    @classmethod
    def _fits(cls, metadata: dict[str, Any] | None) -> dict[str, Any] | None:
        if any(key.startswith(RESERVED) for key in metadata or ()):
            raise ValueError(f"keys that begin with {RESERVED} are reserved")
        if len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_METADATA:
            raise ValueError(f"at most {MAX_METADATA} bytes of JSON")
        return metadata


class SessionCreateRequest(SessionTerms):
    """Which avatar is to come where."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "avatar_id": "av_demo",
                    "transport": {
                        "type": "livekit",
                        "url": "wss://my-app.livekit.cloud",
                        "room_name": "demo-room",
                        "worker_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…",
                    },
                    "quality": "standard",
                    "max_duration_seconds": 600,
                    "idle_timeout_seconds": 30,
                    "metadata": {"customer_session_id": "abc123"},
                }
            ]
        },
    )

    transport: Annotated[LiveKitTransport | ReservedTransport, Field(discriminator="type", description=TRANSPORT)]


class PipecatCreateRequest(SessionTerms):
    """Which avatar is to come to a Pipecat pipeline."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"avatar_id": "av_demo", "relay_mode": "websocket"}]},
    )

    relay_mode: Literal["websocket"] | None = Field(default=None, description="There is no other.")

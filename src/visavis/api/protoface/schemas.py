"""The bodies of the Protoface API's answers: what its SDK 0.1.0 takes, and not a field more (contract 0)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601, UTC, with milliseconds and `Z`."""

Quality = Literal["mock", "lite", "standard", "pro"]
SessionStatus = Literal["created", "queued", "starting", "running", "ending", "ended", "failed", "canceled"]
Health = Literal["operational", "degraded", "outage"]
AudioSource = Literal["data_stream", "track"]

SESSION_ID = "sess_01HXY5K8E7QYG3X8Z6N9R7S0VR"

SESSION = {
    "object": "session",
    "id": SESSION_ID,
    "status": "running",
    "avatar_id": "av_demo",
    "transport": {
        "type": "livekit",
        "url": "wss://my-app.livekit.cloud",
        "room_name": "demo-room",
        "worker_token": "[redacted]",
        "worker_identity": "protoface-worker",
        "audio_source": "data_stream",
        "subscribe_to_identity": None,
        "synthetic_audio_if_no_input": False,
    },
    "quality": "standard",
    "max_duration_seconds": 600,
    "idle_timeout_seconds": 30,
    "metadata": {"customer_session_id": "abc123"},
    "created_at": "2026-05-25T19:00:00.123Z",
    "started_at": "2026-05-25T19:00:01.456Z",
    "first_frame_at": "2026-05-25T19:00:02.001Z",
    "ended_at": None,
    "failed_at": None,
    "failure": None,
    "usage": {"billable_seconds": 12, "frames": 300},
}

AVATAR = {
    "object": "avatar",
    "id": "av_stock_001",
    "name": "Vera",
    "status": "ready",
    "runtime_type": "stock",
    "is_demo": True,
    "created_at": "2026-05-25T19:00:00.123Z",
}


class Closed(BaseModel):
    """A body that has its fields and no others."""

    model_config = ConfigDict(extra="forbid")


def example(body: dict[str, Any]) -> ConfigDict:
    """The configuration of a closed body with an example."""
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [body]})


class LiveKitSessionTransport(Closed):
    """The room a session is in."""

    type: Literal["livekit"]
    url: str
    room_name: str
    worker_token: Literal["[redacted]"] = Field(description="What it was is never told.")
    worker_identity: str
    audio_source: AudioSource
    subscribe_to_identity: str | None = None
    synthetic_audio_if_no_input: bool


class PipecatSessionTransport(Closed):
    """A Pipecat pipeline that the session's media go to."""

    type: Literal["pipecat"]


class SessionFailure(Closed):
    """Why a session failed."""

    code: str = Field(description="Stable: `transport.join_failed`, `worker.lost`…")
    message: str = Field(description="For people.")


class SessionUsage(Closed):
    """What a session has used, as of its last heartbeat."""

    billable_seconds: int = Field(ge=0, description="Whole seconds since its first picture.")
    frames: int = Field(ge=0, description="Pictures published.")


class Session(Closed):
    """A session: an avatar in a room of the customer's."""

    model_config = example(SESSION)

    object: Literal["session"] = "session"
    id: str = Field(description="`sess_` and a ULID.")
    status: SessionStatus
    avatar_id: str
    transport: Annotated[LiveKitSessionTransport | PipecatSessionTransport, Field(discriminator="type")]
    quality: Quality
    max_duration_seconds: int = Field(description="In force: what was asked for, within the server's limit.")
    idle_timeout_seconds: int
    metadata: dict[str, str | int | float | bool | None]
    created_at: Moment
    started_at: Moment | None = Field(default=None, description="When a worker took it.")
    first_frame_at: Moment | None = Field(default=None, description="When its first picture was published.")
    ended_at: Moment | None = None
    failed_at: Moment | None = None
    failure: SessionFailure | None = None
    usage: SessionUsage | None = None


class PipecatRelay(Closed):
    """Where a session's media are had."""

    type: Literal["websocket"] = "websocket"
    protocol: Literal["protoface.pipecat.media.v1"] = "protoface.pipecat.media.v1"
    media_url: str = Field(description="`wss://…`: a WebSocket of binary records.")
    media_token: str = Field(
        description="Opens it: as `Authorization: Bearer pfm_…`, or as the subprotocol offered after `protocol`."
    )
    audio_sample_rate: Literal[16000] = Field(
        default=16000, description="Hz of sound that does not say; other rates are fine."
    )
    video_encoding: Literal["jpeg"] = "jpeg"
    decoded_video_format: Literal["RGB"] = "RGB"
    supports_audio_output: Literal[True] = True


class PipecatSession(Closed):
    """A session for a Pipecat pipeline, and its media."""

    model_config = example(
        {
            "object": "pipecat.session",
            "session": SESSION | {"status": "queued", "transport": {"type": "pipecat"}},
            "relay": {
                "type": "websocket",
                "protocol": "protoface.pipecat.media.v1",
                "media_url": f"wss://avatar.example/v1/pipecat/sessions/{SESSION_ID}/media",
                "media_token": "pfm_…",
                "audio_sample_rate": 16000,
                "video_encoding": "jpeg",
                "decoded_video_format": "RGB",
                "supports_audio_output": True,
            },
        }
    )

    object: Literal["pipecat.session"] = "pipecat.session"
    session: Session
    relay: PipecatRelay


class AvatarSessionList(Closed):
    """A page of sessions, the newest first."""

    model_config = example({"object": "list", "data": [SESSION], "has_more": False, "next_cursor": None})

    object: Literal["list"] = "list"
    data: list[Session]
    has_more: bool
    next_cursor: str | None = Field(default=None, description="Send it as `starting_after` to go on.")


class Avatar(Closed):
    """Somebody a session can show."""

    model_config = example(AVATAR)

    object: Literal["avatar"] = "avatar"
    id: str
    name: str
    status: Literal["ready", "processing", "failed"]
    runtime_type: str
    is_demo: bool = Field(description="Whether it came with the server.")
    created_at: Moment
    failure_reason: str | None = None
    default_voice: str | None = None
    default_custom_instructions: str | None = None


class AvatarList(Closed):
    """A page of avatars: those that came with the server, then the organisation's own, the newest first."""

    model_config = example({"object": "list", "data": [AVATAR], "has_more": False, "next_cursor": None})

    object: Literal["list"] = "list"
    data: list[Avatar]
    has_more: bool
    next_cursor: str | None = Field(default=None, description="Send it as `starting_after` to go on.")


class UsageSummary(Closed):
    """What an organisation used in a period."""

    model_config = example(
        {
            "period_start": "2026-05-01T00:00:00.000Z",
            "period_end": "2026-06-01T00:00:00.000Z",
            "billable_seconds": 423,
            "sessions": 2,
            "by_quality": {"standard": 423},
        }
    )

    period_start: Moment = Field(description="Inclusive.")
    period_end: Moment = Field(description="Exclusive.")
    billable_seconds: int = Field(ge=0)
    sessions: int = Field(ge=0, description="That had pictures in the period.")
    by_quality: dict[Quality, int] = Field(description="Seconds; `mock` counts as `standard`.")


class PlanView(Closed):
    """What an organisation may have."""

    key: str
    name: str
    monthly_price_cents: int
    included_credits: int
    extra_credit_unit_micros: int | None
    max_concurrency: int
    custom_avatar_slots: int
    extra_avatar_slot_cents: int | None
    session_time_limit_seconds: int


class Quota(Closed):
    """How much of that an organisation has at present. Not in the SDK."""

    model_config = example(
        {
            "object": "quota",
            "plan": "self_hosted",
            "concurrent_sessions": {"used": 1, "limit": 8},
            "custom_avatars": {"used": 0, "limit": 50},
        }
    )

    object: Literal["quota"] = "quota"
    plan: str
    concurrent_sessions: "Share"
    custom_avatars: "Share"


class Share(Closed):
    """How many there are, and how many there may be."""

    used: int
    limit: int


class StatusComponent(Closed):
    """A part of the server."""

    name: str
    status: Health


class ServiceStatus(Closed):
    """How the server is."""

    model_config = example(
        {
            "status": "operational",
            "components": [{"name": "sessions", "status": "operational"}],
            "updated_at": "2026-05-25T19:00:00.123Z",
        }
    )

    status: Health = Field(description="That of the part that is worst.")
    components: list[StatusComponent]
    updated_at: Moment

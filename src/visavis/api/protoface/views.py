"""Records, as the API shows them."""

import json
from datetime import UTC, datetime
from typing import Any

from visavis.api.protoface.schemas import (
    Avatar,
    LiveKitSessionTransport,
    PipecatSessionTransport,
    Session,
    SessionFailure,
    SessionUsage,
)
from visavis.store import AvatarRecord, AvatarSession


def moment(at: float) -> str:
    """Unix time in seconds as the API writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(session: AvatarSession) -> Session:
    """A session."""
    failure = None
    if session.failure_code:
        failure = SessionFailure(code=session.failure_code, message=session.failure_message)
    usage = None
    if session.first_frame_at is not None:
        usage = SessionUsage(billable_seconds=session.billable_seconds, frames=session.frames)
    return Session(
        id=session.id,
        status=session.status,
        avatar_id=session.avatar_id,
        transport=_transport(json.loads(session.transport)),
        quality=session.quality,  # type: ignore[arg-type]  # checked when it was made
        max_duration_seconds=session.max_duration,
        idle_timeout_seconds=session.idle_timeout,
        metadata=json.loads(session.metadata),
        created_at=moment(session.created_at),
        started_at=_moment(session.started_at),
        first_frame_at=_moment(session.first_frame_at),
        ended_at=_moment(session.ended_at),
        failed_at=_moment(session.failed_at),
        failure=failure,
        usage=usage,
    )


def wire(session: AvatarSession) -> bytes:
    """A session, as it is sent."""
    return shown(session).model_dump_json().encode()


def avatar(record: AvatarRecord) -> Avatar:
    """An avatar."""
    return Avatar(
        id=record.id,
        name=record.name,
        status=record.status,
        runtime_type=record.runtime_type,
        is_demo=not record.organisation,
        created_at=moment(record.created_at),
        failure_reason=record.failure_reason or None,
    )


def _transport(told: dict[str, Any]) -> LiveKitSessionTransport | PipecatSessionTransport:
    if told["type"] == "pipecat":
        return PipecatSessionTransport(**told)
    return LiveKitSessionTransport(**told, worker_token="[redacted]")  # noqa: S106  what is told instead of it


def _moment(at: float | None) -> str | None:
    return None if at is None else moment(at)

"""`/api/v1/sessions`: look at them, stop them, push sound to them, forget them (contract 1.1)."""

from typing import Annotated

from fastapi import APIRouter, Body, Query

from visavis.api.kiosk import sound
from visavis.api.kiosk.desk import AtDesk
from visavis.api.kiosk.errors import Route, refusals
from visavis.api.kiosk.fields import OfferRequest
from visavis.api.kiosk.schemas import (
    Accepted,
    Conversation,
    Deleted,
    OfferAnswer,
    Said,
    SessionList,
    SessionSnapshot,
    Stopping,
)
from visavis.api.kiosk.snapshot import stop_timestamp
from visavis.errors import Conflict, NotFound
from visavis.pool import Offer

LISTED = 1000
"""Sessions in one answer."""

PUSHED_BYTES = 8 * 1024 * 1024
"""The largest body of `{id}/audio`: four minutes at 16 kHz."""

SOUND = {
    "requestBody": {
        "description": "A PCM WAV of any rate, or raw s16le mono PCM at the session's `sample_rate`.",
        "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    }
}

router = APIRouter(route_class=Route, tags=["kiosk"], prefix="/api/v1/sessions", responses=refusals())


@router.get("", responses=refusals(422))
async def kiosk_sessions(
    desk: AtDesk, limit: Annotated[int, Query(ge=1, le=LISTED, description="Ours: only the latest.")] = LISTED
) -> SessionList:
    """The sessions of the retention time, the oldest first."""
    return SessionList.model_validate({"sessions": await desk.snapshots(limit)})


@router.get("/{session_id}", responses=refusals(404))
async def kiosk_session(session_id: str, desk: AtDesk) -> SessionSnapshot:
    """A session as it is now: poll until `status` is `completed` or `failed`."""
    return SessionSnapshot.model_validate(await desk.snapshot(session_id))


@router.post("/{session_id}/stop", responses=refusals(404, 409))
async def kiosk_stop(session_id: str, desk: AtDesk) -> Stopping:
    """End the question here and answer what was heard; once it is being answered, end the answer."""
    follower = desk.follower(session_id)
    if follower is None:
        status = (await desk.snapshot(session_id))["status"]
        raise Conflict(f"Session is not running: {status}")
    return Stopping(session_id=session_id, stop_requested_at=stop_timestamp(await follower.stop()))


@router.post("/{session_id}/audio", responses=refusals(400, 404, 409, 413), openapi_extra=SOUND)
async def kiosk_audio(
    session_id: str, desk: AtDesk, body: Annotated[bytes, Body(media_type="application/octet-stream")] = b""
) -> Accepted:
    """Take sound for a session that was begun with `start-stream`."""
    follower = desk.follower(session_id)
    if follower is None:
        raise await _not_active(desk, session_id)
    heard = sound.read(body, follower.sample_rate)
    await follower.hear(heard.sample_rate, heard.pcm)
    return Accepted(status="accepted")


@router.post("/{session_id}/audio/end", responses=refusals(404, 409))
async def kiosk_audio_end(session_id: str, desk: AtDesk) -> Accepted:
    """That was all the sound: answer it."""
    follower = desk.follower(session_id)
    if follower is None:
        raise await _not_active(desk, session_id)
    await follower.hear_out()
    return Accepted(status="eos_accepted")


@router.get("/{session_id}/history", responses=refusals(404))
async def kiosk_history(session_id: str, desk: AtDesk) -> Conversation:
    """The conversation up to and with this session."""
    conversation_id, history = await desk.conversation(session_id)
    said = [Said(role=message.role, content=message.content) for message in history]
    return Conversation(session_id=session_id, conversation_id=conversation_id, history=said)


@router.delete("/{session_id}", responses=refusals(404, 409))
async def kiosk_delete(session_id: str, desk: AtDesk) -> Deleted:
    """Forget a session that is over, with its clips."""
    await desk.delete(session_id)
    return Deleted(session_id=session_id)


@router.post("/{session_id}/offer", responses=refusals(400, 404, 409, 413, 422))
async def kiosk_offer(session_id: str, body: OfferRequest, desk: AtDesk) -> OfferAnswer:
    """Connect a viewer to the face of a session that was begun with an `avatar_id`."""
    follower = desk.follower(session_id)
    if follower is None:
        raise await _not_active(desk, session_id)
    return OfferAnswer(sdp=await follower.offer(Offer(body.sdp, body.viewer)))


async def _not_active(desk: AtDesk, session_id: str) -> Exception:
    """The error for a session that is on record only, or not at all."""
    try:
        status = (await desk.snapshot(session_id))["status"]
    except NotFound as error:
        return error
    return Conflict(f"Session is not active: {status}")

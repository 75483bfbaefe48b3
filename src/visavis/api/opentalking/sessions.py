"""`/sessions`: make one, look at it, start it, end it (contract opentalking 1.3).

Two vocabularies name a session's state. `state` has the contract's words (created, running, paused,
terminated), `status` those of deployed servers (queued, worker_ready, ready, speaking, closed). A session is
made before the answer and `created`, unless it has to wait for a slot of its model: then it is `queued`.
"""

from typing import Annotated

from fastapi import APIRouter, Depends

from visavis.api.opentalking import dialect
from visavis.api.opentalking.casting import Wanted, wanted
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import (
    CreateSessionRequest,
    CreateSessionResponse,
    SessionResponse,
    StatusResponse,
)
from visavis.api.opentalking.workshop import AtWorkshop
from visavis.api.parts import House
from visavis.api.principal import Asker
from visavis.errors import InvalidInput, NotFound, TooLarge, Unavailable
from visavis.pool import NewSession, SessionHandle

router = APIRouter(route_class=Route, tags=["sessions"], prefix="/sessions", responses=refusals())


async def session(session_id: str, house: House) -> SessionHandle:
    """The session a path names; `NotFound` without repeating what the client made up."""
    try:
        return house.pool.get(session_id)
    except NotFound:
        raise NotFound("session not found") from None


Session = Annotated[SessionHandle, Depends(session)]
"""The type of a route's argument that wants the session its path names."""


@router.post("", responses=refusals(400, 413, 502, 503))
async def create_session(
    body: CreateSessionRequest, house: House, workshop: AtWorkshop, asker: Asker
) -> CreateSessionResponse:
    """Make a session. It waits for a viewer's offer, and speaks without one, too."""
    prompt = body.llm_system_prompt or ""
    if len(prompt) > house.settings.max_text_chars:
        raise TooLarge(f"llm_system_prompt: at most {house.settings.max_text_chars} characters")
    choice = Wanted(body.tts_voice or "", body.tts_provider or "", body.tts_model or "")
    choice = await wanted(workshop.records, choice)
    request = NewSession(
        avatar_id=body.avatar_id,
        model=body.model,
        tts_provider=choice.provider,
        tts_voice=choice.voice,
        tts_model=choice.model,
        system_prompt=prompt,
        owner=asker.tenant,
        background=body.background or "",
        # Deployed clients send the ids of their own servers' personas.
        persona=body.persona_id if house.personas.knows(body.persona_id) else "",
    )
    try:
        made = await house.pool.create(request)
    except (NotFound, Unavailable) as error:
        # On this route an unknown avatar or a model that is not connected is a wrong request (contract 1.3).
        raise InvalidInput(error.message) from None
    waits = (await made.info()).position > 0
    return CreateSessionResponse(session_id=made.id, status="queued" if waits else "created")


@router.get("/{session_id}", responses=refusals(404))
async def get_session(session: Session) -> SessionResponse:
    """What a session is and how it is; also for ten minutes after its end."""
    info = await session.info()
    return SessionResponse(
        session_id=info.id,
        avatar_id=info.avatar_id,
        model=info.model,
        tts_provider=info.tts_provider,
        tts_voice=info.tts_voice,
        voice=info.tts_voice,
        state=info.state,
        status=dialect.status(info.state, info.busy, waiting=info.position > 0),
        position=info.position,
        busy=info.busy,
        viewers=info.viewers,
        created_at=info.created_at,
    )


@router.post("/{session_id}/start", responses=refusals(404, 409))
async def start_session(session: Session) -> StatusResponse:
    """Mark a session as running. Not needed: speaking starts it, too."""
    await session.start()
    return StatusResponse(session_id=session.id, status="running")


@router.delete("/{session_id}", responses=refusals(404))
async def delete_session(session: Session) -> StatusResponse:
    """End a session. Its events and its state can be read for ten more minutes; ending it again is fine."""
    await session.close()
    return StatusResponse(session_id=session.id, status="terminated")

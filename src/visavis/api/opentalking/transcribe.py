"""`/sessions/{id}/transcribe` (contract opentalking 1.4, 1.9): what is said in a recording."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import TranscriptResponse
from visavis.api.opentalking.sessions import Session
from visavis.api.parts import House
from visavis.errors import InvalidInput, StageFailed, UpstreamFailed
from visavis.pool import Transcribe

MAX_BYTES = 15 * 1024 * 1024
"""Of the file (contract opentalking 1.4)."""

PIECE = 64 * 1024

router = APIRouter(route_class=Route, tags=["speech"], prefix="/sessions/{session_id}", responses=refusals())


@router.post("/transcribe", responses=refusals(400, 404, 409, 413, 502, 503))
async def transcribe(
    session: Session,
    house: House,
    audio: Annotated[UploadFile | None, File(description="Raw PCM: s16le, mono, at `sample_rate`.")] = None,
    file: Annotated[
        UploadFile | None, File(description="The same in any container: how deployed clients send it.")
    ] = None,
    sample_rate: Annotated[int, Form(description="Hz of `audio`.", ge=4000, le=192_000)] = 16_000,
    trigger_chat: Annotated[bool, Form(description="Answer what was said aloud; only with `audio`.")] = False,
) -> TranscriptResponse:
    """Recognise a recording. 409 `interrupted` if `/interrupt` is called meanwhile."""
    sent = audio or file
    if sent is None:
        raise InvalidInput("audio: field required")
    if not sent.size:
        raise InvalidInput("audio: must not be empty")
    upload = await house.uploads.keep(_pieces(sent), MAX_BYTES)
    command = Transcribe(upload, sample_rate if audio else 0, chat=trigger_chat and audio is not None)
    try:
        heard = await session.transcribe(command)
    except StageFailed as error:
        # The recogniser is an upstream of this API, wherever it runs (contract 1.4: 502).
        raise UpstreamFailed(error.stage, error.message) from None
    finally:
        house.uploads.forget(upload)
    return TranscriptResponse(session_id=session.id, transcript=heard.text, text=heard.text)


async def _pieces(sent: UploadFile) -> AsyncIterator[bytes]:
    while piece := await sent.read(PIECE):
        yield piece

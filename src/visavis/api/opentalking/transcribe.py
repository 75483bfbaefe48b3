"""`/sessions/{id}/transcribe` (contract opentalking 1.4, 1.9): what is said in a recording."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, File, Form, UploadFile

from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import TranscriptResponse
from visavis.api.opentalking.sessions import Session
from visavis.api.parts import House
from visavis.errors import InvalidInput, StageFailed, UpstreamFailed
from visavis.pool import SessionHandle, Transcribe
from visavis.uploads import Uploads

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
    command = Transcribe("", sample_rate if audio else 0, chat=trigger_chat and audio is not None)
    text = await recognised(session, house.uploads, pieces(sent), command)
    return TranscriptResponse(session_id=session.id, transcript=text, text=text)


async def recognised(
    session: SessionHandle,
    uploads: Uploads,
    recording: AsyncIterator[bytes],
    command: Transcribe,
    patience: float | None = None,
) -> str:
    """What is said in a recording, which is not kept; `command` still lacks its file.

    Raises `TooLarge`, `InvalidInput` (it can't be decoded), `Conflict` (interrupted), `UpstreamFailed`, and
    `TimeoutError` if the recogniser takes longer than `patience` seconds.
    """
    upload = await uploads.keep(recording, MAX_BYTES)
    try:
        async with asyncio.timeout(patience):
            return (await session.transcribe(msgspec.structs.replace(command, upload=upload))).text
    except StageFailed as error:
        # The recogniser is an upstream of this API, wherever it runs (contract 1.4: 502).
        raise UpstreamFailed(error.stage, error.message) from None
    finally:
        uploads.forget(upload)


async def pieces(sent: UploadFile) -> AsyncIterator[bytes]:
    """A file that was sent, piece by piece."""
    while piece := await sent.read(PIECE):
        yield piece

"""`/sessions/{id}/flashtalk-recording` (contract opentalking 1.8): an MP4 of what a live session plays."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import FileResponse, JSONResponse
from starlette.responses import Response

from visavis import films
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.film_schemas import RecordingResponse
from visavis.api.opentalking.past import FILM, Past, PastSession, film
from visavis.api.opentalking.sessions import Session
from visavis.api.parts import House
from visavis.errors import NotFound
from visavis.pool import SessionInfo
from visavis.settings import Settings

router = APIRouter(
    route_class=Route,
    tags=["recording"],
    prefix="/sessions/{session_id}/flashtalk-recording",
    responses=refusals(),
)


@router.post("/start", responses=refusals(404, 409, 503))
async def start_recording(session: Session, house: House) -> RecordingResponse:
    """Record what the session plays, also while it idles. 409 if it is being recorded, or is over."""
    await session.record()
    return await _answer(session.id, await session.info(), house.settings)


@router.post("/stop", responses=refusals(404, 409, 503))
async def stop_recording(session: Session, house: House) -> RecordingResponse:
    """Complete the recording: it can be had at once. 409 if there is none."""
    await session.stop_recording()
    return await _answer(session.id, await session.info(), house.settings)


@router.get(
    "",
    response_model=RecordingResponse,
    responses=FILM
    | {
        200: {
            "content": {"video/mp4": {}},
            "description": "How it stands; the MP4 itself for `Accept: video/mp4`.",
        }
    }
    | refusals(404, 503),
)
async def get_recording(past: PastSession, house: House, accept: Annotated[str, Header()] = "") -> Response:
    """How the recording stands; also after the session's end, as long as the file is kept."""
    if "video/mp4" in accept.lower():
        return _film(past, house.settings)
    answer = await _answer(past.id, past.info, house.settings)
    return JSONResponse(answer.model_dump(), headers={"Vary": "Accept", "Cache-Control": "no-store"})


@router.get("/download", response_class=FileResponse, responses=FILM | refusals(404, 503))
async def download_recording(past: PastSession, house: House) -> FileResponse:
    """The recording as an MP4, or a part of it (`Range`). 404 before it is complete."""
    return _film(past, house.settings)


def _film(past: Past, settings: Settings) -> FileResponse:
    if (path := films.recordings(settings).find(past.id)) is None:
        raise NotFound("there is no complete recording of this session")
    return film(path, f"{past.id}.mp4", "inline")


async def _answer(session_id: str, info: SessionInfo | None, settings: Settings) -> RecordingResponse:
    """What is being recorded, else the file that is there: it outlives the session."""
    error = None
    if info is not None and info.state != "terminated":
        if info.recording.state == "recording":
            length = round(info.recording.duration_ms)
            return RecordingResponse(
                session_id=session_id,
                state="recording",
                artifact_url=None,
                duration_ms=length,
                error=None,
                status="recording",
            )
        error = info.recording.error or None
    seconds = await asyncio.to_thread(_seconds, session_id, settings)
    return RecordingResponse(
        session_id=session_id,
        state="idle" if seconds is None else "complete",
        artifact_url=None if seconds is None else f"/sessions/{session_id}/flashtalk-recording/download",
        duration_ms=round((seconds or 0) * 1000),
        error=error,
        status="stopped",
    )


def _seconds(session_id: str, settings: Settings) -> float | None:
    path = films.recordings(settings).find(session_id)
    try:
        return None if path is None else films.duration(path)
    except FileNotFoundError:
        return None

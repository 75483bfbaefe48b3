"""The clips of an answer as files (contract 1.1, 5: "file disclosure")."""

import asyncio
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.responses import Response

from visavis.api.kiosk.desk import AtDesk, Desk
from visavis.api.kiosk.errors import Route, refusals
from visavis.errors import NotFound

router = APIRouter(route_class=Route, tags=["kiosk"], prefix="/api/v1/sessions/{session_id}", responses=refusals())

WAV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"audio/wav": {}}, "description": "A sentence; ranges are served, too."}
}


@router.get("/audio/{filename}", response_class=Response, responses={**WAV, **refusals(400, 404)})
async def kiosk_clip(session_id: str, filename: str, desk: AtDesk) -> Response:
    """A clip, by the last part of its `audio_file`: `response_001.wav`."""
    return FileResponse(await _path(desk, session_id, filename), media_type="audio/wav", filename=filename)


@router.get("/response-audio/{index}", response_class=Response, responses={**WAV, **refusals(404, 422)})
async def kiosk_clip_by_index(session_id: str, index: int, desk: AtDesk) -> Response:
    """A clip, by its `index`."""
    if not 1 <= index < 1_000_000:
        raise NotFound("there is no such clip")
    name = f"response_{index:03d}.wav"
    return FileResponse(await _path(desk, session_id, name), media_type="audio/wav", filename=name)


async def _path(desk: Desk, session_id: str, name: str) -> Path:
    # Only of a session that we know: its id is then one of ours, and not a way out of the directory.
    await desk.snapshot(session_id)
    return await asyncio.to_thread(desk.archive.clip, session_id, name)

"""Sessions that may be over: what is left of them can be asked for longer than they themselves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends
from fastapi.responses import FileResponse

from visavis.api.parts import House
from visavis.errors import NotFound
from visavis.pool import SessionInfo


@dataclass(frozen=True, slots=True)
class Past:
    """A session that is or was."""

    id: str
    avatar_id: str
    model: str
    info: SessionInfo | None
    """None if only its record is left."""


async def past(session_id: str, house: House) -> Past:
    """The session a path names, from the pool or else from its record; `NotFound`."""
    try:
        session_id = str(UUID(session_id))
    except ValueError:
        raise NotFound("session not found") from None
    try:
        info = await house.pool.get(session_id).info()
    except NotFound:
        pass
    else:
        return Past(session_id, info.avatar_id, info.model, info)
    try:
        record = await house.store.sessions.get(session_id)
    except NotFound:
        raise NotFound("session not found") from None
    if house.tenant not in (None, record.owner):
        raise NotFound("session not found")
    return Past(session_id, record.avatar_id, record.model, None)


PastSession = Annotated[Past, Depends(past)]
"""The type of a route's argument that wants the session its path names, be it over or not."""

FILM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"video/mp4": {}}, "description": "An MP4: H264 and AAC."}
}
"""The `responses` of a route that answers with a film; parts of it can be asked for (`Range`)."""


def film(path: Path, name: str, disposition: Literal["inline", "attachment"] = "attachment") -> FileResponse:
    """An MP4 as an answer, whole or the part that is asked for."""
    headers = {"Cache-Control": "no-cache"}
    return FileResponse(
        path, media_type="video/mp4", filename=name, content_disposition_type=disposition, headers=headers
    )

"""`/sessions/{id}/flashtalk-offline-bundle` (contract opentalking 1.8): a whole session, rendered to an MP4."""

from typing import Annotated, Literal

from fastapi import APIRouter, File, UploadFile
from fastapi.responses import FileResponse

from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.film_schemas import BundleAccepted, BundleDeleted, BundleResponse
from visavis.api.opentalking.past import FILM, PastSession, film
from visavis.api.opentalking.transcribe import MAX_BYTES, pieces
from visavis.api.parts import House
from visavis.errors import InvalidInput

router = APIRouter(
    route_class=Route,
    tags=["offline bundle"],
    prefix="/sessions/{session_id}/flashtalk-offline-bundle",
    responses=refusals(),
)


@router.post("", responses=refusals(400, 404, 409, 413, 503))
async def create_bundle(
    past: PastSession,
    house: House,
    file: Annotated[
        UploadFile | None, File(description="A recording of any container: said by the avatar instead.")
    ] = None,
    audio: Annotated[UploadFile | None, File(description="The same.")] = None,
) -> BundleAccepted:
    """Have a session rendered: its turns as far as they were heard, with rests of at most a second between them.

    Also after its end, as long as its journal is kept. 409 if nothing of it was heard.
    """
    sent = file or audio
    upload = ""
    if sent is not None:
        if not sent.size:
            raise InvalidInput("file: must not be empty")
        upload = await house.uploads.keep(pieces(sent), MAX_BYTES)
    try:
        job = await house.rendering.submit(past.id, past.avatar_id, past.model, upload)
    except BaseException:  # cancelled, too: nobody else deletes it
        if upload:
            house.uploads.forget(upload)
        raise
    return BundleAccepted(job_id=job.id, session_id=past.id)


@router.get("/{job_id}", responses=refusals(404, 503))
async def get_bundle(past: PastSession, job_id: str, house: House) -> BundleResponse:
    """How the rendering stands."""
    job, progress = await house.rendering.find(past.id, job_id)
    return BundleResponse(
        job_id=job.id, status=job.state, progress=round(progress, 4), error=job.error or None, session_id=past.id
    )


@router.get("/{job_id}/download", response_class=FileResponse, responses=FILM | refusals(400, 404, 409, 503))
async def download_bundle(
    past: PastSession, job_id: str, house: House, artifact: Literal["bundle", "video"] = "bundle"
) -> FileResponse:
    """The bundle as an MP4, or a part of it (`Range`). 409 before it is complete."""
    return film(await house.rendering.film(past.id, job_id), f"{job_id}.mp4")


@router.delete("/{job_id}", responses=refusals(404, 503))
async def delete_bundle(past: PastSession, job_id: str, house: House) -> BundleDeleted:
    """Stop the rendering, if it still goes on, and delete the bundle."""
    await house.rendering.cancel(past.id, job_id)
    return BundleDeleted(job_id=job_id)

"""`/avatars/custom` (contract opentalking 1.2): avatars that users make, and what clients ask of them."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import FileResponse
from starlette.responses import Response

from visavis.api.opentalking.avatar_schemas import AvatarDeleted, PrewarmRequest, PrewarmResponse
from visavis.api.opentalking.avatars import found, summary
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import AvatarSummary, Name
from visavis.api.opentalking.workshop import AtWorkshop
from visavis.api.parts import House
from visavis.errors import InvalidInput, NotFound

LONGEST_NAME = 100
"""Characters."""

FILMS = {".mp4": "video/mp4", ".webm": "video/webm"}

router = APIRouter(route_class=Route, tags=["avatars"], prefix="/avatars", responses=refusals())


@router.post("/custom", responses=refusals(400, 404, 413, 503))
async def create_custom_avatar(
    house: House,
    workshop: AtWorkshop,
    name: Annotated[Name, Form(description="For people, and part of the id.")],
    base_avatar_id: Annotated[Name, Form(description="The avatar whose pace and model the new one takes over.")],
    image: Annotated[
        UploadFile | None, File(description="A portrait: JPEG, PNG or WebP of at most 10 MB.")
    ] = None,
    model: Annotated[Name, Form(description="Accepted and not used: an avatar works with every model.")] = "",
    remove_background: Annotated[str, Form(description="Accepted and not used: the picture stays whole.")] = "",
    person_mode: Annotated[Name, Form(description="`single` or `double`; kept for clients.")] = "",
    video: Annotated[UploadFile | str | None, File(description="Not supported: send an `image`.")] = None,
) -> AvatarSummary:
    """Make an avatar of a picture. It can be used at once, with every model."""
    title = name.strip()
    if not title or len(title) > LONGEST_NAME:
        raise InvalidInput(f"name: must be 1 to {LONGEST_NAME} characters")
    if video:
        raise InvalidInput("video: avatars are made of a still picture here; send it as image")
    if image is None:
        raise InvalidInput("image: field required")
    base = await asyncio.to_thread(found, house.catalogue, base_avatar_id)
    told: dict[str, Any] = {"person_mode": person_mode} if person_mode in ("single", "double") else {}
    async with workshop.picture(image, "image") as picture:
        made = await asyncio.to_thread(workshop.gallery.add, title, base, picture.path, picture.size, told)
    return summary(made)


@router.delete("/{avatar_id}", responses=refusals(403, 404))
def delete_avatar(avatar_id: str, house: House, workshop: AtWorkshop) -> AvatarDeleted:
    """Delete an avatar that was made of a picture. Sessions that show it go on."""
    workshop.gallery.delete(found(house.catalogue, avatar_id))
    return AvatarDeleted(avatar_id=avatar_id)


@router.post("/{avatar_id}/prewarm", responses=refusals(400, 404))
def prewarm_avatar(avatar_id: str, house: House, body: PrewarmRequest | None = None) -> PrewarmResponse:
    """That a model can be used with an avatar; deployed clients ask before they make a session."""
    found(house.catalogue, avatar_id)
    model = (body.model if body else None) or house.settings.default_model
    missing = house.capabilities.missing("face")
    if lack := missing.get(model, "it is not installed"):
        raise InvalidInput(f"model {model[:80]!r} is not connected: {lack}")
    return PrewarmResponse(avatar_id=avatar_id, model=model)


@router.get(
    "/{avatar_id}/preview-video",
    response_class=Response,
    responses={200: {"content": {"video/mp4": {}, "video/webm": {}}, "description": "A film."}, **refusals(404)},
)
def get_avatar_preview_video(avatar_id: str, house: House) -> Response:
    """A film of an avatar, if its bundle has one: `has_preview_video` of its summary."""
    film = found(house.catalogue, avatar_id).preview_video()
    if film is None:
        raise NotFound("this avatar has no preview video")
    return FileResponse(film, media_type=FILMS[film.suffix], headers={"Cache-Control": "no-cache"})

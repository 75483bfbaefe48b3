"""`/avatars/custom` (contract opentalking 1.2): avatars that users make, and what clients ask of them."""

import asyncio
import base64
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import FileResponse
from starlette.responses import Response

from visavis.api.opentalking.avatar_schemas import Analysis, AvatarDeleted, Flag, PrewarmRequest, PrewarmResponse
from visavis.api.opentalking.avatars import found, summary
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import AvatarSummary, Name
from visavis.api.opentalking.workshop import AtWorkshop
from visavis.api.parts import House
from visavis.avatar import make_portrait
from visavis.avatar.analysis.examination import MAX_IMAGE, MAX_VIDEO
from visavis.avatar.consent import agreed
from visavis.errors import InvalidInput, NotFound

LONGEST_NAME = 100
"""Characters."""

LONGEST_POINTS = 16 * 1024
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
    video: Annotated[
        UploadFile | str | None,
        File(description="Instead of `image`: MP4, WebM, MOV or AVI of at most 60 s and 50 MB; 10 s are used."),
    ] = None,
    points: Annotated[
        str,
        Form(
            max_length=LONGEST_POINTS,
            description="Corrected landmarks of `image`, JSON with parts of `metadata.animation` (0 to 1).",
            examples=['{"chin": [0.5, 0.8]}'],
        ),
    ] = "",
    still: Annotated[
        Flag, Form(description="Take a picture without a face as it is; it will not move its mouth.")
    ] = False,
    consent_by: Annotated[Name, Form(description="Who agreed that this avatar is made.")] = "",
    consent_text: Annotated[Name, Form(description="The version of the text that was agreed to.")] = "",
) -> AvatarSummary:
    """Make an avatar of a photo or of a short video. It can be used at once, with every model."""
    title = name.strip()
    if not title or len(title) > LONGEST_NAME:
        raise InvalidInput(f"name: must be 1 to {LONGEST_NAME} characters")
    field, file, most = _source(image, video)
    consent = agreed(house.settings, consent_by, consent_text)
    moved = _points(points)
    base = await asyncio.to_thread(found, house.catalogue, base_avatar_id)
    told: dict[str, Any] = {"person_mode": person_mode} if person_mode in ("single", "double") else {}
    async with workshop.upload(file, field, most) as source:
        make = partial(make_portrait, still=still is True, told=told)
        try:
            async with workshop.room:
                made = await asyncio.to_thread(make, house.settings, source, title, base, consent, moved)
        except InvalidInput as error:
            # What is wrong with the points says so itself.
            own = error.message.startswith("points:")
            raise InvalidInput(error.message if own else f"{field}: {error.message}") from None
    return summary(made)


@router.post("/analyze", responses=refusals(400, 413, 503))
async def analyze_avatar_picture(
    workshop: AtWorkshop,
    image: Annotated[UploadFile, File(description="A portrait: JPEG, PNG or WebP of at most 10 MB.")],
) -> Analysis:
    """Look at a photo before an avatar is made of it. This route is our own: the contract has none.

    Its `image` and `animation`, with points that somebody moved, can be sent to `POST /avatars/custom`. A photo
    that is refused is answered, too: with the `problem`, and without `animation`.
    """
    problem = ""
    async with AsyncExitStack() as stack:
        try:
            picture = await stack.enter_async_context(workshop.picture(image, "image", "yes"))
        except InvalidInput as error:
            problem = error.message.removeprefix("image: ")
            await image.seek(0)
            picture = await stack.enter_async_context(workshop.picture(image, "image", "no"))
        content = await asyncio.to_thread(picture.path.read_bytes)
    return Analysis(
        width=picture.size[0],
        height=picture.size[1],
        image=base64.b64encode(content).decode(),
        animation=picture.animation,
        problem=problem,
    )


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


def _source(image: UploadFile | None, video: UploadFile | str | None) -> tuple[str, UploadFile, int]:
    """The field, the file and its largest size; exactly one of them is sent, or one of them is empty."""
    # Not the class that FastAPI knows: a field that may be a string comes as Starlette made it.
    film = None if video is None or isinstance(video, str) else video
    if film is None and video:
        raise InvalidInput("video: must be a file")
    if film is not None and (film.filename or film.size):
        if image is not None and image.size:
            raise InvalidInput("video: send either an image or a video")
        return "video", film, MAX_VIDEO
    if image is None:
        raise InvalidInput("image: field required")
    return "image", image, MAX_IMAGE


def _points(sent: str) -> Mapping[str, Any] | None:
    if not sent.strip():
        return None
    try:
        told = json.loads(sent)
    except (ValueError, RecursionError):
        raise InvalidInput("points: not valid JSON") from None
    if not isinstance(told, dict):
        raise InvalidInput("points: must be a JSON object with parts of metadata.animation")
    return told

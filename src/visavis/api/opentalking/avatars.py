"""`/avatars` (contract opentalking 1.2): the catalogue."""

from fastapi import APIRouter
from fastapi.responses import FileResponse

from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import AvatarManifest, AvatarSummary
from visavis.api.parts import House
from visavis.avatar import Avatar, Catalogue
from visavis.errors import InvalidInput, NotFound

router = APIRouter(route_class=Route, tags=["avatars"], prefix="/avatars", responses=refusals())


@router.get("")
def list_avatars(house: House) -> list[AvatarSummary]:
    """Every avatar that is not hidden."""
    return [summary(avatar) for avatar in house.catalogue.avatars()]


@router.get("/{avatar_id}", responses=refusals(404))
def get_avatar(avatar_id: str, house: House) -> AvatarManifest:
    """An avatar's whole manifest, with the keys of its summary."""
    avatar = found(house.catalogue, avatar_id)
    return AvatarManifest(**{**avatar.manifest, **summary(avatar).model_dump()})


@router.get(
    "/{avatar_id}/preview",
    response_class=FileResponse,
    responses={200: {"content": {"image/png": {}}, "description": "A still picture."}, **refusals(404)},
)
def get_avatar_preview(avatar_id: str, house: House) -> FileResponse:
    """An avatar's still picture: a PNG, or the JPEG its bundle came with."""
    avatar = found(house.catalogue, avatar_id)
    preview = avatar.path / "preview.png"
    picture = preview if preview.is_file() else avatar.reference()
    if picture is None:
        raise NotFound("this avatar has no preview picture")
    kind = "image/png" if picture.suffix == ".png" else "image/jpeg"
    return FileResponse(picture, media_type=kind, headers={"Cache-Control": "no-cache"})


def found(catalogue: Catalogue, avatar_id: str) -> Avatar:
    """The avatar of that id. `NotFound`. Blocks."""
    try:
        return catalogue.avatar(avatar_id)
    except InvalidInput:
        # Its manifest is broken: lists leave it out, too.
        raise NotFound("avatar not found") from None


def summary(avatar: Avatar) -> AvatarSummary:
    """What lists tell of an avatar."""
    person_mode, matting = avatar.metadata.get("person_mode"), avatar.metadata.get("matting_status")
    return AvatarSummary(
        id=avatar.id,
        name=avatar.name,
        model_type=avatar.model_type,
        width=avatar.width,
        height=avatar.height,
        is_custom=avatar.custom,
        person_mode="double" if person_mode == "double" else "single",
        has_preview_video=avatar.preview_video() is not None,
        matting_status=matting if matting in ("opaque", "transparent_ready") else "unknown",
    )

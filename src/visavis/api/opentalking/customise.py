"""`/sessions/customize…` and `/sessions/{id}/customize…` (contract opentalking 1.5).

Without a session they change an avatar, for its later sessions; the bundle it came with stays as it is. With one,
the prompt changes for that session at once.
"""

import asyncio
from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile

from visavis.api.opentalking.avatar_schemas import CustomiseAvatarRequest, CustomiseRequest, CustomiseResponse
from visavis.api.opentalking.avatars import found
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.forms import Sent, described, sent
from visavis.api.opentalking.sessions import Session
from visavis.api.opentalking.workshop import AtWorkshop, Workshop
from visavis.api.parts import House, Parts
from visavis.avatar import Avatar
from visavis.errors import InvalidInput, TooLarge
from visavis.media import picture_header, sniff
from visavis.pool import Customise, SessionHandle

FILES = {
    "reference_image": "A portrait, JPEG, PNG or WebP of at most 10 MB: what the avatar looks like from now on.",
    "reference_audio": "A sample of a voice, at most 12 MB: kept to clone it.",
}
"""Fields of files; which is which is decided by their content."""

EITHER = tuple(FILES) + ("reference", "image", "audio", "file")

LATER = "the new picture is seen in sessions that are made from now on"

SAMPLE = "the sample is kept: POST /voices/clone with this {field} makes a voice of it"

NO_CLONER = "; no voice provider that can clone is set up here (dashscope, cosyvoice)"

ERRORS = refusals(400, 404, 413, 503)

router = APIRouter(route_class=Route, tags=["customisation"], prefix="/sessions", responses=refusals())


@router.post("/customize", responses=ERRORS, openapi_extra=described(CustomiseAvatarRequest, FILES))
async def customize_avatar(request: Request, house: House, workshop: AtWorkshop) -> CustomiseResponse:
    """Change what an avatar looks like and is told to be."""
    async with sent(request, CustomiseAvatarRequest) as (body, more):
        avatar = await asyncio.to_thread(found, house.catalogue, body.avatar_id)
        return await _Change(house, workshop, avatar).make(body, _files(more))


@router.post("/customize/prompt", responses=ERRORS, openapi_extra=described(CustomiseAvatarRequest))
async def customize_avatar_prompt(request: Request, house: House, workshop: AtWorkshop) -> CustomiseResponse:
    """Change what an avatar is told to be, in later sessions that bring no prompt; nothing for the usual one."""
    async with sent(request, CustomiseAvatarRequest) as (body, _):
        avatar = await asyncio.to_thread(found, house.catalogue, body.avatar_id)
        return await _Change(house, workshop, avatar).make(_prompt(body), {})


@router.post("/customize/reference", responses=ERRORS, openapi_extra=described(CustomiseAvatarRequest, FILES))
async def customize_avatar_reference(request: Request, house: House, workshop: AtWorkshop) -> CustomiseResponse:
    """Change what an avatar looks like, or keep a sample of the voice that it is to have."""
    async with sent(request, CustomiseAvatarRequest) as (body, more):
        avatar = await asyncio.to_thread(found, house.catalogue, body.avatar_id)
        return await _Change(house, workshop, avatar).make(body, _files(more, needed=not body.reset))


@router.post(
    "/{session_id}/customize",
    responses={**ERRORS, **refusals(409)},
    openapi_extra=described(CustomiseRequest, FILES),
)
async def customize_session(
    request: Request, session: Session, house: House, workshop: AtWorkshop
) -> CustomiseResponse:
    """Change what a session's avatar is told to be, at once, and what it looks like, in later sessions."""
    async with sent(request, CustomiseRequest) as (body, more):
        change = await _of_session(house, workshop, session)
        return await change.make(body, _files(more))


@router.post(
    "/{session_id}/customize/prompt",
    responses={**ERRORS, **refusals(409)},
    openapi_extra=described(CustomiseRequest),
)
async def customize_session_prompt(
    request: Request, session: Session, house: House, workshop: AtWorkshop
) -> CustomiseResponse:
    """Change what a session's avatar is told to be, from its next answer on."""
    async with sent(request, CustomiseRequest) as (body, _):
        change = await _of_session(house, workshop, session)
        return await change.make(_prompt(body), {})


@router.post(
    "/{session_id}/customize/reference",
    responses={**ERRORS, **refusals(409)},
    openapi_extra=described(CustomiseRequest, FILES),
)
async def customize_session_reference(
    request: Request, session: Session, house: House, workshop: AtWorkshop
) -> CustomiseResponse:
    """Keep a sample of a voice for a session, or change what its avatar looks like in later ones."""
    async with sent(request, CustomiseRequest) as (body, more):
        change = await _of_session(house, workshop, session)
        return await change.make(body, _files(more, needed=not body.reset))


class _Change:
    """One request's changes: all of it is checked before anything is changed."""

    def __init__(
        self, house: Parts, workshop: Workshop, avatar: Avatar, session: SessionHandle | None = None
    ) -> None:
        self._house = house
        self._workshop = workshop
        self._avatar = avatar
        self._session = session
        self._changes = house.catalogue.customisations

    async def make(self, body: CustomiseRequest, files: Mapping[str, UploadFile]) -> CustomiseResponse:
        """Change what `body` and `files` say."""
        prompt = body.llm_system_prompt
        if prompt is not None and len(prompt) > self._house.settings.max_text_chars:
            raise TooLarge(f"llm_system_prompt: at most {self._house.settings.max_text_chars} characters")
        kinds = {field: await _is_picture(field, file) for field, file in files.items()}
        messages: list[str] = []
        if body.reset:
            await asyncio.to_thread(self._changes.forget, self._avatar.id)
        for field, file in files.items():
            messages.append(await (self._look(field, file) if kinds[field] else self._keep(field, file)))
        if prompt is not None:
            await self._tell(prompt)
        return CustomiseResponse(
            avatar_id=self._avatar.id,
            image_updated=any(kinds.values()),
            prompt_updated=prompt is not None,
            audio_updated=not all(kinds.values()),
            session_id=self._session.id if self._session else None,
            message="; ".join(messages),
        )

    async def _look(self, field: str, file: UploadFile) -> str:
        async with self._workshop.picture(file, field) as picture:
            await asyncio.to_thread(self._changes.set_picture, self._avatar, *picture)
        return LATER

    async def _keep(self, field: str, file: UploadFile) -> str:
        async with self._workshop.sound(file, field) as sample:
            if self._session:
                await asyncio.to_thread(self._workshop.keep_sample, self._session.id, sample)
            else:
                await asyncio.to_thread(self._changes.set_sample, self._avatar, sample)
        able = await asyncio.to_thread(self._workshop.voices.able)
        return SAMPLE.format(field="session_id" if self._session else "avatar_id") + ("" if able else NO_CLONER)

    async def _tell(self, prompt: str) -> None:
        if self._session:
            await self._session.customise(Customise(prompt))
        else:
            await asyncio.to_thread(self._changes.set_prompt, self._avatar, prompt)


async def _of_session(house: Parts, workshop: Workshop, session: SessionHandle) -> _Change:
    info = await session.info()
    avatar = await asyncio.to_thread(found, house.catalogue, info.avatar_id)
    return _Change(house, workshop, avatar, session)


def _prompt(body: CustomiseRequest) -> CustomiseRequest:
    return body.model_copy(update={"llm_system_prompt": body.llm_system_prompt or ""})


def _files(more: Sent, needed: bool = False) -> Mapping[str, UploadFile]:
    """The files among what was sent. A browser sends a field that was left empty as a file without a name."""
    files = {name: more.files[name] for name in EITHER if name in more.files}
    if needed and not files:
        raise InvalidInput("reference_image: field required")
    return files if needed else {name: file for name, file in files.items() if file.filename or file.size}


async def _is_picture(field: str, file: UploadFile) -> bool:
    """Whether a file is a picture, by its content; by what was said of it, if its content is neither."""
    head = await file.read(sniff.HEAD)
    await file.seek(0)
    if picture_header.is_picture(head):
        return True
    if sniff.container(head):
        return False
    return "image" in field or (file.content_type or "").startswith("image/")

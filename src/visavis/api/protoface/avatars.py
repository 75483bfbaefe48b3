"""`/v1/avatars` (contract protoface 1.6)."""

import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Header, Query, UploadFile
from starlette.responses import Response

from visavis.api.idempotency import Answer, Once
from visavis.api.protoface.agency import AtAgency, AvatarReader, AvatarWriter
from visavis.api.protoface.creation import sent, take
from visavis.api.protoface.errors import Refusal, Route, refusals, wrong_field
from visavis.api.protoface.foundry import MAX_IMAGE
from visavis.api.protoface.pages import USUAL, Limit, StartingAfter, unknown_cursor
from visavis.api.protoface.schemas import Avatar, AvatarList
from visavis.api.protoface.views import avatar as shown
from visavis.api.rates import CreateRates
from visavis.avatar.consent import agreed
from visavis.errors import InvalidInput
from visavis.store import AvatarRecord

LONGEST_NAME = 100
"""Characters."""

router = APIRouter(route_class=Route, tags=["protoface"], prefix="/v1/avatars", responses=refusals())


@router.get("", responses=refusals(400, 401, 403, 422))
async def protoface_list_avatars(
    agency: AtAgency,
    asker: AvatarReader,
    scope: Annotated[
        Literal["all", "platform", "org"], Query(description="Everybody's, your own, or both.")
    ] = "all",
    q: Annotated[str | None, Query(max_length=100, description="Part of the name or id.")] = None,
    limit: Limit = USUAL,
    starting_after: StartingAfter = None,
) -> AvatarList:
    """The avatars you can use: those of the server, then your own, the newest first."""
    found: list[AvatarRecord] = []
    if scope != "org":
        found += await agency.lineup.stock()
    if scope != "platform":
        found += await agency.lineup.made(asker.organisation)
    part = (q or "").casefold()
    found = [each for each in found if part in each.name.casefold() or part in each.id.casefold()]
    start = 0
    if starting_after:
        ids = [each.id for each in found]
        if starting_after not in ids:
            raise unknown_cursor()
        start = ids.index(starting_after) + 1
    page, more = found[start : start + limit], len(found) > start + limit
    return AvatarList(
        data=[shown(each) for each in page], has_more=more, next_cursor=page[-1].id if more else None
    )


@router.post(
    "",
    status_code=202,
    response_model=Avatar,
    responses=refusals(400, 401, 403, 409, 422, 429, 503),
)
async def protoface_create_avatar(
    agency: AtAgency,
    asker: AvatarWriter,
    rates: CreateRates,
    once: Once,
    image: Annotated[UploadFile, File(description="A portrait: PNG or JPEG of at most 10 MiB.")],
    name: Annotated[str, Form(max_length=LONGEST_NAME)] = "Custom Avatar",
    runtime_type: Annotated[
        str, Form(max_length=64, description="Kept and told; it changes nothing here.")
    ] = "avtr1",
    consent_by: Annotated[
        str, Form(description="Ours: who agreed that this avatar is made; some servers require it.")
    ] = "",
    consent_text: Annotated[str, Form(description="Ours: the version of the text that was agreed to.")] = "",
    idempotency_key: Annotated[
        str | None, Header(alias="Idempotency-Key", description="1 to 255 characters of yours.")
    ] = None,
) -> Response:
    """Make an avatar of a picture. Answers at once with `processing`; `ready` or `failed` follows."""
    content = await image.read(MAX_IMAGE + 1)
    if not content:
        raise wrong_field("image", "must not be empty")
    if len(content) > MAX_IMAGE:
        raise wrong_field("image", f"at most {MAX_IMAGE // 1024 // 1024} MiB are accepted")
    title = name.strip()
    if not title or not title.isprintable():
        raise wrong_field("name", f"must be 1 to {LONGEST_NAME} printable characters")
    if not runtime_type.isprintable():
        raise wrong_field("runtime_type", "must be printable")

    try:
        consent = agreed(agency.settings, consent_by, consent_text)
    except InvalidInput as error:
        param, _, words = error.message.partition(": ")
        raise wrong_field(param, words) from None

    async def make() -> Answer:
        take(rates, asker)
        record = await agency.foundry.begin(asker.organisation, title, runtime_type, content, consent)
        return Answer(202, shown(record).model_dump_json().encode())

    asked = hashlib.sha256(content).digest() + f"{len(name)} {name}{runtime_type}".encode()
    return sent(await once.once(asker.organisation, "avatars", idempotency_key, asked, make), rates, asker)


@router.get("/{avatar_id}", responses=refusals(401, 403, 404, 422))
async def protoface_get_avatar(avatar_id: str, agency: AtAgency, asker: AvatarReader) -> Avatar:
    """An avatar of the server's or of yours."""
    return shown(await agency.lineup.find(asker.organisation, avatar_id))


@router.delete("/{avatar_id}", status_code=204, responses=refusals(400, 401, 403, 404, 422))
async def protoface_delete_avatar(avatar_id: str, agency: AtAgency, asker: AvatarWriter) -> None:
    """Delete an avatar of yours and all that was made of its picture. Sessions and usage stay on record."""
    record = await agency.lineup.find(asker.organisation, avatar_id)
    if not record.organisation:
        raise Refusal(400, "platform_avatar", "this avatar came with the server and can't be deleted")
    await agency.foundry.delete(record)

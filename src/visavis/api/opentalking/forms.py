"""Bodies that clients send either as JSON or as a form, files and all."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request

from visavis.api.opentalking.errors import in_words
from visavis.errors import Conflict, InvalidInput

M = TypeVar("M", bound=BaseModel)

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")

MAX_FIELDS = 64


class Sent(NamedTuple):
    """What a body has beside its fields."""

    files: Mapping[str, UploadFile]


@asynccontextmanager
async def sent(request: Request, kind: type[M]) -> AsyncIterator[tuple[M, Sent]]:
    """The fields of a body as a `kind`, and its files, which are gone afterwards. Raises `InvalidInput`."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if media_type in FORMS:
            async with request.form(max_files=8, max_fields=MAX_FIELDS) as form:
                files = {name: value for name, value in form.multi_items() if isinstance(value, UploadFile)}
                texts = {name: value for name, value in form.multi_items() if isinstance(value, str)}
                yield _valid(kind, texts), Sent(files)
        elif media_type == "application/json":
            yield _valid(kind, _parsed(await request.body())), Sent({})
        else:
            raise InvalidInput(
                "body: must be a form (multipart/form-data), or a JSON object sent as application/json"
            )
    except ClientDisconnect:
        raise Conflict("the client has gone") from None


def described(
    kind: type[BaseModel], files: Mapping[str, str] | None = None, example: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A route's `openapi_extra`: the body that `sent` reads; `files` are its file fields and what they are for."""
    schema = kind.model_json_schema()
    form = schema | {
        "properties": schema["properties"]
        | {
            name: {"type": "string", "format": "binary", "description": text}
            for name, text in (files or {}).items()
        }
    }
    json_content: dict[str, Any] = {"schema": schema}
    if example is not None:
        json_content["example"] = dict(example)
    content = {"application/json": json_content, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidInput("body: not valid JSON") from None
    if not isinstance(found, dict):
        raise InvalidInput("body: must be a JSON object, sent as application/json")
    return found


def _valid(kind: type[M], fields: Mapping[str, Any]) -> M:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InvalidInput(
            in_words([{**each, "loc": ("body", *each["loc"])} for each in error.errors()])
        ) from None

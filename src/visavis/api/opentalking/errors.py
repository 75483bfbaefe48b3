"""How OpenTalking says no: a status and `{"detail": "…"}` (contract opentalking 1.0)."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from visavis.api.opentalking.schemas import Refusal
from visavis.api.statuses import GENERIC, headers_of, status_of
from visavis.api.supervision import SupervisedRoute
from visavis.errors import (
    VisavisError,
)

DESCRIPTIONS: Mapping[int, tuple[str, str]] = {
    400: ("The request is wrong.", "text: field required"),
    403: ("It may not be done.", "this avatar cannot be deleted"),
    404: ("It does not exist.", "session not found"),
    409: ("Its state forbids it.", "a turn is in flight; call /interrupt first"),
    413: ("It is over a limit.", "text: at most 10000 characters"),
    502: ("An upstream service failed.", "the language model did not answer in time"),
    503: ("There is no room, or a part is missing.", "all session slots are taken; try again later"),
}
"""What a status means and an example, for the OpenAPI document."""

PHRASES: Mapping[str, str] = {
    "missing": "field required",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "json_invalid": "not valid JSON",
    "model_attributes_type": "must be a JSON object, sent as application/json",
    "dict_type": "must be a JSON object, sent as application/json",
}
"""Pydantic's error types in plain words; the other types' own messages are plain enough."""


def refuse(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to what cannot be done."""
    return JSONResponse({"detail": detail}, status, headers)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer `statuses`.

    `default` stands for every other status: it has the same body, and keeps FastAPI's own 422 out of the
    document.
    """
    described: dict[int | str, dict[str, Any]] = {
        status: {
            "model": Refusal,
            "description": DESCRIPTIONS[status][0],
            "content": {"application/json": {"example": {"detail": DESCRIPTIONS[status][1]}}},
        }
        for status in statuses
    }
    return described | {"default": {"model": Refusal, "description": "Anything else that went wrong."}}


def in_words(errors: Sequence[Any]) -> str:
    """What is wrong with a request, for people: `text: field required; voice: must be a string`.

    Never repeats what was sent.
    """
    return "; ".join(dict.fromkeys(_in_words(error) for error in errors[:3]))


def _in_words(error: Mapping[str, Any]) -> str:
    kind, place = error["type"], error["loc"]
    # json_invalid's place is a position, not a field.
    field = ".".join(str(step) for step in place[1:]) if kind != "json_invalid" else ""
    if kind == "value_error":
        words = str(error["ctx"]["error"])
        # FastAPI's own words for a text where a file was wanted name its classes.
        words = "must be a file" if words.startswith("Expected UploadFile") else words
    else:
        words = PHRASES.get(kind) or str(error["msg"]).removeprefix("Input should be ").removeprefix("Value ")
        words = words if kind in PHRASES else f"must be {words}"
    return f"{field or place[0]}: {words}"


class Route(SupervisedRoute):
    """Says no in OpenTalking's words."""

    @staticmethod
    def invalid(errors: Sequence[Any]) -> Response:
        """See `SupervisedRoute`."""
        return refuse(400, in_words(errors))

    @staticmethod
    def refused(error: HTTPException) -> Response:
        """See `SupervisedRoute`."""
        return refuse(error.status_code, str(error.detail), error.headers)

    @staticmethod
    def failed(error: VisavisError) -> Response:
        """See `SupervisedRoute`."""
        status = status_of(error)
        return refuse(status, GENERIC if status == 500 else error.message, headers_of(error))

    @staticmethod
    def defective() -> Response:
        """See `SupervisedRoute`."""
        return refuse(500, GENERIC)

"""How the Protoface API says no: one envelope, whatever went wrong (contract protoface 1.7)."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from visavis.api.protoface.request_ids import HEADER, request_id
from visavis.api.statuses import GENERIC, headers_of, status_of
from visavis.api.supervision import SupervisedRoute
from visavis.errors import (
    AtCapacity,
    Conflict,
    Forbidden,
    NotFound,
    QuotaExceeded,
    RateLimited,
    TooLarge,
    Unauthenticated,
    VisavisError,
)

ErrorType = Literal[
    "invalid_request",
    "authentication",
    "permission",
    "not_found",
    "conflict",
    "unprocessable",
    "rate_limit",
    "quota_exceeded",
    "internal",
    "service_unavailable",
]

TYPES: Mapping[int, ErrorType] = {
    401: "authentication",
    402: "quota_exceeded",
    403: "permission",
    404: "not_found",
    409: "conflict",
    422: "unprocessable",
    429: "rate_limit",
    503: "service_unavailable",
}
"""What a status is called; the others below 500 are `invalid_request`, those above `internal`."""

CODES: Mapping[type[VisavisError], str] = {
    Unauthenticated: "invalid_api_key",
    Forbidden: "insufficient_scope",
    NotFound: "not_found",
    Conflict: "conflict",
    TooLarge: "too_large",
    RateLimited: "too_many_requests",
    QuotaExceeded: "concurrent_sessions",
    AtCapacity: "at_capacity",
}
"""The codes of errors that bring none of their own; the others' are `visavis.errors`' words."""

DESCRIPTIONS: Mapping[int, tuple[str, str, str]] = {
    400: ("The request is wrong.", "transport.unsupported", "transport.type: only livekit is served here"),
    401: ("The key is missing or not valid.", "invalid_api_key", "this key is not valid"),
    402: ("There is no credit. Never here: nothing is charged.", "insufficient_credit_balance", "no credit"),
    403: ("The key lacks a scope.", "insufficient_scope", "this key lacks the scope sessions:write"),
    404: ("It does not exist, or is somebody else's.", "session_not_found", "session not found"),
    409: ("Its state forbids it.", "avatar_not_ready", "this avatar is being made"),
    422: ("A field is wrong: `param` says which.", "validation_failed", "quality: must be 'lite' or 'standard'"),
    429: ("Too often, or too many at once.", "too_many_requests", "at most 10 may be created a minute"),
    503: ("There is no room; `Retry-After` says when to ask again.", "at_capacity", "no room at present"),
}
"""What a status means, a code and a message, for the OpenAPI document."""

SHOWN = re.compile(r"(?!eyJ)[\w.\-]{1,64}")
"""Names of fields that may be repeated: nothing that could be a token."""

MARKS: Mapping[str, frozenset[str]] = {"transport": frozenset({"livekit", "websocket", "pipecat"})}
"""Steps that Pydantic puts behind a field to say which kind of it was meant."""

PHRASES: Mapping[str, str] = {
    "missing": "field required",
    "extra_forbidden": "there is no such field",
    "model_attributes_type": "must be a JSON object, sent as application/json",
    "string_unicode": "must be valid Unicode",
}


class ApiError(BaseModel):
    """Why a request was not done."""

    model_config = ConfigDict(extra="forbid")

    type: ErrorType
    code: str = Field(description="Stable; switch on this.")
    message: str = Field(description="For people.")
    param: str | None = Field(default=None, description="The field that is wrong, as a path with dots.")
    request_id: str = Field(description="The same as the header `X-Request-Id`.")


class ApiErrorEnvelope(BaseModel):
    """What every answer but a good one looks like."""

    model_config = ConfigDict(extra="forbid")

    error: ApiError


class Refusal(VisavisError):
    """A no with a status, a code and a field of its own."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        kind: ErrorType | None = None,
    ) -> None:
        super().__init__(f"{param}: {message}" if param else message)
        self.status = status
        self.own_code = code
        self.param = param
        self.headers = headers
        self.kind = kind


def wrong_field(param: str, message: str, code: str = "validation_failed") -> Refusal:
    """The error for a field whose value fits its type but can't be."""
    return Refusal(422, code, message, param)


def envelope(
    status: int,
    code: str,
    message: str,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
    kind: ErrorType | None = None,
) -> Response:
    """The answer that says no."""
    kind = kind or TYPES.get(status) or ("invalid_request" if status < 500 else "internal")
    error = {"type": kind, "code": code, "message": message, "param": param, "request_id": request_id()}
    return JSONResponse({"error": error}, status, headers)


def refuse(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to what no route has answered."""
    if status == 413:
        # The SDK has no class for it.
        return envelope(422, "too_large", message, headers=headers)
    codes = {400: "invalid_request", 404: "not_found", 405: "method_not_allowed"}
    return envelope(status, codes.get(status, "refused"), message, headers=headers)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer `statuses`; `default` stands for every other."""
    headers = {HEADER: {"schema": {"type": "string"}, "description": "To be named to whoever runs the server."}}
    described: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        description, code, message = DESCRIPTIONS[status]
        error = {"type": TYPES.get(status, "invalid_request"), "code": code, "message": message}
        example = {"error": error | {"request_id": "req_01HXY5K8E7QYG3X8Z6N9R7S0VR"}}
        described[status] = {
            "model": ApiErrorEnvelope,
            "description": description,
            "headers": headers,
            "content": {"application/json": {"example": example}},
        }
    other = {"model": ApiErrorEnvelope, "description": "Anything else that went wrong.", "headers": headers}
    return described | {"default": other}


class Route(SupervisedRoute):
    """Says no in the Protoface API's words."""

    @staticmethod
    def invalid(errors: Sequence[Any]) -> Response:
        """See `SupervisedRoute`. The answer never repeats what was sent."""
        first = errors[0]
        kind, param = first["type"], _param(first["loc"])
        if kind == "json_invalid":
            return envelope(400, "invalid_json", "the body is not valid JSON")
        if kind == "union_tag_not_found":
            return envelope(400, f"{param}.type.missing", f"{param}.type: field required", f"{param}.type")
        if kind == "union_tag_invalid":
            return envelope(400, f"{param}.unsupported", f"{param}.type: only livekit is served", f"{param}.type")
        words = PHRASES.get(kind)
        if kind == "value_error":
            words = str(first["ctx"]["error"])
            words = "must be a file" if words.startswith("Expected UploadFile") else words
        if words is None:
            words = "must be " + str(first["msg"]).removeprefix("Input should be ").removeprefix("Value ")
        return envelope(422, "validation_failed", f"{param or first['loc'][0]}: {words}", param)

    @staticmethod
    def refused(error: HTTPException) -> Response:
        """See `SupervisedRoute`."""
        return refuse(error.status_code, str(error.detail), error.headers)

    @staticmethod
    def failed(error: VisavisError) -> Response:
        """See `SupervisedRoute`."""
        if isinstance(error, Refusal):
            return envelope(error.status, error.own_code, error.message, error.param, error.headers, error.kind)
        status = status_of(error)
        if isinstance(error, TooLarge):
            status = 422
        code = next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), error.code)
        kind: ErrorType | None = "quota_exceeded" if isinstance(error, QuotaExceeded) else None
        message = GENERIC if status == 500 else error.message
        return envelope(status, code, message, headers=headers_of(error), kind=kind)

    @staticmethod
    def defective() -> Response:
        """See `SupervisedRoute`."""
        return envelope(500, "internal", GENERIC)


def _param(place: Sequence[Any]) -> str | None:
    """The path of a field, as a client knows it."""
    steps = [str(step) for step in place[1:]]
    kept = [step for at, step in enumerate(steps) if not (at and step in MARKS.get(steps[at - 1], ()))]
    # What follows the value of a metadata key says which of its types was tried.
    kept = kept[:2] if kept[:1] == ["metadata"] else kept
    return ".".join(step for step in kept if SHOWN.fullmatch(step)) or None

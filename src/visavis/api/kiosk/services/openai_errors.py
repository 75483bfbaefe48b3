"""How routes in OpenAI's shape say no: `{"error": {"message", "type", "param", "code"}}` (contract kiosk 2.3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from visavis.api import statuses
from visavis.api.families import Family
from visavis.api.statuses import GENERIC, headers_of
from visavis.api.supervision import SupervisedRoute
from visavis.errors import (
    InvalidInput,
    StageFailed,
    VisavisError,
)

STATUS = {**statuses.STATUS, StageFailed: 503}
"""A part of ours that fails is a service that can't be used now."""


class ErrorBody(BaseModel):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class OpenAIRefusal(BaseModel):
    """Why a request was not done."""

    error: ErrorBody


class WrongField(InvalidInput):
    """A field of the request is wrong; `param` is its name."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(f"{param}: {message}")
        self.param = param


def envelope(status: int, message: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """The body that says no."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    usual = "invalid_request" if status < 500 else "unavailable"
    return {"error": {"message": message, "type": kind, "param": param, "code": code or usual}}


def refuse(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to what cannot be done."""
    return JSONResponse(envelope(status, message), status, headers)


FAMILIES = tuple(
    Family(f"openai-{name}", f"/v1/{name}", refuse) for name in ("audio", "chat", "model-info", "performance")
)
"""The prefixes that speak so."""


def refusals() -> dict[int | str, dict[str, Any]]:
    """The `responses` of every route that speaks so."""
    return {"default": {"model": OpenAIRefusal, "description": "It could not be done."}}


def told(error: VisavisError) -> dict[str, Any]:
    """The body that stands for `error`, in an answer or in a stream."""
    status = _status(error)
    param = error.param if isinstance(error, WrongField) else None
    code = "internal_error" if status == 500 else error.code
    return envelope(status, GENERIC if status == 500 else error.message, param, code)


def _status(error: VisavisError) -> int:
    return statuses.status_of(error, STATUS)


class OpenAIRoute(SupervisedRoute):
    """Says no in OpenAI's words."""

    @staticmethod
    def invalid(errors: Sequence[Any]) -> Response:
        """See `SupervisedRoute`. The answer never repeats what was sent."""
        first = errors[0]
        steps = [str(step) for step in first["loc"][1:]] if first["type"] != "json_invalid" else []
        param = ".".join(steps) or None
        words = str(first["ctx"]["error"]) if first["type"] == "value_error" else str(first["msg"])
        return JSONResponse(envelope(400, f"{param or 'body'}: {words}", param), 400)

    @staticmethod
    def refused(error: HTTPException) -> Response:
        """See `SupervisedRoute`."""
        return refuse(error.status_code, str(error.detail), error.headers)

    @staticmethod
    def failed(error: VisavisError) -> Response:
        """See `SupervisedRoute`."""
        return JSONResponse(told(error), _status(error), headers_of(error))

    @staticmethod
    def defective() -> Response:
        """See `SupervisedRoute`."""
        return JSONResponse(envelope(500, GENERIC, code="internal_error"), 500)

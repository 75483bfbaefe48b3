"""How the kiosk API says no: a status and `{"detail": …}`, a text or FastAPI's list of fields (contract 1.1)."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from visavis.api.kiosk.schemas import KioskRefusal
from visavis.api.statuses import GENERIC, headers_of, status_of
from visavis.api.supervision import SupervisedRoute
from visavis.errors import (
    NotFound,
    VisavisError,
)

WRONG_FIELD = {
    "type": "less_than_equal",
    "loc": ["body", "sample_rate"],
    "msg": "Input should be less than or equal to 48000",
    "input": 96_000,
    "ctx": {"le": 48_000},
}

DESCRIPTIONS: Mapping[int, tuple[str, Any]] = {
    400: ("The request is wrong.", "the body is empty: send a WAV or raw PCM"),
    404: ("It does not exist.", "'Unknown session: 3f1e4d2a'"),
    409: ("Its state forbids it.", "Session is not running: completed"),
    413: ("It is over a limit.", "the body is larger than the 65536 bytes that are accepted here"),
    422: ("A field is wrong: which, and why.", [WRONG_FIELD]),
    503: ("There is no room, or a part is missing.", "all session slots are taken; try again later"),
}
"""What a status means and an example, for the OpenAPI document."""

MAX_SHOWN = 200
"""Characters of a wrong value that are repeated."""


def refuse(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to what cannot be done."""
    return JSONResponse({"detail": detail}, status, headers)


def refuse_fields(errors: Sequence[Any]) -> Response:
    """The answer to wrong fields, in FastAPI's own form. What was sent is repeated, cut to a bearable length."""
    shown = [
        {key: _shown(value) for key, value in error.items() if key in ("type", "loc", "msg", "input", "ctx")}
        for error in errors
    ]
    return Response(json.dumps({"detail": shown}, allow_nan=False), 422, media_type="application/json")


def wrong_field(field: str, message: str, sent: Any) -> RequestValidationError:
    """The error for a field whose value fits its type but not this server."""
    return RequestValidationError(
        [{"type": "value_error", "loc": ("body", field), "msg": f"Value error, {message}", "input": sent}]
    )


def unknown(session_id: str) -> NotFound:
    """The error for a session that there is not, in the words of deployed servers (contract 1.1)."""
    shown = "".join(char for char in session_id[:MAX_SHOWN] if char.isprintable())[:80]
    return NotFound(f"'Unknown session: {shown}'")


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer `statuses`; `default` stands for every other."""
    described: dict[int | str, dict[str, Any]] = {
        status: {
            "model": KioskRefusal,
            "description": DESCRIPTIONS[status][0],
            "content": {"application/json": {"example": {"detail": DESCRIPTIONS[status][1]}}},
        }
        for status in statuses
    }
    return described | {"default": {"model": KioskRefusal, "description": "Anything else that went wrong."}}


def answer_to(error: VisavisError) -> Response:
    """The answer that stands for `error`; its message is made for people (`visavis.errors`)."""
    status = status_of(error)
    return refuse(status, GENERIC if status == 500 else error.message, headers_of(error))


class Route(SupervisedRoute):
    """Says no in the kiosk API's words."""

    @staticmethod
    def invalid(errors: Sequence[Any]) -> Response:
        """See `SupervisedRoute`."""
        return refuse_fields(errors)

    @staticmethod
    def refused(error: HTTPException) -> Response:
        """See `SupervisedRoute`."""
        if error.status_code == 400:
            # A body that FastAPI could not even take apart.
            return refuse_fields(
                [{"type": "body_invalid", "loc": ["body"], "msg": str(error.detail), "input": None}]
            )
        return refuse(error.status_code, str(error.detail), error.headers)

    @staticmethod
    def failed(error: VisavisError) -> Response:
        """See `SupervisedRoute`."""
        return answer_to(error)

    @staticmethod
    def defective() -> Response:
        """See `SupervisedRoute`."""
        return refuse(500, GENERIC)


def _shown(value: Any, depth: int = 0) -> Any:
    """A value as JSON can hold it."""
    match value:
        case None | bool():
            return value
        case str():
            return value[:MAX_SHOWN].encode("utf-8", "replace").decode()
        case int():
            return (
                value if abs(value) < 1 << 53 else f"{value:e}"[:MAX_SHOWN] if abs(value) < 1 << 1000 else "huge"
            )
        case float():
            return value if math.isfinite(value) else str(value)
        case Mapping() if depth < 3:
            return {_shown(str(key)): _shown(item, depth + 1) for key, item in list(value.items())[:30]}
        case list() | tuple() if depth < 3:
            return [_shown(item, depth + 1) for item in value[:30]]
        case Exception():
            return str(value)[:MAX_SHOWN]
        case _:
            return None

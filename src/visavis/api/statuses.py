"""HTTP statuses of what can go wrong, the same in every API family unless it says otherwise."""

from collections.abc import Mapping

from visavis.errors import (
    AtCapacity,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    QuotaExceeded,
    RateLimited,
    StageFailed,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UpstreamFailed,
    VisavisError,
    WorkerLost,
)

STATUS: Mapping[type[VisavisError], int] = {
    InvalidInput: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    RateLimited: 429,
    QuotaExceeded: 429,
    UpstreamFailed: 502,
    Unavailable: 503,
    AtCapacity: 503,
    WorkerLost: 503,
    StageFailed: 500,
    VisavisError: 500,
}

GENERIC = "internal error; the server's log tells more"
"""All that is said of a defect."""


def status_of(error: VisavisError, statuses: Mapping[type[VisavisError], int] = STATUS) -> int:
    """The status of the nearest kind of error that has one."""
    return next(statuses[kind] for kind in type(error).__mro__ if kind in statuses)


def headers_of(error: VisavisError) -> Mapping[str, str] | None:
    """What the answer to an error says besides its status: when to come again, how to say who one is."""
    if isinstance(error, AtCapacity | RateLimited):
        return {"Retry-After": str(error.retry_after)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, Unauthenticated) else None

"""What can go wrong, by kind. Each API family turns a kind into its own status and body.

A message says what happened and the next step, for the person who reads it; it never holds a path, a
secret, an upstream body or a traceback.
"""

from typing import ClassVar


class VisavisError(Exception):
    """The root of every expected error. `code` is stable; `message` is for people."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(VisavisError):
    """The request itself is wrong: empty text, malformed SDP, an unknown provider."""

    code = "invalid_input"


class NotFound(VisavisError):
    """The thing that was named does not exist."""

    code = "not_found"


class Conflict(VisavisError):
    """The thing exists, but is in a state that forbids the call."""

    code = "conflict"


class TooLarge(VisavisError):
    """The request is over a limit."""

    code = "too_large"


class AtCapacity(VisavisError):
    """There is no room for another session now; `retry_after` is in seconds."""

    code = "at_capacity"

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unauthenticated(VisavisError):
    """Nobody knows who is asking: there is no key, or not one that is valid."""

    code = "unauthenticated"


class RateLimited(VisavisError):
    """Too many calls; `retry_after` is in seconds."""

    code = "rate_limited"

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaExceeded(VisavisError):
    """The organisation has as many of these as it may have."""

    code = "quota_exceeded"


class Forbidden(VisavisError):
    """The principal may not do this."""

    code = "forbidden"


class Unavailable(VisavisError):
    """A part that is needed is not installed or not running here; the message says how to get it."""

    code = "unavailable"


class WorkerLost(VisavisError):
    """The process that carried the session has died."""

    code = "worker_lost"


class StageFailed(VisavisError):
    """A stage of a turn failed. `stage` is one of asr, llm, knowledge, tts, face, playout, transport."""

    code = "stage_failed"

    def __init__(self, stage: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage


class UpstreamFailed(StageFailed):
    """A remote provider answered with an error, too late, or with rubbish."""

    code = "upstream_failed"

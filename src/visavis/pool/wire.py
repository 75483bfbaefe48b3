"""What the API process and its media workers say to each other, over a `Line`."""

from typing import Any, ClassVar, TypeAlias

import msgspec

from visavis import errors
from visavis.errors import AtCapacity, RateLimited, StageFailed, UpstreamFailed, VisavisError
from visavis.pool.verbs import Command, NewSession
from visavis.session.events import Record


class Hello(msgspec.Struct, frozen=True, tag=True):
    """First message to a worker: the settings, as plain values."""

    settings: dict[str, Any]


class Create(msgspec.Struct, frozen=True, tag=True):
    """Make a session."""

    request: NewSession


class Ping(msgspec.Struct, frozen=True, tag=True):
    """Show that you live."""


class Drain(msgspec.Struct, frozen=True, tag=True):
    """End every session; the worker then exits."""


class Request(msgspec.Struct, frozen=True, tag=True):
    """A call."""

    id: int
    session: str
    """Empty for Ping and Drain."""
    command: Command | Create | Ping | Drain


class Refusal(msgspec.Struct, frozen=True):
    """A `VisavisError`, to be raised again on the other side."""

    code: str
    message: str
    stage: str = ""
    retry_after: int = 0

    KINDS: ClassVar[dict[str, type[VisavisError]]] = {
        kind.code: kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, VisavisError)
    }

    @classmethod
    def of(cls, error: VisavisError) -> "Refusal":
        """Put an error into words."""
        return cls(
            error.code,
            error.message,
            error.stage if isinstance(error, StageFailed) else "",
            error.retry_after if isinstance(error, AtCapacity | RateLimited) else 0,
        )

    def error(self) -> VisavisError:
        """The error again."""
        kind = self.KINDS.get(self.code, VisavisError)
        if kind is AtCapacity or kind is RateLimited:
            return kind(self.message, self.retry_after)
        if kind is StageFailed or kind is UpstreamFailed:
            return kind(self.stage, self.message)
        return kind(self.message)


class Reply(msgspec.Struct, frozen=True, tag=True):
    """What a call came to: `result` is msgpack, or there is a `refusal`."""

    id: int
    result: bytes = b"\xc0"
    refusal: Refusal | None = None


class Happened(msgspec.Struct, frozen=True, tag=True):
    """An event of a session."""

    session: str
    record: Record


FromWorker: TypeAlias = Reply | Happened
ToWorker: TypeAlias = Hello | Request

"""Who is asking. Every route depends on it, so that keys and rights have their place from the first day."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.errors import Forbidden, Unauthenticated
from visavis.settings import Settings
from visavis.store import Store

OPEN = ("/healthz", "/voice-uploads/")
"""Paths that need no key although others do: a sign of life, and samples whose address is itself a secret."""

NO_KEY = "a key is needed: send it as Authorization: Bearer sk_live_…; `visavis key create` makes one"
WRONG_KEY = "this key is not valid: it is unknown, has expired or was revoked"


@dataclass(frozen=True, slots=True)
class Principal:
    """The person or program behind a request, and what it may do."""

    id: str
    """Of its key; `owner` for the owner of the machine."""
    organisation: str
    """Its id; empty for the owner of the machine."""
    scopes: frozenset[str]
    """`sessions:read`, `sessions:*`…; `*` for everything."""
    rate: int = 0
    """Things it may create a minute; 0 for the configured number."""
    concurrency: int = 0
    """Sessions it may have at once; 0 for the configured number."""

    def may(self, scope: str) -> bool:
        """Whether it has the right `scope`."""
        return not self.scopes.isdisjoint(("*", scope, f"{scope.partition(':')[0]}:*"))

    def need(self, scope: str) -> None:
        """Raises `Forbidden` unless it has the right `scope`."""
        if not self.may(scope):
            raise Forbidden(f"this key lacks the scope {scope}")

    @property
    def tenant(self) -> str:
        """Whom what it makes belongs to: everybody of an organisation sees the same."""
        return self.organisation or self.id


OWNER = Principal("owner", "", frozenset({"*"}))
"""Whoever runs the server."""


async def holder(connection: HTTPConnection, key: str) -> Principal:
    """Who has `key`, which may be empty. Raises `Unauthenticated`."""
    if not key:
        raise Unauthenticated(NO_KEY)
    store: Store = connection.app.state.parts.store
    if (record := await store.keys.find(key)) is None:
        raise Unauthenticated(WRONG_KEY)
    found = Principal(
        record.id, record.organisation, frozenset(record.scopes.split()), record.rate, record.concurrency
    )
    connection.state.principal = found
    return found


def bearer(connection: HTTPConnection) -> str:
    """The key in the header `Authorization` (RFC 6750); empty without one."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def principal(connection: HTTPConnection) -> Principal:
    """Who asks an API that can do without keys, as OpenTalking's server does (contract opentalking 1.0).

    The owner, also for a peer beyond the loopback, unless `require_keys` is set: then whoever has the key, which
    may also be the query's `access_token` where browsers can send no header. Raises `Unauthenticated`,
    `Forbidden`.
    """
    settings: Settings = connection.app.state.parts.settings
    path = connection.scope["path"]
    if not settings.require_keys or path.startswith(OPEN):
        return OWNER
    reads = connection.scope.get("method", "") in ("GET", "HEAD")
    key = bearer(connection)
    if not key and (reads or connection.scope["type"] == "websocket"):
        key = connection.query_params.get("access_token", "")
    asker = await holder(connection, key)
    asker.need("sessions:read" if reads else "sessions:write")
    return asker


def tenant_of(connection: HTTPConnection) -> str | None:
    """Whose sessions the request that was let in may see: None for everybody's, as nobody is asked for a key."""
    settings: Settings = connection.app.state.parts.settings
    if not settings.require_keys:
        return None
    found: Principal | None = getattr(connection.state, "principal", None)
    # A route that nobody was let in to sees what belongs to nobody.
    return found.tenant if found is not None else ""


Asker = Annotated[Principal, Depends(principal)]
"""The type of a route's argument that wants to know who is asking."""

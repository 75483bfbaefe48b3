"""Keys, for API families that never answer without one."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from visavis.api.principal import Principal, bearer, holder

SCHEME = HTTPBearer(
    scheme_name="key",
    bearerFormat="sk_live_…",
    description="A key that `visavis key create` has made.",
    auto_error=False,
)
"""For the documentation; `keyholder` itself reads the header."""


async def keyholder(
    connection: HTTPConnection, _: Annotated[HTTPAuthorizationCredentials | None, Security(SCHEME)] = None
) -> Principal:
    """Who has the key in `Authorization: Bearer sk_live_…`. Raises `Unauthenticated`."""
    return await holder(connection, bearer(connection))


Keyholder = Annotated[Principal, Depends(keyholder)]
"""The type of a route's argument that wants to know whose key it is."""


def may(scope: str) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that wants a key with the right `scope`: `Annotated[Principal, Depends(may("usage:read"))]`.

    It raises `Unauthenticated` and `Forbidden`.
    """

    async def permitted(asker: Keyholder) -> Principal:
        asker.need(scope)
        return asker

    return permitted

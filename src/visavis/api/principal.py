"""Who is asking. Every route depends on it, so that keys and rights have their place from the first day."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection


@dataclass(frozen=True, slots=True)
class Principal:
    """The person or program behind a request, and what it may do."""

    id: str
    organisation: str
    """Empty for the owner of the machine."""
    scopes: frozenset[str]
    """`*` for everything."""

    def may(self, scope: str) -> bool:
        """Whether it has the right `scope`."""
        return "*" in self.scopes or scope in self.scopes


OWNER = Principal("owner", "", frozenset({"*"}))
"""Whoever runs the server."""


async def principal(connection: HTTPConnection) -> Principal:
    """The owner, also for a peer beyond the loopback.

    OpenTalking's server has no authentication: who exposes it puts a gateway in front (contract
    opentalking 1.0). Families with keys bring a dependency of their own.
    """
    return OWNER


Asker = Annotated[Principal, Depends(principal)]
"""The type of a route's argument that wants to know who is asking."""

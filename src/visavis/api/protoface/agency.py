"""What the routes of this family work with."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.api.keys import may
from visavis.api.principal import Principal
from visavis.api.protoface.dispatcher import Dispatcher
from visavis.api.protoface.foundry import Foundry
from visavis.api.protoface.lineup import Lineup
from visavis.api.protoface.outlet import Outlets
from visavis.avatar import Catalogue
from visavis.pool import SessionPool
from visavis.settings import Settings
from visavis.store import Store
from visavis.uploads import Uploads


class Agency:
    """Its avatars and its sessions. An async context manager: leaving it ends them all."""

    def __init__(
        self, pool: SessionPool, store: Store, settings: Settings, catalogue: Catalogue, uploads: Uploads
    ) -> None:
        self.pool = pool
        self.store = store
        self.settings = settings
        self.lineup = Lineup(catalogue, store)
        self.foundry = Foundry(settings, catalogue, self.lineup, store, uploads)
        self.dispatcher = Dispatcher(pool, store, settings)
        self.outlets = Outlets(self.dispatcher.end)

    async def __aenter__(self) -> "Agency":
        """Begin; returns at once."""
        await self.foundry.__aenter__()
        await self.outlets.__aenter__()
        await self.dispatcher.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.dispatcher.__aexit__(*exc)
        await self.outlets.__aexit__(*exc)
        await self.foundry.__aexit__(*exc)


async def agency(connection: HTTPConnection) -> Agency:
    """The agency of the application that answers."""
    found: Agency = connection.app.state.protoface
    return found


AtAgency = Annotated[Agency, Depends(agency)]
"""The type of a route's argument that wants the agency."""

SessionReader = Annotated[Principal, Depends(may("sessions:read"))]
SessionWriter = Annotated[Principal, Depends(may("sessions:write"))]
AvatarReader = Annotated[Principal, Depends(may("avatars:read"))]
AvatarWriter = Annotated[Principal, Depends(may("avatars:write"))]
UsageReader = Annotated[Principal, Depends(may("usage:read"))]

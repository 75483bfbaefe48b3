"""What the routes work with: made once by `create_app`, handed to each route that asks for it."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.api.capabilities import Capabilities
from visavis.api.principal import tenant_of
from visavis.avatar import Catalogue
from visavis.persona import Personas
from visavis.pool import SessionPool
from visavis.pool.rendering import Rendering
from visavis.pool.tenancy import OwnedPool
from visavis.settings import Settings
from visavis.store import Store
from visavis.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Parts:
    """The server's parts, as the routes see them."""

    pool: SessionPool
    settings: Settings
    catalogue: Catalogue
    capabilities: Capabilities
    uploads: Uploads
    personas: Personas
    store: Store
    rendering: Rendering
    tenant: str | None = None
    """Whose sessions the pool has, and whose records may be shown; None for everybody's."""


async def parts(connection: HTTPConnection) -> Parts:
    """The parts of the application that answers, a request or a WebSocket, as far as the asker may see them."""
    found: Parts = connection.app.state.parts
    tenant = tenant_of(connection)
    if tenant is None:
        return found
    owned: OwnedPool = connection.app.state.owned
    return replace(found, pool=owned.of(tenant), tenant=tenant)


House = Annotated[Parts, Depends(parts)]
"""The type of a route's argument that wants the parts."""

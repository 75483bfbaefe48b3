"""What the routes work with: made once by `create_app`, handed to each route that asks for it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.api.capabilities import Capabilities
from visavis.avatar import Catalogue
from visavis.persona import Personas
from visavis.pool import SessionPool
from visavis.pool.rendering import Rendering
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


async def parts(connection: HTTPConnection) -> Parts:
    """The parts of the application that answers, a request or a WebSocket."""
    found: Parts = connection.app.state.parts
    return found


House = Annotated[Parts, Depends(parts)]
"""The type of a route's argument that wants the parts."""

"""The web application: every API family, the page, and the API's documentation."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import cache

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Scope
from starlette.websockets import WebSocket

from visavis import __version__
from visavis.api import kiosk, opentalking, protoface, web
from visavis.api.capabilities import Capabilities
from visavis.api.documentation import StayHome, polish
from visavis.api.families import Family, family_of
from visavis.api.idempotency import Idempotency
from visavis.api.parts import Parts
from visavis.api.rates import Rates
from visavis.api.statuses import headers_of, status_of
from visavis.avatar import Catalogue
from visavis.errors import Forbidden, TooLarge, Unauthenticated, VisavisError
from visavis.limits import BodyLimit
from visavis.persona import Personas
from visavis.pool import SessionPool
from visavis.pool.rendering import Rendering
from visavis.pool.tenancy import OwnedPool
from visavis.settings import Settings
from visavis.store import Store
from visavis.uploads import Uploads
from visavis.webhooks import Courier

FAMILIES: Sequence[Family] = (opentalking.FAMILY, protoface.FAMILY, *kiosk.FAMILIES)

WORDS = {"Not Found": "there is nothing at this path", "Method Not Allowed": "this path does not take that method"}
"""Starlette's phrases, for people."""


def create_app(pool: SessionPool, settings: Settings, catalogue: Catalogue, store: Store | None = None) -> FastAPI:
    """The application; its lifespan is the pool's.

    `store` belongs to the caller, who closes it after the pool or by it; without one the application has its own.
    """
    kept = store or Store(settings)
    uploads = Uploads(settings)
    workshop = opentalking.Workshop(settings, kept, uploads)
    services = kiosk.Services(settings)
    owned = OwnedPool(pool)
    desk = kiosk.Desk(owned, kept, settings, uploads, services.shelf)
    rendering = Rendering(kept, settings)
    idempotency = Idempotency(kept, settings)
    agency = protoface.Agency(pool, kept, settings, catalogue, uploads)
    courier = Courier(kept, settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with nullcontext() if store else kept, pool, desk, rendering, workshop, agency, idempotency, courier:
            yield

    # FastAPI's own pages load their scripts from a public host; these have them on board.
    app = FastAPIOffline(
        title="Visavis",
        version=__version__,
        summary="A self-hosted realtime engine for talking avatars and voice agents.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        generate_unique_id_function=_name,
        exception_handlers={HTTPException: _refuse, Unauthenticated: _deny, Forbidden: _deny},
    )
    capabilities, personas = Capabilities(settings), Personas(settings)
    app.state.parts = Parts(owned, settings, catalogue, capabilities, uploads, personas, kept, rendering)
    app.state.owned = owned
    app.state.workshop = workshop
    app.state.idempotency = idempotency
    app.state.rates = Rates(settings)
    app.state.kiosk = desk
    app.state.kiosk_services = services
    app.state.protoface = agency
    app.router.routes.extend(_routes())
    app.mount("/web", web.Assets(), name="web")
    polish(app, opentalking.EXAMPLES)
    app.add_middleware(StayHome)
    app.add_middleware(
        BodyLimit,
        max_bytes=settings.max_body_bytes,
        refuse=_too_large,
        overrides={**kiosk.BODIES, **protoface.BODIES},
        endings=opentalking.UPLOADS | kiosk.uploads(settings),
    )
    app.add_middleware(protoface.RequestIds, owned=lambda path: family_of(path, FAMILIES) is protoface.FAMILY)
    if origins := [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]:
        # The outermost, so that a browser may read refusals, too.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_credentials=True,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Retry-After", *protoface.HEADERS],
        )
    return app


@cache
def _routes() -> Sequence[BaseRoute]:
    """Every family's routes, made once: they hold nothing of an application and take a tenth of a second."""
    routes = APIRouter(generate_unique_id_function=_name)
    for router in (opentalking.router(), protoface.router(), kiosk.router(), web.router):
        routes.include_router(router)
    return routes.routes


def _name(route: APIRoute) -> str:
    return route.name


async def _refuse(request: Request, error: HTTPException) -> Response:
    family = family_of(request.scope["path"], FAMILIES)
    return family.refuse(error.status_code, WORDS.get(error.detail, error.detail), error.headers)


async def _deny(socket: WebSocket, error: VisavisError) -> None:
    """What a WebSocket's dependencies raise; requests have their routes to answer."""
    family = family_of(socket.scope["path"], FAMILIES)
    await socket.send_denial_response(family.refuse(status_of(error), error.message, headers_of(error)))


def _too_large(scope: Scope, error: TooLarge) -> ASGIApp:
    return family_of(scope["path"], FAMILIES).refuse(413, error.message, None)

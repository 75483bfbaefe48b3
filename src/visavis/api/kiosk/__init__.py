"""The kiosk voice API (contract kiosk 1): a question by microphone, file, browser or keyboard, answered in clips.

`starts` begins a session, `desk` keeps them all, `follower` follows one to its end, `snapshot` is what it folds.
`services` are the upstreams of a kiosk, which Visavis can stand in for.
"""

from fastapi import APIRouter, Depends

from visavis.api.families import Family
from visavis.api.kiosk import clips, devices, events, pipeline, sessions, starts
from visavis.api.kiosk.desk import Desk
from visavis.api.kiosk.errors import refuse
from visavis.api.kiosk.services import BODIES, Services
from visavis.api.kiosk.services import FAMILIES as SERVICE_FAMILIES
from visavis.api.kiosk.services import router as service_router
from visavis.api.kiosk.sessions import PUSHED_BYTES
from visavis.api.principal import principal
from visavis.settings import Settings

__all__ = ["BODIES", "FAMILIES", "Desk", "Services", "router", "uploads"]

FAMILIES = (Family("kiosk", "/api/v1", refuse), *SERVICE_FAMILIES)

NOUNS = (devices, starts, sessions, clips, events, pipeline)


def router() -> APIRouter:
    """All of its routes."""
    family = APIRouter(dependencies=[Depends(principal)])
    for noun in NOUNS:
        family.include_router(noun.router)
    family.include_router(service_router())
    return family


def uploads(settings: Settings) -> dict[str, int]:
    """The largest bodies, by the last part of a path: a recording and the fields around it, pushed sound."""
    return {"start-file": settings.kiosk_max_upload_mib * 1024 * 1024 + 64 * 1024, "audio": PUSHED_BYTES}

"""The Protoface API (contract protoface 1): avatars that join customers' LiveKit rooms.

`creation` takes a session on, `dispatcher` hands it to the engine, `follower` follows it to its end, `live` is
what is known of it meanwhile. `foundry` makes avatars of pictures, `lineup` finds them.
"""

from fastapi import APIRouter

from visavis.api.families import Family
from visavis.api.protoface import avatars, pipecat, sessions, usage
from visavis.api.protoface.agency import Agency
from visavis.api.protoface.errors import refuse
from visavis.api.protoface.foundry import MAX_IMAGE
from visavis.api.protoface.request_ids import HEADER, RequestIds

__all__ = ["BODIES", "FAMILY", "HEADERS", "Agency", "RequestIds", "router"]

FAMILY = Family("protoface", "/v1", refuse)

BODIES = {"/v1/avatars": MAX_IMAGE + 64 * 1024}
"""The largest bodies, by path: a picture and the fields around it."""

HEADERS = (HEADER, sessions.POSITION, "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
"""What pages of other origins may read."""


def router() -> APIRouter:
    """All of its routes."""
    family = APIRouter()
    for noun in (sessions, pipecat, avatars, usage):
        family.include_router(noun.router)
    return family

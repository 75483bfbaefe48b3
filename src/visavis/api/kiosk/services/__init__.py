"""The kiosk's upstreams, served by Visavis itself: RAG service, recogniser and voice (contract kiosk 2.3)."""

from fastapi import APIRouter

from visavis.api.kiosk.services import audio, completions, context, rag
from visavis.api.kiosk.services.openai_errors import FAMILIES
from visavis.api.kiosk.services.shared import BODIES, Services

__all__ = ["BODIES", "FAMILIES", "Services", "router"]

NOUNS = (rag, context, completions, audio)


def router() -> APIRouter:
    """All of their routes."""
    family = APIRouter()
    for noun in NOUNS:
        family.include_router(noun.router)
    return family

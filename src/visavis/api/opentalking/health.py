"""`/health`, `/healthz`, `/queue/status` (contract opentalking 1.1)."""

from fastapi import APIRouter

from visavis import __version__
from visavis.api.opentalking.dialect import provider_status
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import Alive, Health, Queue
from visavis.api.parts import House

router = APIRouter(route_class=Route, tags=["health"], responses=refusals())


@router.get("/health")
def health(house: House) -> Health:
    """That the server is up, and its providers: names and whether they are configured, never keys or paths."""
    settings = house.settings
    voices = provider_status(house.capabilities.missing("tts"))
    ears = provider_status(house.capabilities.missing("asr"))
    models = provider_status(house.capabilities.missing("llm"))
    enabled = {
        kind: [name for name, state in of.items() if state.usable] for kind, of in (("tts", voices), ("stt", ears))
    }
    voice_ready = settings.tts in enabled["tts"]
    return Health(
        version=__version__,
        default_model=settings.default_model,
        llm_provider=settings.chat_provider,
        llm_model=settings.llm_model,
        llm_key_set=settings.chat_provider in models and models[settings.chat_provider].usable,
        llm_providers=models,
        tts_provider=settings.tts,
        tts_default_provider=settings.tts,
        tts_enabled_providers=enabled["tts"],
        tts_providers=voices,
        tts_voice=settings.voice,
        tts_key_set=voice_ready,
        tts_service_url_set=voice_ready,
        stt_provider=settings.asr,
        stt_default_provider=settings.asr,
        stt_enabled_providers=enabled["stt"],
        stt_providers=ears,
        # The web client refuses to start unless this is true.
        stt_key_set=settings.asr in enabled["stt"],
    )


@router.get("/healthz")
async def healthz() -> Alive:
    """That the server is up."""
    return Alive()


@router.get("/queue/status")
async def queue_status(house: House) -> Queue:
    """Whether a new session would find room, and how many sessions wait for it."""
    now = house.pool.occupancy
    return Queue(slot_occupied=now.occupied, queue_size=now.waiting)

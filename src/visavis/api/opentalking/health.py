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
    models = house.capabilities.missing("llm")
    voice_ready = voices.get(settings.tts, {}).get("key_set", False)
    return Health(
        version=__version__,
        default_model=settings.default_model,
        llm_provider=settings.chat_provider,
        llm_model=settings.llm_model,
        llm_key_set=models.get(settings.chat_provider, "not installed") is None,
        tts_provider=settings.tts,
        tts_default_provider=settings.tts,
        tts_enabled_providers=[name for name, state in voices.items() if state["key_set"]],
        tts_providers=voices,
        tts_voice=settings.voice,
        tts_key_set=voice_ready,
        tts_service_url_set=voice_ready,
        stt_provider=settings.asr,
        stt_default_provider=settings.asr,
        stt_enabled_providers=[name for name, state in ears.items() if state["key_set"]],
        stt_providers=ears,
        # The web client refuses to start unless this is true.
        stt_key_set=ears.get(settings.asr, {}).get("key_set", False),
    )


@router.get("/healthz")
async def healthz() -> Alive:
    """That the server is up."""
    return Alive()


@router.get("/queue/status")
async def queue_status(house: House) -> Queue:
    """Whether a new session would find room."""
    return Queue(slot_occupied=house.pool.full, queue_size=0)

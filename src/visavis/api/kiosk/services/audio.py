"""The speech services' routes together (contract kiosk 2.3), and what they tell of themselves."""

import asyncio
from typing import Any

from fastapi import APIRouter, Depends

from visavis import registry
from visavis.api.kiosk.services import speech, transcriptions
from visavis.api.kiosk.services.audio_schemas import Voices
from visavis.api.kiosk.services.languages import name as language_name
from visavis.api.kiosk.services.openai_errors import OpenAIRoute, refusals
from visavis.api.kiosk.services.shared import Shared
from visavis.api.parts import House
from visavis.api.principal import principal
from visavis.settings import Settings

router = APIRouter(dependencies=[Depends(principal)])
router.include_router(transcriptions.router)
router.include_router(speech.router)

about = APIRouter(route_class=OpenAIRoute, tags=["kiosk: speech"], prefix="/v1", responses=refusals())


@about.get("/audio/voices")
async def speech_voices(house: House) -> Voices:
    """Who can speak."""
    return await asyncio.to_thread(_voices, house.settings)


@about.get("/model-info")
async def audio_model_info(house: House) -> dict[str, Any]:
    """What speaks and what listens: the answers of both services in one."""
    settings = house.settings
    voices = await asyncio.to_thread(_voices, settings)
    recogniser = settings.asr_model or settings.asr
    return {
        **voices.model_dump(),
        "device": "CPU",
        "asr": {"provider": settings.asr, "model": recogniser, "device": "CPU", "language": settings.language},
        "tts": {"provider": settings.tts, "model": voices.model, "device": "CPU", "runtime": voices.runtime},
    }


@about.get("/performance")
async def audio_performance(shared: Shared) -> dict[str, Any]:
    """How long the latest recordings and texts took."""
    return {"latency": {"asr": shared.recognition.stats(), "tts": shared.synthesis.stats()}}


def _voices(settings: Settings) -> Voices:
    provider = registry.provider("tts", settings.tts, settings)
    names = [voice.name for voice in provider.voices()] if provider.missing() is None else []
    return Voices(
        model=settings.tts_model or settings.tts,
        runtime="visavis",
        variant="default",
        default_speaker=settings.voice or "default",
        supported_speakers=["default", *names],
        default_language=language_name(settings.language),
    )


router.include_router(about)

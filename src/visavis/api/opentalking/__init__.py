"""The OpenTalking API (contract opentalking 1): sessions over WebRTC, their events over SSE."""

from fastapi import APIRouter, Depends

from visavis.api.families import Family
from visavis.api.opentalking import (
    audio_speech,
    audio_stream,
    avatars,
    events,
    health,
    models,
    sessions,
    speech,
    transcribe,
    webrtc,
)
from visavis.api.opentalking.errors import refuse
from visavis.api.principal import principal

UPLOADS = dict.fromkeys(("transcribe", "speak_audio", "speak_flashtalk_audio"), transcribe.MAX_BYTES + 64 * 1024)
"""The largest bodies, by the last part of a path: a file and the fields around it."""

FAMILY = Family("opentalking", "", refuse)


def router() -> APIRouter:
    """All of its routes."""
    family = APIRouter(dependencies=[Depends(principal)])
    for noun in (
        health,
        models,
        avatars,
        sessions,
        speech,
        audio_speech,
        audio_stream,
        transcribe,
        webrtc,
        events,
    ):
        family.include_router(noun.router)
    return family

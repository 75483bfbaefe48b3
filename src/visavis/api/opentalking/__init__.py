"""The OpenTalking API (contract opentalking 1): sessions over WebRTC, their events over SSE."""

from fastapi import APIRouter, Depends

from visavis.api.families import Family
from visavis.api.opentalking import (
    audio_speech,
    audio_stream,
    avatars,
    bundle,
    custom_avatars,
    customise,
    events,
    health,
    models,
    preview,
    recording,
    sessions,
    speech,
    transcribe,
    voices,
    webrtc,
)
from visavis.api.opentalking.errors import refuse
from visavis.api.opentalking.examples import EXAMPLES
from visavis.api.opentalking.workshop import MAX_SOUND, Workshop
from visavis.api.principal import principal
from visavis.avatar.analysis.examination import MAX_IMAGE, MAX_VIDEO

__all__ = ["EXAMPLES", "FAMILY", "UPLOADS", "Workshop", "router"]

UPLOADS = dict.fromkeys(
    ("transcribe", "speak_audio", "speak_flashtalk_audio", "flashtalk-offline-bundle"),
    transcribe.MAX_BYTES + 64 * 1024,
) | {
    # A picture or a film; which it is is seen by the route.
    "custom": MAX_VIDEO + 128 * 1024,
    "analyze": MAX_IMAGE + 128 * 1024,
    # A picture and a sample of a voice.
    "customize": MAX_IMAGE + MAX_SOUND + 64 * 1024,
    "reference": MAX_IMAGE + MAX_SOUND + 64 * 1024,
    # A sample that is only a little too large is answered by the route, in the contract's words.
    "clone": MAX_SOUND + 4 * 1024 * 1024,
}
"""The largest bodies, by the last part of a path: a file and the fields around it."""

FAMILY = Family("opentalking", "", refuse)


def router() -> APIRouter:
    """All of its routes."""
    family = APIRouter(dependencies=[Depends(principal)])
    for noun in (
        health,
        models,
        avatars,
        custom_avatars,
        customise,
        sessions,
        speech,
        audio_speech,
        audio_stream,
        transcribe,
        webrtc,
        recording,
        bundle,
        events,
        preview,
        voices,
    ):
        family.include_router(noun.router)
    return family

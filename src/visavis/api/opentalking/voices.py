"""`/voices` and `/voice-uploads` (contract opentalking 1.8): voices that can be asked for, and cloning."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zlib import crc32

from fastapi import APIRouter, File, Form, Query, UploadFile
from fastapi.responses import FileResponse
from pydantic import AfterValidator
from starlette.responses import Response

from visavis.api.opentalking.consent import consent as agreed
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import Name
from visavis.api.opentalking.sessions import session as find_session
from visavis.api.opentalking.voice_schemas import CloneResponse, VoiceDeleted, VoiceEntry, VoiceList
from visavis.api.opentalking.workshop import AtWorkshop, Workshop
from visavis.api.parts import House, Parts
from visavis.api.principal import Asker
from visavis.errors import InvalidInput, NotFound, UpstreamFailed
from visavis.pool.voices import PresetVoice
from visavis.store import VoiceRecord

LONGEST_LABEL = 64
"""Characters."""

router = APIRouter(route_class=Route, tags=["voices"], responses=refusals())


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


Filled = Annotated[Name, AfterValidator(_filled)]


@router.get("/voices", responses=refusals(400, 503))
async def list_voice_catalogue(
    workshop: AtWorkshop,
    provider: Annotated[str, Query(max_length=200, description="Only the voices of this one.")] = "",
) -> VoiceList:
    """Cloned voices, then those that the installed providers bring."""
    clones = [_cloned(record) for record in await workshop.records.all(provider)]
    presets = await asyncio.to_thread(workshop.voices.presets, provider)
    return VoiceList(items=[*clones, *(_preset(info) for info in presets)])


@router.post("/voices/clone", responses=refusals(400, 404, 413, 502, 503))
async def clone_voice(
    house: House,
    workshop: AtWorkshop,
    asker: Asker,
    provider: Annotated[Filled, Form(description="A voice provider that can clone: `dashscope`, `cosyvoice`.")],
    target_model: Annotated[Filled, Form(description="The model that the voice will speak with.")],
    display_label: Annotated[
        Filled, Form(description="The voice's name, for people; one that is taken gets a date.")
    ],
    audio: Annotated[
        UploadFile | None,
        File(description="The voice: 256 bytes to 12 MB of any container, best 10 to 20 s of one speaker."),
    ] = None,
    prefix: Annotated[Name, Form(description="`cosyvoice`: part of the name there, 1-9 letters or digits.")] = "",
    preferred_name: Annotated[Name, Form(description="`dashscope`: the same, `[a-z][a-z0-9_]{0,19}`.")] = "",
    consent: Annotated[
        str,
        Form(
            max_length=2000,
            description='Who agreed: `true`, a name, or `{"who": "…", "when": "…", "version": "…"}`.',
            examples=['{"who": "Ada", "when": "2026-05-01T12:00:00Z", "version": "1"}'],
        ),
    ] = "",
    prompt_text: Annotated[str, Form(description="Accepted and not used.")] = "",
    avatar_id: Annotated[Name, Form(description="Instead of `audio`: the sample kept for this avatar.")] = "",
    session_id: Annotated[Name, Form(description="Instead of `audio`: the sample kept for this session.")] = "",
) -> CloneResponse:
    """Clone a voice. It can be asked for at once: as `tts_voice` of a session, or of a preview."""
    if len(display_label) > LONGEST_LABEL:
        raise InvalidInput(f"display_label: at most {LONGEST_LABEL} characters")
    who = agreed(consent, asker.id)
    if house.settings.require_consent and not who.by:
        raise InvalidInput("consent: say who agreed that this voice is cloned")
    workshop.voices.check(provider)
    async with _sample(house, workshop, audio, avatar_id, session_id) as sample:
        voice_id = await workshop.voices.clone(
            sample,
            provider=provider,
            target_model=target_model,
            label=display_label,
            names={True: prefix, False: preferred_name},
        )
    label = display_label
    if any(record.display_label == label for record in await workshop.records.all()):
        label = f"{label} {datetime.now(UTC):%Y%m%d-%H%M%S}"
    record = VoiceRecord(
        owner=asker.tenant,
        provider=provider,
        voice_id=voice_id,
        display_label=label,
        target_model=target_model,
        created_at=time.time(),
        consent_by=who.by,
        consent_at=who.at,
        consent_text=who.text,
    )
    return CloneResponse(
        entry_id=await workshop.records.add(record),
        voice_id=voice_id,
        display_label=label,
        provider=provider,
        target_model=target_model,
        message="the voice is ready: name it as tts_voice",
    )


@router.delete("/voices/{entry_id}", responses=refusals(400, 404, 503))
async def delete_voice(entry_id: int, workshop: AtWorkshop) -> VoiceDeleted:
    """Delete a cloned voice, here and at its provider."""
    if entry_id < 0 and entry_id in {
        _preset_id(info) for info in await asyncio.to_thread(workshop.voices.presets)
    }:
        raise InvalidInput("this voice came with its provider: only cloned voices can be deleted")
    record = await workshop.records.find(entry_id) if 0 < entry_id < 2**31 else None
    if record is None:
        raise NotFound("voice not found")
    message = ""
    try:
        await workshop.voices.delete(record.provider, record.voice_id, record.target_model)
    except (InvalidInput, UpstreamFailed) as error:
        message = f"{record.provider} still has the voice {record.voice_id}: {error.message}"
    await workshop.records.delete(entry_id)
    return VoiceDeleted(message=message)


@router.get(
    "/voice-uploads/{token}",
    response_class=Response,
    responses={200: {"content": {"audio/wav": {}}, "description": "24 kHz mono."}, **refusals(404)},
)
def fetch_voice_upload(token: str, workshop: AtWorkshop) -> Response:
    """A sample that is being cloned, for the service that clones it; it is there for five minutes."""
    path = workshop.voices.samples.find(token)
    return FileResponse(path, media_type="audio/wav", headers={"Cache-Control": "no-store"})


@asynccontextmanager
async def _sample(
    house: Parts, workshop: Workshop, audio: UploadFile | None, avatar_id: str, session_id: str
) -> AsyncIterator[Path]:
    if audio is not None:
        async with workshop.sound(audio, "audio") as sample:
            yield sample
        return
    kept: Path | None = None
    if session_id:
        kept = workshop.sample_of((await find_session(session_id, house)).id)
    elif avatar_id:
        kept = house.catalogue.customisations.sample(house.catalogue.avatar(avatar_id).id)
    else:
        raise InvalidInput("audio: field required")
    if kept is None or not kept.is_file():
        raise NotFound("no sample of a voice is kept there; send one with /sessions/customize/reference")
    yield kept


def _cloned(record: VoiceRecord) -> VoiceEntry:
    return VoiceEntry(
        id=record.id,
        provider=record.provider,
        voice_id=record.voice_id,
        display_label=record.display_label,
        target_model=record.target_model,
        source="clone",
    )


def _preset(info: PresetVoice) -> VoiceEntry:
    return VoiceEntry(
        id=_preset_id(info),
        provider=info.provider,
        voice_id=info.name,
        display_label=info.label or info.name,
        target_model="",
        source="system",
        language=info.language,
    )


def _preset_id(info: PresetVoice) -> int:
    """The same as long as provider and voice are called the same, whatever else is installed."""
    return -1 - crc32(f"{info.provider}/{info.name}".encode()) % 2**31

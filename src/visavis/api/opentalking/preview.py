"""`/tts/preview` (contract opentalking 1.8): a text said by a session of its own."""

import asyncio
import shutil
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from visavis.api.attended import attended
from visavis.api.opentalking.casting import Wanted, wanted
from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.forms import described, sent
from visavis.api.opentalking.schemas import OptionalName, Text
from visavis.api.opentalking.workshop import AtWorkshop
from visavis.api.parts import House, Parts
from visavis.api.principal import Asker
from visavis.errors import InvalidInput, StageFailed, Unavailable, UpstreamFailed
from visavis.media import spoken
from visavis.media.spoken import Spoken
from visavis.pool import NewSession, Say, SessionHandle
from visavis.session.events import ClipWritten, Failed, Terminated, TurnEnded
from visavis.streams import closing

LONGEST = 1000
"""Characters (contract opentalking 1.8)."""

router = APIRouter(route_class=Route, tags=["voices"], prefix="/tts", responses=refusals())


def _short(value: str) -> str:
    if len(value) > LONGEST:
        raise ValueError(f"at most {LONGEST} characters")
    return value


class PreviewRequest(BaseModel):
    """A text to say. Each of provider and model has two spellings; the longer one wins."""

    model_config = ConfigDict(protected_namespaces=())

    text: Annotated[Text, AfterValidator(_short)] = Field(description=f"At most {LONGEST} characters.")
    voice: OptionalName = Field(None, description="From GET /voices; null lets each sentence's language choose.")
    provider: OptionalName = Field(None, description="Another voice provider than the configured one.")
    tts_provider: OptionalName = Field(None, description="The same.")
    model: OptionalName = Field(None, description="The provider's own model.")
    tts_model: OptionalName = Field(None, description="The same.")


@router.post(
    "/preview",
    response_class=Response,
    responses={
        200: {"content": {"audio/wav": {}}, "description": "A WAV file, 16 bit mono, at the voice's own rate."},
        **refusals(400, 413, 502, 503),
    },
    openapi_extra=described(PreviewRequest, example={"text": "Welcome.", "provider": "espeak", "voice": "en-us"}),
)
async def preview_voice(request: Request, house: House, workshop: AtWorkshop, asker: Asker) -> Response:
    """Say a text, to hear what a voice is like. Files in a form are not used."""
    async with sent(request, PreviewRequest) as (body, _):
        choice = Wanted(
            body.voice or "", body.tts_provider or body.provider or "", body.tts_model or body.model or ""
        )
        choice = await wanted(workshop.records, choice)
        said = await attended(request, _said(house, asker.tenant, body.text, choice))
    return Response(said.wav(), media_type="audio/wav", headers={"Cache-Control": "no-store"})


async def _said(house: Parts, owner: str, text: str, choice: Wanted) -> Spoken:
    request = NewSession(
        avatar_id="",
        voice_only=True,
        clips=True,
        owner=owner,
        tts_provider=choice.provider,
        tts_voice=choice.voice,
        tts_model=choice.model,
    )
    handle = await house.pool.create(request)
    try:
        await handle.say(Say(text))
        sentences = [await asyncio.to_thread(_taken, Path(clip)) for clip in await _clips(handle)]
    finally:
        await handle.close()
        await asyncio.to_thread(shutil.rmtree, house.settings.data_dir / "clips" / handle.id, ignore_errors=True)
    if not sentences:
        raise InvalidInput("text: there is nothing in it that can be spoken")
    return await asyncio.to_thread(spoken.joined, sentences)


async def _clips(handle: SessionHandle) -> list[str]:
    """The sentences of the one turn, as files."""
    clips: list[str] = []
    async with closing(handle.events()) as records:
        async for record in records:
            match record.event:
                case ClipWritten(file=file):
                    clips.append(file)
                case Failed(stage=stage, message=message):
                    # The voice is an upstream of this API, wherever it runs (contract 1.8: 502).
                    raise UpstreamFailed(stage, message)
                case TurnEnded(reason="completed"):
                    return clips
                case TurnEnded() | Terminated():
                    break
                case _:
                    pass
    raise Unavailable("the server is being shut down; try again later")


def _taken(clip: Path) -> Spoken:
    try:
        return spoken.read(clip)
    except OSError as error:
        raise StageFailed("tts", "the sound that was made can't be read; see to the disk") from error

"""`/v1/audio/speech` (contract kiosk 2.3): a text said by a session of its own."""

import asyncio
import base64
import shutil
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.responses import Response

from visavis.api.kiosk.services import spoken
from visavis.api.kiosk.services.audio_schemas import SpeechAnswer, SpeechRequest
from visavis.api.kiosk.services.ephemeral import Watch, said
from visavis.api.kiosk.services.languages import name as language_name
from visavis.api.kiosk.services.openai_errors import OpenAIRoute, WrongField, refusals, told
from visavis.api.kiosk.services.shared import Services, Shared
from visavis.api.kiosk.services.spoken import Spoken
from visavis.api.kiosk.services.streaming import DONE, Stream, attended, event
from visavis.api.parts import House, Parts
from visavis.api.principal import Asker
from visavis.errors import StageFailed, VisavisError
from visavis.ids import new_id
from visavis.pool import NewSession, Say
from visavis.session.events import ClipWritten
from visavis.streams import closing

ANY_VOICE = frozenset({"", "default", "auto"})
"""Names that leave the voice open."""

router = APIRouter(
    route_class=OpenAIRoute, tags=["kiosk: speech"], prefix="/v1/audio/speech", responses=refusals()
)


@router.post(
    "",
    response_class=Response,
    responses={
        200: {
            "content": {"audio/wav": {}, "audio/pcm": {}, "application/json": {}},
            "description": "The sound; as JSON it has a WAV file in base64.",
        }
    },
)
async def create_speech(
    body: SpeechRequest, request: Request, house: House, shared: Shared, asker: Asker
) -> Response:
    """Say a text: as a WAV file, as raw s16le mono sound at 24 kHz, or as JSON with a WAV file."""
    session_id = new_id()
    headers = {"X-Session-ID": session_id}
    sentences = _spoken(house, shared, asker.tenant, body)
    if body.stream:
        if body.response_format == "json":
            raise WrongField("response_format", "json can't be streamed; use /v1/audio/speech/stream")
        first = await attended(request, _next(sentences))
        kind = "audio/wav" if body.response_format == "wav" else "audio/pcm"
        return Stream(_streamed(first, sentences, wav=kind == "audio/wav"), kind, headers)
    whole = await attended(request, _joined(sentences, spoken.PCM_RATE if body.response_format == "pcm" else 0))
    if body.response_format == "pcm":
        return Response(whole.pcm, media_type="audio/pcm", headers=headers)
    if body.response_format == "json":
        answer = SpeechAnswer(audio_base64=_base64(whole), **_described(body, house, session_id, whole))
        return JSONResponse(answer.model_dump(), headers=headers)
    headers["Content-Disposition"] = 'inline; filename="speech.wav"'
    return Response(whole.wav(), media_type="audio/wav", headers=headers)


@router.post(
    "/stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "A WAV file in base64 per sentence."}},
)
async def stream_speech(
    body: SpeechRequest, request: Request, house: House, shared: Shared, asker: Asker
) -> Response:
    """Say a text sentence by sentence."""
    session_id = new_id()
    sentences = _spoken(house, shared, asker.tenant, body)
    first = await attended(request, _next(sentences))

    async def events() -> AsyncGenerator[bytes, None]:
        index = 0
        try:
            async for sentence in _all(first, sentences):
                described = _described(body, house, session_id, sentence)
                yield event({"index": index, **described, "audio_base64": _base64(sentence)})
                index += 1
        except VisavisError as error:
            yield event(told(error))
        finally:
            await sentences.aclose()
        yield DONE

    return Stream(events(), "text/event-stream", {"X-Session-ID": session_id})


async def _spoken(
    parts: Parts, services: Services, asker: str, body: SpeechRequest
) -> AsyncGenerator[Spoken, None]:
    """Each sentence of the text. Raises `StageFailed` for one that can't be spoken, and `InvalidInput`."""
    voice = body.voice or ""
    request = NewSession(avatar_id="", voice_only=True, clips=True, owner=asker, language=body.language or "")
    command = Say(body.input, "" if voice.strip().lower() in ANY_VOICE else voice)
    watch = Watch()
    session = ""
    heard = 0.0
    try:
        async with closing(said(parts.pool, request, command)) as events:
            async for happened in events:
                if isinstance(happened, ClipWritten):
                    sentence = await asyncio.to_thread(_taken, Path(happened.file))
                    heard += sentence.seconds
                    yield sentence
                else:
                    session = happened.session
    finally:
        if session:
            clips = parts.settings.data_dir / "clips" / session
            await asyncio.to_thread(shutil.rmtree, clips, ignore_errors=True)
    if not heard:
        raise WrongField("input", "contains no pronounceable characters")
    services.synthesis.add(watch.ms, seconds=round(heard, 3))


def _taken(clip: Path) -> Spoken:
    try:
        return spoken.read(clip)
    except OSError as error:
        raise StageFailed("tts", "the sound that was made can't be read; see to the disk") from error


async def _next(sentences: AsyncGenerator[Spoken, None]) -> Spoken:
    return await anext(sentences)


async def _all(first: Spoken, rest: AsyncGenerator[Spoken, None]) -> AsyncGenerator[Spoken, None]:
    yield first
    async for sentence in rest:
        yield sentence


async def _joined(sentences: AsyncGenerator[Spoken, None], rate: int) -> Spoken:
    """All of them at `rate`, or at the first one's for 0."""
    parts: list[bytes] = []
    async with closing(sentences) as each:
        async for sentence in each:
            rate = rate or sentence.rate
            parts.append((await asyncio.to_thread(sentence.at, rate)).pcm)
    return Spoken(b"".join(parts), rate)


async def _streamed(
    first: Spoken, rest: AsyncGenerator[Spoken, None], *, wav: bool
) -> AsyncGenerator[bytes, None]:
    rate = first.rate if wav else spoken.PCM_RATE
    try:
        if wav:
            yield spoken.header(rate)
        async for sentence in _all(first, rest):
            yield (await asyncio.to_thread(sentence.at, rate)).pcm
    finally:
        await rest.aclose()


def _base64(sentence: Spoken) -> str:
    return base64.b64encode(sentence.wav()).decode()


def _described(body: SpeechRequest, parts: Parts, session_id: str, sentence: Spoken) -> Mapping[str, Any]:
    settings = parts.settings
    return {
        "session_id": session_id,
        "model": settings.tts_model or settings.tts,
        "variant": "default",
        "voice": body.voice or settings.voice or "default",
        "language": language_name(body.language or settings.language),
        "duration": sentence.seconds,
        "sampling_rate": sentence.rate,
    }

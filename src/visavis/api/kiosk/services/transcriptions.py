"""`/v1/audio/transcriptions` (contract kiosk 2.3): a recording heard by a session of its own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.responses import Response

from visavis.api.kiosk.services import subtitles
from visavis.api.kiosk.services.audio_schemas import TranscriptFormat
from visavis.api.kiosk.services.ephemeral import Heard, Watch, heard
from visavis.api.kiosk.services.languages import Language
from visavis.api.kiosk.services.openai_errors import OpenAIRoute, WrongField, refusals, told
from visavis.api.kiosk.services.shared import MIB, Services, Shared
from visavis.api.kiosk.services.streaming import DONE, Stream, attended, begun, event, line
from visavis.api.kiosk.services.transcripts import Transcript
from visavis.api.parts import House, Parts
from visavis.api.principal import Asker
from visavis.errors import StageFailed, UpstreamFailed, VisavisError
from visavis.ids import new_id
from visavis.pool import NewSession
from visavis.session.events import CaptureEnded, TranscriptHeard
from visavis.streams import closing

MAX_BYTES = 25 * MIB - 64 * 1024
"""Of the file: OpenAI's limit, less the fields around it."""

PIECE = 64 * 1024

router = APIRouter(
    route_class=OpenAIRoute, tags=["kiosk: speech"], prefix="/v1/audio/transcriptions", responses=refusals()
)

Recording = Annotated[UploadFile, File(description="Sound in any container and codec that FFmpeg knows.")]
SessionId = Annotated[
    str,
    Form(pattern=r"^[0-9A-Za-z._:-]{0,128}$", description="Goes on with what was heard under it before."),
]
Temperature = Annotated[float, Form(ge=0, le=1, description="Accepted and not used.")]
Spoken = Annotated[Language, Form(description="`en`, `English`; empty for the configured one.")]


@dataclass(slots=True)
class _Hearing:
    """One recording, and what was heard in it so far."""

    session_id: str
    owner: str
    """Whose it is: the same id of somebody else is another one."""
    language: str
    parts: list[str]
    seconds: float = 0.0

    @property
    def key(self) -> str:
        """What its transcript is remembered by."""
        return f"{self.owner}/{self.session_id}"


@router.post(
    "",
    response_class=Response,
    responses={
        200: {
            "content": dict.fromkeys(("application/json", "text/plain", "text/vtt", "text/event-stream"), {}),
            "description": "The transcript, as `response_format` and `stream` ask for it.",
        }
    },
)
async def create_transcription(
    request: Request,
    house: House,
    shared: Shared,
    asker: Asker,
    file: Recording,
    model: Annotated[str, Form(max_length=200, description="Accepted and not used.")] = "whisper-1",
    language: Spoken = "",
    response_format: Annotated[TranscriptFormat, Form()] = "json",
    temperature: Temperature = 0.0,
    session_id: SessionId = "",
    stream: Annotated[bool, Form(description="Tell each part as it is recognised.")] = False,
) -> Response:
    """Recognise what is said in a recording. The times of segments are estimated."""
    if stream and response_format not in ("json", "verbose_json"):
        raise WrongField("response_format", f"{response_format} can't be streamed; use json or verbose_json")
    hearing = _Hearing(session_id or new_id(), asker.tenant, language, [])
    headers = {"X-Session-ID": hearing.session_id}
    recording = _heard(house, shared, asker.tenant, hearing, file)
    if stream:
        parts = await begun(request, recording)
        return Stream(_events(parts, shared, house, hearing), "text/event-stream", headers)
    await attended(request, _finished(recording))
    transcript = shared.transcripts.extend(hearing.key, hearing.parts, hearing.seconds)
    match response_format:
        case "text":
            return PlainTextResponse(transcript.text + "\n", headers=headers)
        case "srt":
            return PlainTextResponse(subtitles.srt(transcript.segments), headers=headers)
        case "vtt":
            return Response(subtitles.vtt(transcript.segments), media_type="text/vtt", headers=headers)
        case "verbose_json":
            return JSONResponse(_verbose(transcript, hearing, house), headers=headers)
        case _:
            return JSONResponse({"text": transcript.text}, headers=headers)


@router.post(
    "/stream",
    response_class=Response,
    responses={
        200: {"content": {"application/x-ndjson": {}}, "description": "A line of JSON per part, then all."}
    },
)
async def stream_transcription(
    request: Request,
    house: House,
    shared: Shared,
    asker: Asker,
    file: Recording,
    language: Spoken = "",
    temperature: Temperature = 0.0,
    session_id: SessionId = "",
) -> Response:
    """Recognise what is said in a recording, part by part."""
    hearing = _Hearing(session_id or new_id(), asker.tenant, language, [])
    parts = await begun(request, _heard(house, shared, asker.tenant, hearing, file))
    headers = {"X-Session-ID": hearing.session_id}
    return Stream(_lines(parts, shared, house, hearing), "application/x-ndjson", headers)


async def _heard(
    parts: Parts, services: Services, asker: str, hearing: _Hearing, sent: UploadFile
) -> AsyncGenerator[Heard, None]:
    """What `ephemeral.heard` gives, noted in `hearing`."""
    if not sent.size:
        raise WrongField("file", "must not be empty")
    upload = await parts.uploads.keep(_pieces(sent), MAX_BYTES)
    request = NewSession(avatar_id="", voice_only=True, owner=asker, language=hearing.language)
    watch = Watch()
    try:
        async with closing(heard(parts.pool, request, upload)) as happenings:
            async for happened in happenings:
                if isinstance(happened, CaptureEnded):
                    hearing.seconds = happened.seconds
                elif isinstance(happened, TranscriptHeard):
                    hearing.parts.append(happened.text)
                yield happened
    except UpstreamFailed:
        raise
    except StageFailed as error:
        if hearing.language and _base(hearing.language) != _base(parts.settings.language):
            # The recogniser knows its languages only once it is asked for one.
            raise WrongField("language", error.message) from error
        raise
    finally:
        await asyncio.to_thread(parts.uploads.forget, upload)
    services.recognition.add(watch.ms, seconds=hearing.seconds)


async def _finished(recording: AsyncGenerator[Heard, None]) -> None:
    async with closing(recording) as happenings:
        async for _ in happenings:
            pass


async def _events(
    recording: AsyncGenerator[Heard, None], services: Services, parts: Parts, hearing: _Hearing
) -> AsyncGenerator[bytes, None]:
    kind = "transcript.text.delta"
    try:
        async with closing(recording) as happenings:
            async for happened in happenings:
                if isinstance(happened, TranscriptHeard):
                    space = " " if len(hearing.parts) > 1 else ""
                    yield event({"type": kind, "delta": space + happened.text}, kind)
        transcript = services.transcripts.extend(hearing.key, hearing.parts, hearing.seconds)
        kind = "transcript.text.done"
        yield event({"type": kind, **_verbose(transcript, hearing, parts)}, kind)
    except VisavisError as error:
        yield event({"type": "error", **told(error)}, "error")
    yield DONE


async def _lines(
    recording: AsyncGenerator[Heard, None], services: Services, parts: Parts, hearing: _Hearing
) -> AsyncGenerator[bytes, None]:
    try:
        async with closing(recording) as happenings:
            async for happened in happenings:
                if isinstance(happened, TranscriptHeard):
                    yield _line("transcription.chunk", index=len(hearing.parts) - 1, text=happened.text)
        transcript = services.transcripts.extend(hearing.key, hearing.parts, hearing.seconds)
        yield _line(
            "transcription.completed", session_id=hearing.session_id, **_verbose(transcript, hearing, parts)
        )
    except VisavisError as error:
        yield _line("error", **told(error))


def _line(kind: str, **data: Any) -> bytes:
    return line({"event": kind, "type": kind, **data})


def _verbose(transcript: Transcript, hearing: _Hearing, parts: Parts) -> Mapping[str, Any]:
    return {
        "task": "transcribe",
        "language": hearing.language or parts.settings.language,
        "duration": transcript.seconds,
        "text": transcript.text,
        "segments": [
            {
                "id": segment.id,
                "start": segment.start,
                "end": segment.end,
                "text": segment.text,
                # Nobody here tells speakers apart: whoever speaks is the one who is meant.
                "speaker": None,
                "is_primary": True,
            }
            for segment in transcript.segments
        ],
    }


def _base(language: str) -> str:
    return language.split("-")[0].lower()


async def _pieces(sent: UploadFile) -> AsyncIterator[bytes]:
    while piece := await sent.read(PIECE):
        yield piece

"""`/sessions/{id}/speak_audio`, `/speak_flashtalk_audio` (contract opentalking 1.4, 1.9): recordings.

The contract's field `audio` is what the avatar says; the deployed field `file` of `/speak_audio` is what the user
says. Neither is kept.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, UploadFile

from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import OptionalName, SoundResponse, SpeakRequest
from visavis.api.opentalking.sessions import Session
from visavis.api.opentalking.speech import spoken
from visavis.api.opentalking.transcribe import MAX_BYTES, pieces, recognised
from visavis.api.parts import House, Parts
from visavis.errors import InvalidInput, VisavisError
from visavis.media.sniff import HEAD, container
from visavis.pool import Recite, SessionHandle, Transcribe

NOTHING_UNDERSTOOD = "nothing was understood in the recording; speak closer to the microphone, or louder"

FORMATS = "audio/wav, audio/mpeg, audio/ogg, audio/webm, audio/mp4, audio/aac, audio/flac, audio/L16"

DOCUMENTED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "encoding": {"audio": {"contentType": FORMATS}, "file": {"contentType": FORMATS}},
                "examples": {
                    "raw": {"summary": "Raw samples", "value": {"audio": "(s16le, mono)", "sample_rate": 24_000}},
                    "file": {"summary": "An MP3, WAV, OGG, WebM, M4A…", "value": {"audio": "(the file)"}},
                },
            }
        },
    }
}
"""What FastAPI does not know of the fields."""

Audio = Annotated[
    UploadFile | None,
    File(
        description="What the avatar is to say: a file of any usual format, or raw PCM (s16le, mono, at"
        " `sample_rate`); which of them is detected. At most 15 MiB and five minutes."
    ),
]
SampleRate = Annotated[
    int, Form(description="Hz of raw PCM; a file says it itself.", ge=4000, le=192_000, examples=[16_000])
]

router = APIRouter(route_class=Route, tags=["speech"], prefix="/sessions/{session_id}", responses=refusals())


@router.post("/speak_audio", responses=refusals(400, 404, 409, 413, 502, 503), openapi_extra=DOCUMENTED)
async def speak_audio(
    session: Session,
    house: House,
    audio: Audio = None,
    sample_rate: SampleRate = 16_000,
    file: Annotated[
        UploadFile | None,
        File(
            description="What the user says, as deployed clients send it: a file of any usual format. It is"
            " recognised and then treated as the text of `/speak`. Not looked at if there is `audio`."
        ),
    ] = None,
    voice: Annotated[OptionalName, Form(description="Another voice for what `file` asks for.")] = None,
    tts_provider: Annotated[OptionalName, Form(description="The same.")] = None,
    tts_model: Annotated[OptionalName, Form(description="The same.")] = None,
) -> SoundResponse:
    """Play `audio` as if the avatar said it, or do with what is said in `file` what `/speak` does.

    Either takes the place of what is being said. 409 `interrupted` if `/interrupt` is called while a `file` is
    being recognised.
    """
    if audio is not None:
        return await _play(session, house, audio, sample_rate)
    if not (sent := _present(file)).size:
        raise InvalidInput("file: must not be empty")
    async with hush(session):
        text = await recognised(session, house.uploads, pieces(sent), Transcribe(""))
        if not text.strip():
            raise InvalidInput(NOTHING_UNDERSTOOD)
        body = SpeakRequest(text=text, voice=voice, tts_provider=tts_provider, tts_model=tts_model)
        turn = await spoken(session, house.settings, body)
    return SoundResponse(session_id=session.id, turn=turn.turn, text=text)


@router.post("/speak_flashtalk_audio", responses=refusals(400, 404, 409, 413, 503), openapi_extra=DOCUMENTED)
async def speak_flashtalk_audio(
    session: Session,
    house: House,
    audio: Audio = None,
    sample_rate: SampleRate = 16_000,
    file: Annotated[
        UploadFile | None, File(description="The same as `audio`, never raw: how deployed clients send it.")
    ] = None,
) -> SoundResponse:
    """Play a recording as if the avatar said it, in place of what is being said.

    Every face gets its sound in the portions it wants, so this is `/speak_audio`, for a `file` too.
    """
    if audio is not None:
        return await _play(session, house, audio, sample_rate)
    return await _play(session, house, _present(file), 0)


@asynccontextmanager
async def hush(session: SessionHandle) -> AsyncIterator[None]:
    """Hold what is being said while somebody speaks; go on with it if nothing comes of that."""
    held = await session.pause()
    try:
        yield
    except BaseException:  # cancelled, too: the avatar goes on
        if held:
            with suppress(VisavisError):
                await session.resume()
        raise


async def _play(session: SessionHandle, house: Parts, sent: UploadFile, sample_rate: int) -> SoundResponse:
    if not sent.size:
        raise InvalidInput("audio: must not be empty")
    head = await sent.read(HEAD)
    await sent.seek(0)
    upload = await house.uploads.keep(pieces(sent), MAX_BYTES)
    try:
        turn = await session.recite(Recite(upload, 0 if container(head) else sample_rate))
    finally:
        house.uploads.forget(upload)
    return SoundResponse(session_id=session.id, turn=turn.turn)


def _present(sent: UploadFile | None) -> UploadFile:
    if sent is None:
        raise InvalidInput("audio: field required")
    return sent

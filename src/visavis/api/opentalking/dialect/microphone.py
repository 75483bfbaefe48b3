"""What deployed web clients say on `/speak_audio_stream`: the user's own speech, to be recognised and answered.

A first message `{"type": "meta", …}` tells this dialect from the contract's. Then s16le mono at 16 kHz, then
`{"type": "end"}`. The client takes the first message it gets for the result and leaves, so there is exactly one
(contract opentalking 1.7; 6).
"""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from visavis.api.opentalking.audio_speech import NOTHING_UNDERSTOOD, hush
from visavis.api.opentalking.errors import in_words
from visavis.api.opentalking.schemas import OptionalName, SpeakRequest
from visavis.api.opentalking.socket import DONE, INTERNAL, LATE, UNKNOWN, WRONG, Socket, words
from visavis.api.opentalking.speech import spoken
from visavis.api.opentalking.transcribe import recognised
from visavis.api.parts import Parts
from visavis.api.statuses import GENERIC
from visavis.errors import InvalidInput, NotFound, VisavisError
from visavis.media.timeline import HEARD_RATE
from visavis.pool import SessionHandle, Transcribe

QUIET = 30.0
"""Seconds between two messages of a client that is still recording."""

RECOGNITION = 120.0
"""Seconds the recogniser has, as in deployed servers."""


class Meta(BaseModel):
    """The first message."""

    voice: OptionalName = None
    tts_provider: OptionalName = None
    tts_model: OptionalName = None
    stt_provider: Annotated[OptionalName, Field(description="Accepted; a server has one recogniser.")] = None


class Gone(Exception):
    """The client left before the end of its recording."""


async def listen(socket: Socket, session: SessionHandle, house: Parts, first: dict[str, Any]) -> None:
    """Hear the user out, see to the answer and say so, once."""
    try:
        turn, text = await _answer(socket, session, house, first)
    except Gone:
        return
    except VisavisError as failure:
        if type(failure) is VisavisError:
            await _refuse(socket, GENERIC, INTERNAL)
        else:
            await _refuse(socket, words(failure), UNKNOWN if isinstance(failure, NotFound) else WRONG)
    except TimeoutError:
        await _refuse(socket, "nothing came for too long, or the recogniser took too long", LATE)
    else:
        # Beyond the deployed keys, `turn` as in every answer of this API.
        await socket.tell({"session_id": session.id, "status": "queued", "text": text, "turn": turn})
        await socket.close(DONE)


async def _answer(socket: Socket, session: SessionHandle, house: Parts, first: dict[str, Any]) -> tuple[str, str]:
    """The turn's id, and what the user said."""
    try:
        meta = Meta.model_validate(first)
    except ValidationError as error:
        raise InvalidInput(
            in_words([{**each, "loc": ("meta", *each["loc"])} for each in error.errors()])
        ) from None
    async with hush(session):
        command = Transcribe("", HEARD_RATE)
        text = await recognised(session, house.uploads, _recording(socket), command, RECOGNITION)
        if not text.strip():
            raise InvalidInput(NOTHING_UNDERSTOOD)
        body = SpeakRequest(text=text, voice=meta.voice, tts_provider=meta.tts_provider, tts_model=meta.tts_model)
        turn = await spoken(session, house.settings, body)
    return turn.turn, text


async def _recording(socket: Socket) -> AsyncIterator[bytes]:
    while True:
        message = await socket.receive(QUIET)
        if message is None:
            raise Gone
        if isinstance(message, bytes):
            yield message
        elif _kind(message) == "end":
            return


def _kind(text: str) -> Any:
    """Deployed servers pass over types they don't know."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise InvalidInput('send sound, or {"type": "end"}')
    return message.get("type")


async def _refuse(socket: Socket, message: str, code: int) -> None:
    await socket.tell({"error": message})
    await socket.close(code)

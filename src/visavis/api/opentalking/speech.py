"""`/sessions/{id}/speak`, `/chat`, `/interrupt` (contract opentalking 1.4)."""

from fastapi import APIRouter

from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.schemas import ChatRequest, InterruptResponse, SpeakRequest, TurnResponse
from visavis.api.opentalking.sessions import Session
from visavis.api.parts import House
from visavis.errors import TooLarge
from visavis.pool import Chat, Say, SessionHandle, TurnAccepted
from visavis.settings import Settings

router = APIRouter(route_class=Route, tags=["speech"], prefix="/sessions/{session_id}", responses=refusals())


@router.post("/speak", responses=refusals(400, 404, 409, 413, 502, 503))
async def speak(body: SpeakRequest, session: Session, house: House) -> TurnResponse:
    """Say a text as it is, instead of what is being said.

    With the setting `speak_mode = chat` the text is answered: so the deployed web client expects it.
    """
    turn = await spoken(session, house.settings, body)
    return TurnResponse(session_id=session.id, turn=turn.turn)


@router.post("/chat", responses=refusals(400, 404, 409, 413, 502, 503))
async def chat(body: ChatRequest, session: Session, house: House) -> TurnResponse:
    """Answer a prompt with the language model. 409 while another turn is in flight."""
    _within(house.settings, "prompt", body.prompt)
    voice, provider, model = body.voice or "", body.tts_provider or "", body.tts_model or ""
    turn = await session.chat(Chat(body.prompt, voice, provider, model, expression=body.expression or ""))
    return TurnResponse(session_id=session.id, turn=turn.turn)


@router.post("/interrupt", responses=refusals(404, 409))
async def interrupt(session: Session) -> InterruptResponse:
    """Stop what is being said: after the answer no packet of it leaves. Fine when nothing is."""
    await session.interrupt()
    return InterruptResponse(session_id=session.id)


async def spoken(session: SessionHandle, settings: Settings, body: SpeakRequest) -> TurnAccepted:
    """Do with a text what the setting `speak_mode` says, whoever wrote or spoke it."""
    _within(settings, "text", body.text)
    voice, provider, model = body.voice or "", body.tts_provider or "", body.tts_model or ""
    expression = body.expression or ""
    if settings.speak_mode == "chat":
        return await session.chat(Chat(body.text, voice, provider, model, barge_in=True, expression=expression))
    return await session.say(Say(body.text, voice, provider, model, expression))


def _within(settings: Settings, field: str, text: str) -> None:
    if len(text) > settings.max_text_chars:
        raise TooLarge(f"{field}: at most {settings.max_text_chars} characters")

"""The circle is closed: our own clients of the three upstreams against our own services, over a real socket."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.api.kiosk.services.conftest import application, left, listening
from tests.asr.flite_speech import heard, said
from visavis.asr.openai import TranscriptionEndpoint
from visavis.llm import Message, TextDelta
from visavis.llm.rag import RagModel
from visavis.outbound import Outbound
from visavis.pool import Chat, Listen, NewSession, Plan, Upstreams
from visavis.pool.inline import InlinePool
from visavis.pool.workers import WorkersPool
from visavis.session.events import AnswerDelta, ClipWritten, Failed, TranscriptHeard, TurnEnded
from visavis.settings import Settings
from visavis.testing.kiosk_stubs.speech import wav_file
from visavis.tts.openai import SpeechEndpoint
from visavis.uploads import Uploads


@pytest.fixture
async def url(pool: InlinePool, settings: Settings) -> AsyncIterator[str]:
    async with listening(application(pool, settings)) as base:
        async with httpx.AsyncClient() as client:
            text = "The train to the city leaves at nine. Tickets cost five euros."
            added = await client.post(f"{base}/api/v1/context", json={"text": text, "source": "trains"})
            assert added.status_code == 200
        yield base


@pytest.fixture
async def outbound(url: str) -> AsyncIterator[Outbound]:
    made = Outbound.for_configured(Settings(), url)
    yield made
    await made.aclose()


async def test_the_rag_client_gets_its_answer(url: str, outbound: Outbound) -> None:
    model = RagModel(outbound, f"{url}/api/v1/query")
    messages = [Message("user", "Hello"), Message("assistant", "Hi!"), Message("user", "What do tickets cost?")]
    deltas = [delta.text async for delta in model.answer(messages) if isinstance(delta, TextDelta)]
    assert "five euros" in "".join(deltas)


async def test_the_transcription_client_gets_its_words(url: str, outbound: Outbound) -> None:
    recognizer = TranscriptionEndpoint(outbound, f"{url}/v1/audio/transcriptions")
    (transcript,) = await heard(recognizer, await said("go forward ten meters"))
    assert transcript.final
    assert {"forward", "ten"} <= set(transcript.text.split())


@pytest.mark.parametrize("response_format", ["wav", "pcm"])
async def test_the_speech_client_gets_its_sound(url: str, outbound: Outbound, response_format: str) -> None:
    voice = SpeechEndpoint(
        outbound,
        f"{url}/v1/audio/speech",
        model="qwen-tts",
        language="English",
        voice="Chelsie",
        response_format="pcm" if response_format == "pcm" else "wav",
    )
    pieces = [piece async for piece in voice.speak("The train leaves at nine.")]
    rate = pieces[0].sample_rate
    assert rate == (24_000 if response_format == "pcm" else 22_050)
    assert 1.0 < sum(len(piece.pcm) for piece in pieces) / rate < 4.0


async def test_a_kiosk_session_with_all_three_upstreams_here(
    url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A second server, as a kiosk would be, listens, asks and speaks by the first one's services."""
    kiosk = Settings(data_dir=tmp_path_factory.mktemp("kiosk"))
    upstreams = Upstreams(
        asr_url=f"{url}/v1/audio/transcriptions",
        rag_url=f"{url}/api/v1/query",
        tts_url=f"{url}/v1/audio/speech",
        tts_language="English",
    )
    wish = NewSession(avatar_id="", voice_only=True, clips=True, tts_model="qwen-tts", upstreams=upstreams)

    async def recording() -> AsyncIterator[bytes]:
        yield wav_file(await said("what do tickets cost"), 16_000)

    async with InlinePool(kiosk, warm=False) as pool:
        session = await pool.create(wish)
        upload = await Uploads(kiosk).keep(recording(), 1_000_000)
        await session.listen(Listen(Plan(source="recording", pace=0.0, answer=False), upload))
        transcript = ""
        async for record in session.events():
            assert not isinstance(record.event, Failed), record.event
            if isinstance(record.event, TranscriptHeard) and record.event.final:
                transcript = record.event.text
                break
        assert "cost" in transcript
        await session.chat(Chat("What do tickets cost?"))
        answer, clips = "", 0
        async for record in session.events():
            assert not isinstance(record.event, Failed), record.event
            if isinstance(record.event, AnswerDelta):
                answer += record.event.delta
            elif isinstance(record.event, ClipWritten):
                clips += 1
            elif isinstance(record.event, TurnEnded):
                break
        await session.close()
    assert "five euros" in answer
    assert clips >= 1


async def test_nothing_is_left_behind(url: str, outbound: Outbound, settings: Settings, pool: InlinePool) -> None:
    voice = SpeechEndpoint(outbound, f"{url}/v1/audio/speech", model="x")
    assert [piece async for piece in voice.speak("Hello.")]
    assert pool.sessions() == []
    assert left(settings) == []


async def test_the_services_are_the_same_over_media_processes(settings: Settings) -> None:
    chosen = settings.model_copy(update={"workers": 1})
    async with WorkersPool(chosen) as pool, listening(application(pool, chosen)) as url:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            await client.post("/api/v1/context", json={"text": "Tickets cost five euros.", "source": "trains"})
            answer = await client.post("/api/v1/query", json={"transcription": "What do tickets cost?"})
            speech = await client.post("/v1/audio/speech", json={"input": "Go forward ten meters."})
            files = {"file": ("a.wav", wav_file(await said("go forward ten meters"), 16_000))}
            transcript = await client.post("/v1/audio/transcriptions", files=files)
            wrong = await client.post("/v1/audio/transcriptions", files={"file": ("a.wav", b"rubbish")})
        assert pool.sessions() == []
    assert "five euros" in answer.text
    assert speech.content.startswith(b"RIFF")
    assert "forward" in transcript.json()["text"]
    assert wrong.status_code == 400
    assert left(settings) == []

"""What becomes of a session when a service it relies on fails, or is stopped (contract kiosk 1.7, column "ours").

A real server with its workers; the services are strict stubs: whoever breaks their protocol fails the test.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.kiosk.real_kiosk import PATIENCE, RealKiosk, clips, outcome, question, real_kiosk
from tests.browser.conftest import serving
from visavis.media.samples import from_bytes, rms
from visavis.testing.kiosk_stubs import (
    AnalyzerStub,
    Answer,
    Behaviour,
    Failure,
    RagStub,
    SpeechStub,
    heard,
    tokens,
)
from visavis.testing.stub_server import UNTOLD

TIMEOUT = "2"
"""Seconds the services have."""

HEARD = "hello from the stub"
ANSWER = "Hello from the stub. Bye."


@dataclass(frozen=True, slots=True)
class Services:
    """The three, and the server that is set up to use them."""

    kiosk: RealKiosk
    asr: AnalyzerStub
    rag: RagStub
    tts: SpeechStub


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int, int]]:
    """Where the services will be."""
    with ExitStack() as stack:
        kept = [stack.enter_context(socket.socket()) for _ in range(3)]
        for each in kept:
            each.bind(("127.0.0.1", 0))
        asr, rag, tts = (each.getsockname()[1] for each in kept)
    yield asr, rag, tts


@pytest.fixture(scope="module")
def configured(ports: tuple[int, int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that knows them by its settings."""
    asr, rag, tts = ports
    settings = {
        "KIOSK_CORE_ANALYZER_URL": f"http://127.0.0.1:{asr}/v1/audio/transcriptions",
        "KIOSK_CORE_RAG_URL": f"http://127.0.0.1:{rag}/api/v1/query",
        "KIOSK_CORE_TTS_URL": f"http://127.0.0.1:{tts}/v1/audio/speech",
        "KIOSK_CORE_HTTP_TIMEOUT_SECONDS": TIMEOUT,
    }
    with serving(tmp_path_factory.mktemp("configured"), settings) as address:
        yield address


@pytest.fixture(scope="module")
def mapping(ports: tuple[int, int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that is told of them by each request, as those who call containers by their names do."""
    asr, rag, tts = ports
    nobody = "http://127.0.0.1:9/nobody"
    settings = {
        "VISAVIS_KIOSK_REQUEST_URLS": "map",
        "VISAVIS_KIOSK_URL_MAP": f"analyzer=127.0.0.1:{asr},rag=127.0.0.1:{rag},tts:8011=127.0.0.1:{tts}",
        **{f"KIOSK_CORE_{name}_URL": nobody for name in ("ANALYZER", "RAG", "TTS")},
    }
    with serving(tmp_path_factory.mktemp("mapping"), settings) as address:
        yield address


@pytest.fixture
async def stubs(ports: tuple[int, int, int]) -> AsyncIterator[tuple[AnalyzerStub, RagStub, SpeechStub]]:
    made = (AnalyzerStub(), RagStub(), SpeechStub())
    asr, rag, tts = made
    asr.port, rag.port, tts.port = ports
    async with asr, rag, tts:
        yield made


@pytest.fixture
async def services(stubs: tuple[AnalyzerStub, RagStub, SpeechStub], configured: str) -> AsyncIterator[Services]:
    async with real_kiosk(configured) as kiosk:
        yield Services(kiosk, *stubs)


def explained(error: Any, service: str) -> None:
    """An error is one that people understand, and repeats nothing of what the service said besides its reason."""
    assert isinstance(error, str)
    assert service in error
    assert UNTOLD not in error
    assert "127.0.0.1" not in error


async def test_by_settings_each_service_gets_exactly_the_documented_request(services: Services) -> None:
    recording = await question()
    snapshot = await services.kiosk.answered(recording, language="en")

    assert outcome(snapshot) == ("completed", "completed", HEARD, ANSWER)
    assert snapshot["error"] is None
    assert clips(snapshot) == [(1, "Hello from the stub."), (2, "Bye.")]
    (sound,) = services.asr.requests
    assert sound.fields == {"temperature": "0.0", "language": "en"}
    assert sound.sample_rate == 16_000
    before, between, after = recording[44:].partition(sound.pcm.tobytes())
    assert between
    assert rms(from_bytes(before)) < 900
    assert rms(from_bytes(after)) < 900
    (asked,) = services.rag.requests
    assert (asked.transcription, asked.history) == (HEARD, [])
    common = {"model": "qwen-tts", "response_format": "wav", "language": "English"}
    assert [request.fields for request in services.tts.requests] == [
        common | {"input": "Hello from the stub."},
        common | {"input": "Bye."},
    ]


async def test_a_request_that_names_services_has_its_way(
    stubs: tuple[AnalyzerStub, RagStub, SpeechStub], mapping: str
) -> None:
    asr, rag, tts = stubs
    async with real_kiosk(mapping) as kiosk:
        snapshot = await kiosk.answered(
            await question(),
            analyzer_url="http://analyzer:8010/v1/audio/transcriptions",
            rag_url="http://rag:8020/api/v1/query",
            tts_url="http://tts:8011/v1/audio/speech",
            temperature="0.4",
            tts_model="m",
            tts_voice="v",
            tts_language="Chinese",
            tts_instructions="slowly",
            conversation_id="visitor",
        )
        assert outcome(snapshot) == ("completed", "completed", HEARD, ANSWER)
        assert [request.fields for request in asr.requests] == [{"temperature": "0.4"}]
        spoken = {"model": "m", "voice": "v", "language": "Chinese", "instructions": "slowly"}
        assert tts.requests[0].fields == spoken | {"response_format": "wav", "input": "Hello from the stub."}

        # What a request does not name is as the settings say: here nobody.
        again = await kiosk.start(
            "query/text", text="And?", conversation_id="visitor", rag_url="http://rag/api/v1/query"
        )
        again = await kiosk.over(again)
        assert (again["status"], again["response"], clips(again)) == ("completed", ANSWER, [])
        assert len(again["tts_errors"]) == 2
        assert rag.requests[1].transcription == "And?"
        assert rag.requests[1].history == [
            {"role": "user", "content": HEARD},
            {"role": "assistant", "content": ANSWER},
        ]


@pytest.mark.parametrize(
    "fault",
    [Failure(500), Failure(401, reason=""), "cut", "stall", "rubbish", "huge", Answer([b'{"words": 1}'])],
    ids=["500", "401", "cut", "stall", "rubbish", "huge", "other JSON"],
)
async def test_when_the_analyzer_fails_nothing_is_asked_and_the_session_has_failed(
    services: Services, fault: Behaviour
) -> None:
    services.asr.always(fault)
    snapshot = await services.kiosk.answered(await question())

    assert outcome(snapshot) == ("failed", "error", "", "")
    explained(snapshot["error"], "transcription service")
    assert snapshot["speech_started"]
    assert snapshot["captured_audio_seconds"] > 1
    assert (len(services.asr.requests), services.rag.requests) == (1, [])


async def test_when_the_analyzer_is_down_the_session_has_failed(services: Services) -> None:
    await services.asr.down()
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("failed", "error", "", "")
    explained(snapshot["error"], "transcription service")


@pytest.mark.parametrize("answer", ["empty", heard("[BLANK_AUDIO] (Music)\n[ Silence ]")], ids=["empty", "junk"])
async def test_what_has_no_words_is_not_answered(services: Services, answer: Behaviour) -> None:
    services.asr.always(answer)
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("completed", "completed", "", "")
    assert (snapshot["error"], snapshot["transcript_parts"], services.rag.requests) == (None, [], [])


async def test_junk_is_left_out_between_words(services: Services) -> None:
    services.asr.always(heard("[Music] When do [noise] you close? (Applause)"))
    snapshot = await services.kiosk.answered(await question())
    assert snapshot["transcript"] == "When do you close?"


LONG = "how do i get the key to the second room of the house"


async def test_of_a_question_in_chunks_what_was_heard_is_answered(services: Services) -> None:
    services.asr.then(heard("first"), Failure(500), heard("third"))
    services.asr.always(heard(""))
    recording = await question(LONG)
    snapshot = await services.kiosk.answered(recording, chunk_seconds="1")

    assert outcome(snapshot) == ("completed", "completed", "first third", ANSWER)
    assert snapshot["transcript_parts"] == ["first", "third"]
    explained(snapshot["error"], "transcription service")
    assert services.rag.requests[0].transcription == "first third"
    # Every sample of the question was sent, once.
    assert len(services.asr.requests) >= 3
    assert b"".join(request.pcm.tobytes() for request in services.asr.requests) in recording


@pytest.mark.parametrize(
    "fault",
    [Failure(500), Failure(401, reason=""), Answer([b"not SSE"]), "rubbish", Answer([], ending="cut")],
    ids=["500", "401", "no events", "rubbish", "cut at once"],
)
async def test_when_the_rag_service_fails_the_transcript_is_kept(services: Services, fault: Behaviour) -> None:
    services.rag.always(fault)
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("completed", "completed", HEARD, "")
    explained(snapshot["error"], "RAG service")
    assert (snapshot["tts_audio_segments"], snapshot["tts_errors"], services.tts.requests) == ([], [], [])


async def test_when_the_rag_service_is_down_the_transcript_is_kept(services: Services) -> None:
    await services.rag.down()
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("completed", "completed", HEARD, "")
    explained(snapshot["error"], "RAG service")


async def test_an_answer_without_words_is_no_error(services: Services) -> None:
    services.rag.always("empty")
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("completed", "completed", HEARD, "")
    assert (snapshot["error"], services.tts.requests) == (None, [])


SAID = ("We", " open at nine.", " We", " close at six.", " On Sun")


@pytest.mark.parametrize(
    "fault",
    [
        tokens(*SAID, error="the index is gone", done=False),
        Answer(list(tokens(*SAID).pieces or ())[: len(SAID)], ending="cut"),
        Answer(list(tokens(*SAID).pieces or ())[: len(SAID)], ending="stall"),
        Answer([*list(tokens(*SAID).pieces or ())[: len(SAID)], b"data: {nonsense\n\n"]),
    ],
    ids=["error event", "cut", "stall", "rubbish"],
)
async def test_of_an_answer_that_breaks_off_the_finished_sentences_are_kept(
    services: Services, fault: Behaviour
) -> None:
    services.rag.always(fault)
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("completed", "completed", HEARD, "We open at nine. We close at six. On Sun")
    explained(snapshot["error"], "RAG service")
    assert clips(snapshot) == [(1, "We open at nine."), (2, "We close at six.")]
    assert snapshot["tts_errors"] == []


async def test_a_sentence_at_the_very_end_of_what_came_is_a_sentence(services: Services) -> None:
    services.rag.always(tokens("We open at nine.", error="no more", done=False))
    snapshot = await services.kiosk.answered(await question())
    assert clips(snapshot) == [(1, "We open at nine.")]
    assert "no more" in snapshot["error"]


@pytest.mark.parametrize(
    "fault",
    [Failure(500), Failure(401, reason=""), "cut", "stall", "empty", "rubbish", "huge"],
    ids=["500", "401", "cut", "stall", "empty", "rubbish", "huge"],
)
async def test_a_sentence_that_cant_be_spoken_leaves_a_gap(services: Services, fault: Behaviour) -> None:
    services.rag.always(tokens("One is said. ", "Two is not. ", "Three is said."))
    services.tts.then(Answer(), fault)
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("completed", "completed", HEARD, "One is said. Two is not. Three is said.")
    assert clips(snapshot) == [(1, "One is said."), (3, "Three is said.")]
    assert snapshot["error"] is None
    (error,) = snapshot["tts_errors"]
    assert error.startswith("sentence 2: ")
    explained(error, "speech service")


async def test_when_speech_is_down_there_is_an_error_for_each_sentence(services: Services) -> None:
    await services.tts.down()
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("completed", "completed", HEARD, ANSWER)
    assert (snapshot["error"], clips(snapshot)) == (None, [])
    assert [error.partition(":")[0] for error in snapshot["tts_errors"]] == ["sentence 1", "sentence 2"]


async def test_when_everything_is_down_it_says_so(services: Services) -> None:
    for stub in (services.asr, services.rag, services.tts):
        await stub.down()
    snapshot = await services.kiosk.answered(await question())
    assert outcome(snapshot) == ("failed", "error", "", "")
    explained(snapshot["error"], "transcription service")
    typed = await services.kiosk.over(await services.kiosk.start("query/text", text="When?"))
    assert outcome(typed) == ("completed", "completed", "When?", "")
    explained(typed["error"], "RAG service")


async def test_slow_services_are_waited_for(services: Services) -> None:
    go = asyncio.Event()
    services.asr.always(Answer(gates={1: go}))
    services.rag.always(Answer(gates={6: go}))
    session = await services.kiosk.start_file(await question())
    await asyncio.wait_for(services.asr.arrived.get(), PATIENCE)
    await services.kiosk.becomes(session, lambda snapshot: snapshot["status"] == "running")
    go.set()
    assert outcome(await services.kiosk.over(session)) == ("completed", "completed", HEARD, ANSWER)


async def test_stopped_before_anything_was_said(services: Services) -> None:
    session = await services.kiosk.start()
    await services.kiosk.stop(session)
    snapshot = await services.kiosk.over(session)
    assert outcome(snapshot) == ("completed", "stopped_by_api", "", "")
    assert (snapshot["error"], snapshot["speech_started"], snapshot["captured_audio_seconds"]) == (None, False, 0)
    assert services.asr.requests == []


async def test_stopped_in_mid_speech_what_was_heard_is_answered(services: Services) -> None:
    session = await services.kiosk.start()
    recording = await question()
    await services.kiosk.client.post(
        f"/api/v1/sessions/{session['session_id']}/audio", content=recording[: 44 + 40_000]
    )
    await services.kiosk.becomes(session, lambda snapshot: snapshot["captured_audio_seconds"] > 0.3)
    assert (await services.kiosk.stop(session))["status"] == "stopping"
    snapshot = await services.kiosk.over(session)
    assert outcome(snapshot) == ("completed", "stopped_by_api", HEARD, ANSWER)
    assert clips(snapshot) == [(1, "Hello from the stub."), (2, "Bye.")]


async def test_stopped_while_the_question_is_recognised(services: Services) -> None:
    services.asr.then(heard("first"), "stall")
    session = await services.kiosk.start_file(await question(LONG), chunk_seconds="1")
    await services.kiosk.becomes(session, lambda snapshot: snapshot["transcript"] == "first")
    await asyncio.wait_for(services.asr.arrived.get(), PATIENCE)
    second = await asyncio.wait_for(services.asr.arrived.get(), PATIENCE)
    await services.kiosk.stop(session)
    snapshot = await services.kiosk.over(session)
    assert outcome(snapshot) == ("completed", "stopped_by_api", "first", "")
    async with asyncio.timeout(PATIENCE):
        await second.ended.wait()
    assert (second.abandoned, services.rag.requests) == (True, [])


async def test_stopped_while_it_is_answered(services: Services) -> None:
    services.rag.always(Answer(list(tokens(*SAID).pieces or ())[: len(SAID)], ending="stall"))
    session = await services.kiosk.start_file(await question())
    await services.kiosk.becomes(session, lambda snapshot: bool(snapshot["tts_audio_segments"]))
    request = await asyncio.wait_for(services.rag.arrived.get(), PATIENCE)
    await services.kiosk.stop(session)
    snapshot = await services.kiosk.over(session)
    assert (snapshot["status"], snapshot["end_reason"], snapshot["error"]) == ("completed", "stopped_by_api", None)
    assert (snapshot["transcript"], snapshot["tts_errors"]) == (HEARD, [])
    assert snapshot["response"].startswith("We open at nine.")
    assert clips(snapshot)[0] == (1, "We open at nine.")
    async with asyncio.timeout(PATIENCE):
        await request.ended.wait()
    assert request.abandoned


async def test_stopped_while_it_speaks(services: Services) -> None:
    services.tts.then(Answer(), "stall")
    session = await services.kiosk.start_file(await question())
    await asyncio.wait_for(services.tts.arrived.get(), PATIENCE)
    second = await asyncio.wait_for(services.tts.arrived.get(), PATIENCE)
    await services.kiosk.stop(session)
    snapshot = await services.kiosk.over(session)
    assert outcome(snapshot) == ("completed", "stopped_by_api", HEARD, ANSWER)
    assert (clips(snapshot), snapshot["tts_errors"]) == ([(1, "Hello from the stub.")], [])
    async with asyncio.timeout(PATIENCE):
        await second.ended.wait()
    assert second.abandoned

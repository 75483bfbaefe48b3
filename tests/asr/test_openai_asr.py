"""The recogniser against a strict stub of the analyzer, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from tests.asr.flite_speech import heard as transcripts
from visavis.asr import Transcript, openai
from visavis.asr.child import PATIENCE
from visavis.asr.openai import LIVE_TIMEOUT, OpenAITranscriptionProvider, TranscriptionEndpoint, without_junk
from visavis.asr.pool import RecognizerPool
from visavis.errors import StageFailed, Unavailable, UpstreamFailed
from visavis.media.samples import Samples
from visavis.outbound import Outbound
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.asr import check_recognizer
from visavis.testing.kiosk_stubs import AnalyzerStub, Answer, Behaviour, Failure, heard

SOUND = np.arange(5120, dtype=np.int16)
ALL_OF_IT = 3 * len(SOUND)
"""Its length in media time."""


@asynccontextmanager
async def endpoint(stub: AnalyzerStub, **more: Any) -> AsyncIterator[TranscriptionEndpoint]:
    outbound = Outbound.for_configured(Settings(), stub.url)
    try:
        yield TranscriptionEndpoint(outbound, stub.url, **more)
    finally:
        await outbound.aclose()


async def test_given_an_utterance_when_it_ends_then_it_is_sent_whole_and_one_final_transcript_comes() -> None:
    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        stub.then(heard(" Two coffees,\nplease. "))
        assert await transcripts(recognizer, SOUND) == [Transcript("Two coffees, please.", True, 0, ALL_OF_IT)]
        (request,) = stub.requests
        assert np.array_equal(request.pcm, SOUND)
        assert request.sample_rate == 16_000
        assert request.fields == {"temperature": "0.0", "language": "en"}
        assert request.filename.endswith(".wav")


async def test_given_the_conformance_suite_when_run_against_the_stub_then_it_passes() -> None:
    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        await check_recognizer(recognizer, SOUND, "en")


async def test_given_a_key_and_a_model_when_asked_then_they_are_sent() -> None:
    async with AnalyzerStub(api_key="key", model="whisper-1") as stub:
        async with endpoint(stub, api_key=" key\n", model="whisper-1", temperature=0.2) as recognizer:
            await transcripts(recognizer, SOUND, "de-AT")
        assert stub.requests[0].fields == {"temperature": "0.2", "language": "de", "model": "whisper-1"}


async def test_given_no_language_when_asked_then_none_is_sent() -> None:
    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        await transcripts(recognizer, SOUND, "")
        assert stub.requests[0].fields == {"temperature": "0.0"}


async def test_given_no_sound_when_it_ends_then_nobody_is_asked() -> None:
    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        assert await transcripts(recognizer, SOUND[:0]) == [Transcript("", True, 0, 0)]
        assert stub.connections == 0


async def test_given_more_sound_than_is_kept_when_it_ends_then_its_beginning_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openai, "MAX_SECONDS", 1)
    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        long = np.resize(SOUND, 40_000)
        (transcript,) = await transcripts(recognizer, long)
        assert transcript.end == 48_000
        assert np.array_equal(stub.requests[0].pcm, long[:16_000])


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("[BLANK_AUDIO]", ""),
        ("(music) Hello [Applause]  there (Background Music)", "Hello there"),
        ("[ Silence ] [NOISE](laughter)", ""),
        ("[music and noise] (musical)", "[music and noise] (musical)"),
        ("[music) Music", "[music) Music"),
        ("我要[Music]咖啡", "我要 咖啡"),
    ],
)
def test_given_noises_in_words_when_filtered_then_only_what_was_said_is_left(said: str, words: str) -> None:
    assert without_junk(said) == words


async def test_given_only_noises_when_asked_then_the_transcript_is_empty() -> None:
    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        stub.then(heard(" [BLANK_AUDIO]"), "empty")
        for _ in range(2):
            assert [transcript.text for transcript in await transcripts(recognizer, SOUND)] == [""]


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Failure(400, "Unknown language at http://inner.test/x"), r"refused the request \(status 400\): Unknown"),
        (Failure(401, "wrong key: k3y"), r"refused the key; check its key \(status 401\)$"),
        (Failure(403, "wrong key: k3y"), r"refused the key; check its key \(status 403\)$"),
        (Failure(404, ""), r"was not found; check its address \(status 404\)$"),
        (Failure(413), "too much at once"),
        (Failure(429), "rate limit or quota; try again later"),
        (Failure(500, "k3y is no good"), r"has failed; try again later \(status 500\): … is no good"),
        (Failure(302), "something else"),
        ("cut", "broke off"),
        ("rubbish", "does not have; check its address"),
        ("huge", "far too much"),
        (Answer([b'["text"]']), "does not have"),
        (Answer([b'{"text": null}']), "does not have"),
        (Answer([b"[" * 100_000]), "does not have"),
        (Answer([b""]), "does not have"),
    ],
)
async def test_given_a_bad_analyzer_when_asked_then_the_error_is_typed_and_tells_no_secret(
    behaviour: Behaviour, words: str
) -> None:
    async with AnalyzerStub(api_key="k3y") as stub, endpoint(stub, api_key="k3y") as recognizer:
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await transcripts(recognizer, SOUND)
        message = failed.value.message
        assert failed.value.stage == "asr"
        assert not [private for private in ("secret", "k3y", "inner", "127.0.0.1") if private in message]
        assert len(stub.requests) == 1, "a request is never sent again"
        assert await transcripts(recognizer, SOUND), "the next utterance works"


async def test_given_a_stalled_analyzer_when_asked_then_it_fails_after_the_timeout() -> None:
    async with AnalyzerStub() as stub, endpoint(stub, timeout=0.05) as recognizer:
        stub.then("stall", Answer(gates={0: asyncio.Event()}))
        for _ in range(2):
            with pytest.raises(UpstreamFailed, match="did not answer in time"):
                await transcripts(recognizer, SOUND)


async def test_given_no_analyzer_when_asked_then_the_error_says_what_to_check() -> None:
    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        await stub.down()
        with pytest.raises(UpstreamFailed, match="cannot be reached; check its address"):
            await transcripts(recognizer, SOUND)


async def test_given_a_host_that_nobody_named_when_asked_then_it_is_refused() -> None:
    async with AnalyzerStub() as stub:
        outbound = Outbound(Settings())
        with pytest.raises(UpstreamFailed, match="VISAVIS_OUTBOUND_ALLOW"):
            await transcripts(TranscriptionEndpoint(outbound, stub.url), SOUND)
        assert stub.connections == 0


async def test_given_a_task_that_waits_when_cancelled_then_the_analyzer_sees_it_leave() -> None:
    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        stub.then("stall")
        task = asyncio.create_task(transcripts(recognizer, SOUND))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


async def test_given_sound_that_fails_when_read_then_that_is_told_and_nothing_is_sent() -> None:
    async def broken() -> AsyncIterator[Samples]:
        yield SOUND
        raise StageFailed("transport", "the microphone has gone")

    async with AnalyzerStub() as stub, endpoint(stub) as recognizer:
        with pytest.raises(StageFailed, match="microphone"):
            _ = [transcript async for transcript in recognizer.transcribe(broken(), "en")]
        assert stub.connections == 0


async def test_given_the_configured_recogniser_when_run_in_its_process_then_it_hears_and_fails_as_it_should() -> (
    None
):
    async with AnalyzerStub(api_key="key", model="tiny") as stub:
        settings = Settings(asr_url=f"{stub.base_url}/", asr_api_key="key", asr_model="tiny")
        async with RecognizerPool(settings, "openai", 1, language="en", model="tiny") as recognizers:
            stub.then(heard("One coffee."), Failure(500))
            assert [found.text for found in await transcripts(recognizers, SOUND)] == ["One coffee."]
            with pytest.raises(UpstreamFailed, match="has failed"):
                await transcripts(recognizers, SOUND)
            assert await transcripts(recognizers, SOUND)


def test_given_the_configured_timeout_when_compared_then_it_is_over_before_the_process_is_killed() -> None:
    assert LIVE_TIMEOUT < PATIENCE


def test_given_no_settings_when_asked_what_is_missing_then_it_names_them() -> None:
    nothing = OpenAITranscriptionProvider(Settings())
    assert "VISAVIS_ASR_URL" in str(nothing.missing())
    with pytest.raises(Unavailable, match="VISAVIS_ASR_URL"):
        nothing.recognizer("en")
    assert "http://" in str(OpenAITranscriptionProvider(Settings(asr_url="localhost:1")).missing())
    assert OpenAITranscriptionProvider(Settings(asr_url="http://localhost:1/v1")).missing() is None


async def test_given_the_configured_recogniser_when_it_fails_then_the_settings_are_named() -> None:
    async with AnalyzerStub() as stub:
        configured = OpenAITranscriptionProvider(Settings(asr_url=stub.base_url, asr_api_key="wrong"))
        await stub.down()
        with pytest.raises(UpstreamFailed, match="VISAVIS_ASR_URL"):
            await transcripts(configured.recognizer("en"), SOUND)
        await configured.aclose()


def test_given_the_registry_when_asked_for_openai_then_it_is_this_provider() -> None:
    assert isinstance(provider("asr", "openai", Settings()), OpenAITranscriptionProvider)

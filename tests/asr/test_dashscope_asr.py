"""Paraformer against a strict stub of DashScope, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from tests.asr.flite_speech import heard as transcripts
from visavis.asr import Transcript
from visavis.asr.child import PATIENCE
from visavis.asr.dashscope import (
    LIVE_TIMEOUT,
    MAX_SECONDS,
    UPSTREAM,
    DashScopeRecognizerProvider,
    ParaformerRecognizer,
)
from visavis.asr.pool import RecognizerPool
from visavis.errors import StageFailed, Unavailable, UpstreamFailed
from visavis.media.samples import Samples
from visavis.outbound import Outbound
from visavis.outbound.dashscope import Service
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.asr import check_recognizer
from visavis.testing.stub_server import UNTOLD, Failure
from visavis.testing.voice_stubs.conversation import Behaviour, Refusal, Results
from visavis.testing.voice_stubs.dashscope import ParaformerStub, sentence

KEY = "k3y-of-the-stub"
SOUND = np.arange(5120, dtype=np.int16)
ALL_OF_IT = 3 * len(SOUND)
"""Its length in media time."""
MS = 48
"""A millisecond of media time."""


@asynccontextmanager
async def recognising(**more: Any) -> AsyncIterator[tuple[ParaformerStub, ParaformerRecognizer]]:
    async with ParaformerStub(KEY) as stub:
        service = Service(Outbound.for_configured(Settings(), stub.url), stub.url, KEY, UPSTREAM)
        yield stub, ParaformerRecognizer(service, "paraformer-realtime-v2", **more)


async def test_given_an_utterance_when_it_ends_then_its_words_came_meanwhile_and_one_transcript_is_final() -> None:
    async with recognising() as (stub, recognizer):
        heard = await transcripts(recognizer, SOUND)
        assert heard[-1] == Transcript("Two coffees, please.", True, 10 * MS, ALL_OF_IT)
        assert [found.text for found in heard[:2]] == ["two", "two coffees"]
        assert not any(found.final for found in heard[:-1])
        (request,) = stub.requests
        assert np.array_equal(request.pcm, SOUND)
        assert request.model == "paraformer-realtime-v2"
        assert request.parameters == {"format": "pcm", "sample_rate": 16_000, "language_hints": ["en"]}


async def test_given_somebody_who_still_speaks_when_words_come_then_they_are_told() -> None:
    goes_on = asyncio.Event()

    async def slowly() -> AsyncIterator[Samples]:
        yield SOUND[:1600]
        await goes_on.wait()
        yield SOUND[1600:]

    async with recognising() as (_, recognizer):
        found = recognizer.transcribe(slowly(), "en")
        assert (await anext(found)).text == "two"
        goes_on.set()
        assert [transcript.text async for transcript in found][-1] == "Two coffees, please."


async def test_given_the_conformance_suite_when_run_against_the_stub_then_it_passes() -> None:
    async with recognising() as (_, recognizer):
        await check_recognizer(recognizer, SOUND, "en")


async def test_given_sentences_when_they_are_told_then_they_are_joined_as_their_script_wants() -> None:
    async with recognising() as (stub, recognizer):
        stub.then(
            Results(
                [
                    {"sentence": {"heartbeat": True, "text": "x", "end_time": 3}, "after": 160},
                    sentence("Hello.", 20, 100, after=1600),
                    sentence("How are", 120, None, after=3200),
                    sentence("How are you?", 120, 200, after=4800),
                    sentence("你好。", 210, 250, after=4800),
                    sentence("再见", 260, 310),
                    {"sentence": {"text": "", "end_time": 310, "begin_time": 310}},
                    {},
                ]
            )
        )
        heard = await transcripts(recognizer, SOUND)
        assert [found.text for found in heard] == [
            "Hello.",
            "Hello. How are",
            "Hello. How are you?",
            "Hello. How are you?你好。",
            "Hello. How are you?你好。再见",
            "Hello. How are you?你好。再见",
        ]
        assert {found.start for found in heard} == {20 * MS}
        assert [found.end for found in heard] == [100 * MS, 220 * MS, 220 * MS, 250 * MS, 310 * MS, ALL_OF_IT]


async def test_given_nothing_said_when_it_ends_then_nobody_is_asked() -> None:
    async def nothing() -> AsyncIterator[Samples]:
        for pcm in list[Samples]():
            yield pcm

    async with recognising() as (stub, recognizer):
        assert [found async for found in recognizer.transcribe(nothing(), "en")] == [Transcript("", True, 0, 0)]
        assert stub.connections == 0


async def test_given_no_words_when_it_ends_then_the_final_transcript_is_empty() -> None:
    async with recognising() as (stub, recognizer):
        stub.then("empty")
        assert await transcripts(recognizer, SOUND) == [Transcript("", True, 0, ALL_OF_IT)]


async def test_given_more_sound_than_is_sent_when_recognised_then_the_rest_is_left_out() -> None:
    piece = np.zeros(16_000 * 10, dtype=np.int16)

    async def endless() -> AsyncIterator[Samples]:
        for _ in range(MAX_SECONDS // 10 + 2):
            yield piece

    async with recognising() as (stub, recognizer):
        stub.then("empty")
        (final,) = [found async for found in recognizer.transcribe(endless(), "en")]
        assert final.end == MAX_SECONDS * 48_000
        assert len(stub.requests[0].pcm) == MAX_SECONDS * 16_000


async def test_given_5000_results_and_a_slow_listener_when_recognised_then_all_are_told() -> None:
    async with recognising() as (stub, recognizer):
        results = [sentence(f"word {number}", 0, None, after=160) for number in range(5_000)]
        stub.then(Results(results))
        told = 0
        last = ""

        async def pieces() -> AsyncIterator[Samples]:
            yield SOUND

        async for found in recognizer.transcribe(pieces(), "en"):
            told += 1
            last = found.text
            await asyncio.sleep(0)
        assert (told, last) == (5_001, "word 4999")


@pytest.mark.parametrize(
    ("languages", "language", "hints"),
    [
        ([], "zh-CN", ["zh"]),
        ([], "pt", None),
        ([], "", None),
        (["zh", "en"], "de", ["zh", "en"]),
    ],
)
async def test_given_a_language_when_recognised_then_the_service_is_told_if_it_knows_it(
    languages: list[str], language: str, hints: list[str] | None
) -> None:
    async def pieces() -> AsyncIterator[Samples]:
        yield SOUND

    async with recognising(languages=languages) as (stub, recognizer):
        assert [found async for found in recognizer.transcribe(pieces(), language)]
        assert stub.requests[0].parameters.get("language_hints") == hints


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Failure(400, "No model at 10.0.0.7:80"), r"refused the request \(status 400\): No model at …$"),
        (
            Failure(401, f"wrong key: {KEY}"),
            r"refused the key; check VISAVIS_DASHSCOPE_ASR_API_KEY \(status 401\)$",
        ),
        (Failure(429), r"try again later \(status 429\): The stub says no\.$"),
        (Failure(500, f"{KEY} is no good"), r"has failed; try again later \(status 500\): … is no good$"),
        (
            Refusal("InvalidApiKey", f"Invalid API-key {KEY}"),
            "refused the key; check VISAVIS_DASHSCOPE_ASR_API_KEY$",
        ),
        (Refusal("Throttling", "Slow down."), "rate limit or quota; try again later: Slow down.$"),
        (Refusal("ModelNotFound", "No such model.", after=1), "refused the request: No such model.$"),
        (Refusal("InternalError", f"at 10.0.0.7:80 with {KEY}", after=2), "try again later: at … with …$"),
        (Refusal(1011, "It broke."), r"broke off in the middle of the answer: It broke\.$"),
        ("cut", "broke off"),
        ("rubbish", "does not have"),
        (Results([b"\0\0"]), "does not have"),
    ],
)
async def test_given_a_bad_service_when_recognising_then_the_error_is_typed_and_tells_no_secret(
    behaviour: Behaviour, words: str
) -> None:
    async with recognising() as (stub, recognizer):
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await transcripts(recognizer, SOUND)
        message = failed.value.message
        assert failed.value.stage == "asr"
        assert not [private for private in (UNTOLD, KEY, "10.0.0.7", "127.0.0.1") if private in message]
        assert await transcripts(recognizer, SOUND), "the next utterance works"


@pytest.mark.parametrize("behaviour", ["mute", "stall"])
async def test_given_a_service_that_hangs_when_recognising_then_it_fails_after_the_timeout(behaviour: Any) -> None:
    async with recognising(timeout=0.2) as (stub, recognizer):
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed, match="did not answer in time"):
            await transcripts(recognizer, SOUND)


async def test_given_no_service_when_recognising_then_the_error_says_what_to_check() -> None:
    async with recognising() as (stub, recognizer):
        await stub.down()
        with pytest.raises(UpstreamFailed, match="cannot be reached; check VISAVIS_DASHSCOPE_ASR_URL"):
            await transcripts(recognizer, SOUND)


async def test_given_a_task_that_waits_when_cancelled_then_the_service_sees_it_leave() -> None:
    async with recognising() as (stub, recognizer):
        stub.then("stall")
        task = asyncio.create_task(transcripts(recognizer, SOUND))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


async def test_given_sound_that_fails_when_read_then_that_is_told_and_the_service_left() -> None:
    async def broken() -> AsyncIterator[Samples]:
        yield SOUND
        raise StageFailed("transport", "the microphone has gone")

    async with recognising() as (stub, recognizer):
        with pytest.raises(StageFailed, match="microphone"):
            _ = [found async for found in recognizer.transcribe(broken(), "en")]
        await stub.requests[0].ended.wait()
        assert stub.requests[0].abandoned


async def test_given_the_configured_recogniser_when_run_in_its_process_then_it_hears_and_fails_as_it_should() -> (
    None
):
    async with ParaformerStub(KEY) as stub:
        settings = Settings(dashscope_asr_url=stub.url, dashscope_api_key=KEY, dashscope_asr_languages="zh, en")
        async with RecognizerPool(settings, "dashscope", 1, language="en") as recognizers:
            stub.then(Results(), Failure(500))
            assert [found.text for found in await transcripts(recognizers, SOUND)][-1] == "Two coffees, please."
            with pytest.raises(UpstreamFailed, match="has failed"):
                await transcripts(recognizers, SOUND)
            assert await transcripts(recognizers, SOUND)
        assert stub.requests[0].parameters["language_hints"] == ["zh", "en"]


def test_given_the_timeout_when_compared_then_it_is_over_before_the_process_is_killed() -> None:
    assert LIVE_TIMEOUT < PATIENCE


def test_given_settings_when_asked_what_is_missing_then_they_are_named() -> None:
    nothing = provider("asr", "dashscope", Settings())
    assert isinstance(nothing, DashScopeRecognizerProvider)
    assert "VISAVIS_DASHSCOPE_ASR_API_KEY" in str(nothing.missing())
    with pytest.raises(Unavailable, match="VISAVIS_DASHSCOPE_ASR_API_KEY"):
        nothing.recognizer("en")
    assert "wss://" in str(
        DashScopeRecognizerProvider(Settings(dashscope_asr_api_key=KEY, dashscope_asr_url="x")).missing()
    )
    assert DashScopeRecognizerProvider(Settings(dashscope_asr_api_key=KEY)).missing() is None
    assert DashScopeRecognizerProvider(Settings(dashscope_api_key=KEY)).missing() is None

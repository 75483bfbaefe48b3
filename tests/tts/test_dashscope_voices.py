"""What Qwen's voices, CosyVoice and Sambert have in common, against strict stubs over real sockets."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.tts.dashscope_voices import KEY, KINDS, TEXT, Kind, joined, speaking, spoken, voice_at
from visavis.errors import InvalidInput, UpstreamFailed
from visavis.outbound import Outbound
from visavis.outbound.dashscope import Service
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.stub_server import UNTOLD, Failure
from visavis.testing.tts import check_voice
from visavis.testing.voice_stubs.conversation import Behaviour, Item, Refusal, Results, pieces
from visavis.testing.voice_stubs.sound import tone
from visavis.tts import Speech, dashscope
from visavis.tts.dashscope_speech import MAX_SECONDS

kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@kinds
async def test_given_a_sentence_when_spoken_then_the_sound_is_what_the_service_made(kind: Kind) -> None:
    async with speaking(kind) as (stub, voice):
        heard = await spoken(voice)
        assert np.array_equal(joined(heard), tone(0.5, stub.RATE))
        assert {piece.sample_rate for piece in heard} == {stub.RATE}
        assert not any(piece.marked for piece in heard)
        assert max(len(piece.pcm) for piece in heard) <= stub.RATE // 5
        (request,) = stub.requests
        assert request.text == TEXT


@kinds
async def test_given_the_conformance_suite_when_run_against_the_stub_then_it_passes(kind: Kind) -> None:
    async with speaking(kind) as (_, voice):
        await check_voice(voice, TEXT)


@kinds
async def test_given_a_service_that_is_still_at_work_when_it_has_sent_sound_then_that_is_heard(kind: Kind) -> None:
    gate = asyncio.Event()
    async with speaking(kind) as (stub, voice):
        stub.then(Results(gates={1: gate}))
        speech = voice.speak(TEXT)
        first = await anext(speech)
        assert len(first.pcm) > 1_000
        gate.set()
        rest = [piece async for piece in speech]
        assert np.array_equal(joined([first, *rest]), tone(0.5, stub.RATE))


@kinds
async def test_given_5000_messages_and_a_slow_listener_when_spoken_then_all_come_and_few_wait(kind: Kind) -> None:
    async with speaking(kind) as (stub, voice):
        message = tone(0.1, stub.RATE).astype("<i2").tobytes()
        sent = 0

        def count() -> Iterator[Item]:
            nonlocal sent
            while sent < 5_000:
                sent += 1
                yield message

        stub.then(Results(count()))
        heard = 0
        most = 0
        async for piece in voice.speak(TEXT):
            heard += 2 * len(piece.pcm)
            most = max(most, sent * len(message) - heard)
            await asyncio.sleep(0)
        assert heard == 5_000 * len(message)
        assert most < heard * 3 / 4, "what the system's own buffers hold, and nothing of ours"


@kinds
@pytest.mark.parametrize("text", ["", " ", "…", "(((", "?!"])
async def test_given_nothing_to_say_when_spoken_then_nobody_is_asked(kind: Kind, text: str) -> None:
    async with speaking(kind) as (stub, voice):
        assert await spoken(voice, text) == []
        assert stub.connections == 0


@kinds
@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (
            Failure(400, f"No voice at 10.0.0.7:80 for: {TEXT}"),
            r"refused the request \(status 400\): No voice at …",
        ),
        (Failure(401, f"wrong key: {KEY}"), r"refused the key; check VISAVIS_DASHSCOPE_API_KEY \(status 401\)$"),
        (Failure(404, ""), r"was not found; check VISAVIS_(DASHSCOPE|COSYVOICE)_SERVICE_URL \(status 404\)$"),
        (Failure(429), r"try again later \(status 429\): The stub says no\.$"),
        (Failure(500, f"{KEY} is no good"), r"has failed; try again later \(status 500\): … is no good$"),
        (Failure(302), "something else"),
        (Refusal("InvalidApiKey", f"Invalid API-key {KEY}"), r"refused the key; check VISAVIS_DASHSCOPE_API_KEY$"),
        (Refusal("Throttling.RateQuota", "Slow down."), "rate limit or quota; try again later: Slow down.$"),
        (Refusal("InvalidParameter", f"Bad: {TEXT}"), "refused the request: Bad: …$"),
        (Refusal("InternalError", f"at 10.0.0.7:80 with {KEY}"), "has failed; try again later: at … with …$"),
        (Refusal(1011, f"It broke at {KEY}."), r"broke off in the middle of the answer: It broke at …\.$"),
        ("empty", "sent no sound"),
        ("rubbish", "does not have"),
        ("huge", "far too much"),
    ],
)
async def test_given_a_bad_service_when_spoken_then_the_error_is_typed_and_tells_no_secret(
    kind: Kind, behaviour: Behaviour, words: str
) -> None:
    async with speaking(kind) as (stub, voice):
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await spoken(voice)
        message = failed.value.message
        assert failed.value.stage == "tts"
        assert not [private for private in (UNTOLD, KEY, "10.0.0.7", "127.0.0.1", TEXT) if private in message]
        assert stub.connections == 1, "a request is never sent again"
        assert await spoken(voice), "the next sentence works"


@kinds
@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("cut", "broke off"),
        ("stall", "did not answer in time"),
        (Refusal("InternalError", after=3), "has failed"),
        (Refusal(1011, after=3), "broke off"),
    ],
)
async def test_given_sound_that_breaks_off_when_spoken_then_what_came_is_said_before_the_error(
    kind: Kind, behaviour: Behaviour, words: str
) -> None:
    async with speaking(kind, **({"timeout": 1.0} if behaviour == "stall" else {})) as (stub, voice):
        stub.then(behaviour)
        heard: list[Speech] = []
        with pytest.raises(UpstreamFailed, match=words):
            async for piece in voice.speak(TEXT):
                heard.append(piece)
        pcm = joined(heard)
        assert 2_000 < len(pcm) < 10_000
        assert np.array_equal(pcm, tone(0.5, stub.RATE)[: len(pcm)])


@kinds
async def test_given_a_service_that_never_begins_when_spoken_then_it_fails_after_the_timeout(kind: Kind) -> None:
    async with speaking(kind, timeout=0.05) as (stub, voice):
        stub.then("mute")
        with pytest.raises(UpstreamFailed, match="did not answer in time"):
            await spoken(voice)


@kinds
async def test_given_a_listener_that_stops_when_closed_then_the_service_sees_it_leave(kind: Kind) -> None:
    async with speaking(kind) as (stub, voice):
        stub.then(Results(gates={2: asyncio.Event()}))
        speech = voice.speak(TEXT)
        await anext(speech)
        await speech.aclose()  # type: ignore[attr-defined]  # an async generator
        await stub.requests[0].ended.wait()
        assert stub.requests[0].abandoned


@kinds
async def test_given_a_task_that_waits_when_cancelled_then_the_service_sees_it_leave(kind: Kind) -> None:
    async with speaking(kind) as (stub, voice):
        stub.then("stall")
        task = asyncio.create_task(spoken(voice))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


@kinds
async def test_given_no_service_when_spoken_then_the_error_says_what_to_check(kind: Kind) -> None:
    async with speaking(kind) as (stub, voice):
        await stub.down()
        with pytest.raises(UpstreamFailed, match="cannot be reached; check VISAVIS_"):
            await spoken(voice)


async def test_given_a_host_that_nobody_named_when_spoken_then_it_is_refused() -> None:
    for kind in KINDS.values():
        async with kind.stub(KEY) as stub:
            info = voice_at(kind, stub).info
            voice = kind.make(info, Service(Outbound(Settings()), stub.url, KEY, kind.upstream))
            with pytest.raises(UpstreamFailed, match="VISAVIS_OUTBOUND_ALLOW"):
                await spoken(voice)
            assert stub.connections == 0


def test_given_a_key_when_shown_then_it_is_not() -> None:
    service = Service(Outbound(Settings()), "wss://host/", KEY, dashscope.UPSTREAM)
    assert KEY not in repr(service)
    assert KEY not in repr(Settings(dashscope_api_key=KEY, dashscope_asr_api_key=KEY))


@pytest.mark.parametrize(
    "name", ["dashscope", "qwen_tts", "qwen", "bailian", "cosyvoice", "sambert", "dashscope_sambert"]
)
def test_given_the_registry_when_asked_then_every_documented_name_is_there_and_says_what_it_lacks(
    name: str,
) -> None:
    nothing = provider("tts", name, Settings())
    assert nothing.name == name
    assert "VISAVIS_DASHSCOPE_API_KEY" in nothing.missing()
    with pytest.raises(InvalidInput, match="VISAVIS_DASHSCOPE_API_KEY"):
        nothing.voice("", "zh")
    bad: dict[str, Any] = {"dashscope_service_url": "http://x", "cosyvoice_service_url": "http://x"}
    assert "wss://" in provider("tts", name, Settings(dashscope_api_key=KEY, **bad)).missing()
    usable = provider("tts", name, Settings(dashscope_api_key=KEY))
    assert usable.missing() is None
    assert {info.provider for info in usable.voices()} == {name}
    assert {usable.voice(info.name, "zh").info.name for info in usable.voices()} == {
        info.name for info in usable.voices()
    }


def test_given_the_most_sound_when_compared_then_a_sentence_of_five_thousand_messages_is_less() -> None:
    assert MAX_SECONDS > 5_000 * 0.1
    assert len(pieces(tone(0.5, 24_000))) > 4

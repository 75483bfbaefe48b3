"""Voices of a speech endpoint against a strict stub of it, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.media.samples import Samples
from visavis.outbound import Outbound
from visavis.registry import provider
from visavis.settings import Settings
from visavis.testing.kiosk_stubs import Answer, Behaviour, Failure, SpeechStub, said, wav_file
from visavis.testing.kiosk_stubs.speech import tone
from visavis.testing.tts import check_voice
from visavis.tts import Speech
from visavis.tts.openai import OpenAISpeechProvider, SpeechEndpoint
from visavis.tts.silence import LEAD, TAIL

TEXT = "Hello there, how are you today?"


@asynccontextmanager
async def endpoint(stub: SpeechStub, **more: Any) -> AsyncIterator[SpeechEndpoint]:
    outbound = Outbound.for_configured(Settings(), stub.url)
    try:
        yield SpeechEndpoint(outbound, stub.url, **({"model": "qwen-tts"} | more))
    finally:
        await outbound.aclose()


async def spoken(voice: SpeechEndpoint, text: str = TEXT) -> list[Speech]:
    return [piece async for piece in voice.speak(text)]


def joined(pieces: list[Speech]) -> Samples:
    return np.concatenate([piece.pcm for piece in pieces])


def streamed(pcm: Samples, rate: int = 24_000) -> bytes:
    """A WAV file by somebody who does not know its size."""
    file = wav_file(pcm, rate)
    return file[:4] + b"\xff\xff\xff\xff" + file[8:40] + b"\xff\xff\xff\xff" + file[44:]


async def test_given_a_sentence_when_spoken_then_it_is_asked_for_as_the_protocol_says() -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        pieces = await spoken(voice)
        assert np.array_equal(joined(pieces), tone())
        assert {piece.sample_rate for piece in pieces} == {24_000}
        assert not any(piece.marked or piece.marks for piece in pieces)
        (request,) = stub.requests
        assert request.fields == {"model": "qwen-tts", "input": TEXT, "response_format": "wav"}


async def test_given_everything_when_spoken_then_it_is_sent() -> None:
    async with SpeechStub(api_key="key") as stub:
        more = {"voice": "Ryan", "language": "English", "instructions": "Be calm.", "api_key": " key\n"}
        async with endpoint(stub, **more) as voice:
            assert await spoken(voice)
            assert (voice.info.name, voice.info.language) == ("Ryan", "en")
        fields = dict(stub.requests[0].fields)
        assert [fields.pop(name) for name in ("voice", "language", "instructions")] == [
            "Ryan",
            "English",
            "Be calm.",
        ]


async def test_given_the_conformance_suite_when_run_against_the_stub_then_it_passes() -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        await check_voice(voice, TEXT)


@pytest.mark.parametrize("size", ["known", "unknown"])
async def test_given_a_service_that_is_still_at_work_when_it_has_sent_sound_then_that_is_heard(size: str) -> None:
    file = wav_file(tone()) if size == "known" else streamed(tone())
    gate = asyncio.Event()
    async with SpeechStub() as stub, endpoint(stub) as voice:
        stub.then(Answer([file[:20], file[20:1001], file[1001:]], gates={2: gate}))
        speech = voice.speak(TEXT)
        first = await anext(speech)
        assert len(first.pcm) > 400
        gate.set()
        assert np.array_equal(joined([first, *[piece async for piece in speech]]), tone())


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
async def test_given_any_rate_when_spoken_then_the_sound_carries_it(rate: int) -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        stub.then(said(tone(0.3, rate), rate))
        pieces = await spoken(voice)
        assert {piece.sample_rate for piece in pieces} == {rate}
        assert np.array_equal(joined(pieces), tone(0.3, rate))
        assert max(len(piece.pcm) for piece in pieces) <= rate // 5


async def test_given_a_rate_beyond_the_contract_when_spoken_then_it_is_brought_down() -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        stub.then(said(tone(0.3, 96_000), 96_000))
        pieces = await spoken(voice)
        assert {piece.sample_rate for piece in pieces} == {48_000}
        assert abs(len(joined(pieces)) - 0.3 * 48_000) < 100


async def test_given_silence_around_the_words_when_spoken_then_it_is_cut() -> None:
    silence = np.zeros(24_000, dtype=np.int16)
    async with SpeechStub() as stub, endpoint(stub) as voice:
        stub.then(said(np.concatenate([silence, tone(), silence])))
        assert len(joined(await spoken(voice))) == pytest.approx((LEAD + 0.5 + TAIL) * 24_000, abs=50)


async def test_given_raw_sound_when_asked_for_then_it_is_heard() -> None:
    async with SpeechStub(allow_pcm=True) as stub, endpoint(stub, response_format="pcm") as voice:
        raw = tone().astype("<i2").tobytes()
        stub.then(Answer([raw[:3], raw[3:7], raw[7:]]), Answer([raw[:-1]]), "empty")
        pieces = await spoken(voice)
        assert np.array_equal(joined(pieces), tone())
        assert pieces[0].sample_rate == 24_000
        assert np.array_equal(joined(await spoken(voice)), tone()[:-1])
        assert stub.requests[0].fields["response_format"] == "pcm"


async def test_given_raw_sound_when_text_comes_instead_then_it_is_not_heard() -> None:
    async with SpeechStub(allow_pcm=True) as stub, endpoint(stub, response_format="pcm") as voice:
        stub.then(Answer([b'{"error": "secret"}'], content_type="application/json"))
        with pytest.raises(UpstreamFailed, match="does not have"):
            await spoken(voice)


async def test_given_a_wav_file_by_another_name_when_it_comes_then_it_is_heard() -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        stub.then(Answer([wav_file(tone())], content_type="text/html; charset=utf-8"))
        assert np.array_equal(joined(await spoken(voice)), tone())


@pytest.mark.parametrize("text", ["", " ", "…", "(((", "?!"])
async def test_given_nothing_to_say_when_spoken_then_nobody_is_asked(text: str) -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        assert await spoken(voice, text) == []
        assert stub.connections == 0


async def test_given_sentences_one_after_another_when_spoken_then_one_connection_serves_them() -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        for _ in range(3):
            assert await spoken(voice)
        assert stub.connections == 1


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (
            Failure(400, f"No voice at 10.0.0.7:80 for: {TEXT}"),
            r"refused the request \(status 400\): No voice at …",
        ),
        (Failure(401, "wrong key: k3y"), r"refused the key; check its key \(status 401\)$"),
        (Failure(404, ""), r"was not found; check its address \(status 404\)$"),
        (Failure(429), r"try again later \(status 429\): The stub says no\.$"),
        (Failure(500, "k3y is no good"), r"has failed; try again later \(status 500\): … is no good$"),
        (Failure(503), "status 503"),
        (Failure(302), "something else"),
        ("empty", "sent no sound"),
        ("rubbish", "it is not a WAV file"),
        ("huge", "far too much"),
        (Answer([]), "before its sound begins"),
        (Answer([wav_file(tone())[:30]]), "before its sound begins"),
        (Answer([wav_file(tone(), 4_000)]), "sample rate"),
        (Answer([b'{"audio": "secret"}'], content_type="application/json"), "not a WAV file"),
    ],
)
async def test_given_a_bad_service_when_spoken_then_the_error_is_typed_and_tells_no_secret(
    behaviour: Behaviour, words: str
) -> None:
    async with SpeechStub(api_key="k3y") as stub, endpoint(stub, api_key="k3y") as voice:
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await spoken(voice)
        message = failed.value.message
        assert failed.value.stage == "tts"
        assert not [private for private in ("secret", "k3y", "10.0.0.7", "127.0.0.1", TEXT) if private in message]
        assert len(stub.requests) == 1, "a request is never sent again"
        assert await spoken(voice), "the next sentence works"


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("cut", "broke off"),
        ("stall", "did not answer in time"),
        (Answer([wav_file(tone())[:12_044]]), "middle of its sound"),
        (Answer([streamed(tone())[:12_044]], ending="cut"), "broke off"),
    ],
)
async def test_given_sound_that_breaks_off_when_spoken_then_what_came_is_said_before_the_error(
    behaviour: Behaviour, words: str
) -> None:
    async with SpeechStub() as stub, endpoint(stub, timeout=1.0 if behaviour == "stall" else 30.0) as voice:
        stub.then(behaviour)
        pieces: list[Speech] = []
        with pytest.raises(UpstreamFailed, match=words):
            async for piece in voice.speak(TEXT):
                pieces.append(piece)
        heard = joined(pieces)
        assert 5_000 < len(heard) < 7_000
        assert np.array_equal(heard, tone()[: len(heard)])


async def test_given_a_service_that_never_begins_when_spoken_then_it_fails_after_the_timeout() -> None:
    async with SpeechStub() as stub, endpoint(stub, timeout=0.05) as voice:
        stub.then(Answer(gates={0: asyncio.Event()}))
        with pytest.raises(UpstreamFailed, match="did not answer in time"):
            await spoken(voice)


async def test_given_no_service_when_spoken_then_the_error_says_what_to_check() -> None:
    async with SpeechStub() as stub:
        configured = OpenAISpeechProvider(Settings(tts_url=stub.base_url, tts_model="tts-1"))
        await stub.down()
        with pytest.raises(UpstreamFailed, match="cannot be reached; check VISAVIS_TTS_URL"):
            await spoken(configured.voice("alloy", "en"))
        await configured.aclose()


async def test_given_a_host_that_nobody_named_when_spoken_then_it_is_refused() -> None:
    async with SpeechStub() as stub:
        with pytest.raises(UpstreamFailed, match="VISAVIS_OUTBOUND_ALLOW"):
            await spoken(SpeechEndpoint(Outbound(Settings()), stub.url, model="qwen-tts"))
        assert stub.connections == 0


async def test_given_a_listener_that_stops_when_closed_then_the_service_sees_it_leave() -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        stub.then(Answer(gates={2: asyncio.Event()}))
        speech = voice.speak(TEXT)
        await anext(speech)
        await speech.aclose()  # type: ignore[attr-defined]  # an async generator
        await stub.requests[0].ended.wait()
        assert stub.requests[0].abandoned


async def test_given_a_task_that_waits_when_cancelled_then_the_service_sees_it_leave() -> None:
    async with SpeechStub() as stub, endpoint(stub) as voice:
        stub.then("stall")
        task = asyncio.create_task(spoken(voice))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


async def test_given_the_provider_when_configured_then_its_voice_says_what_the_settings_say() -> None:
    async with SpeechStub(api_key="key", model="tts-1", allow_pcm=True) as stub:
        options = {"openai_tts": {"response_format": "pcm", "language": "English", "instructions": "Be calm."}}
        settings = Settings(
            tts="openai", voice="alloy", tts_url=f"{stub.base_url}/", tts_api_key="key", tts_model="tts-1",
            options=options,
        )  # fmt: skip
        found = provider("tts", "openai", settings)
        assert isinstance(found, OpenAISpeechProvider)
        assert list(found.voices()) == []
        assert await spoken(found.voice("", "de"))
        assert await spoken(found.voice("nova", "en"))
        first, second = (request.fields for request in stub.requests)
        assert first == {"model": "tts-1", "voice": "alloy", "input": TEXT} | options["openai_tts"]
        assert second == dict(first) | {"voice": "nova"}
        assert found.voice("", "de").info.language == "de"
        await found.aclose()


def test_given_no_settings_when_asked_what_is_missing_then_it_names_them() -> None:
    nothing = OpenAISpeechProvider(Settings())
    assert "VISAVIS_TTS_URL" in str(nothing.missing())
    with pytest.raises(InvalidInput, match="VISAVIS_TTS_URL"):
        nothing.voice("alloy", "en", "tts-1")
    assert "http://" in str(OpenAISpeechProvider(Settings(tts_url="localhost:1")).missing())
    no_model = OpenAISpeechProvider(Settings(tts_url="http://localhost:1/v1"))
    assert "VISAVIS_TTS_MODEL" in str(no_model.missing())
    with pytest.raises(InvalidInput, match="VISAVIS_TTS_MODEL"):
        no_model.voice("alloy", "en")
    odd = Settings(tts_url="http://localhost:1", options={"openai_tts": {"response_format": "mp3"}})
    assert "RESPONSE_FORMAT" in str(OpenAISpeechProvider(odd).missing())

"""ElevenLabs' voices against a strict stub of their service, over a real socket."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.media.samples import Samples, rms
from visavis.outbound import Outbound
from visavis.registry import provider
from visavis.session.casting import Casting, VoiceChoice
from visavis.settings import Settings
from visavis.testing.tts import check_voice
from visavis.testing.voice_stubs import Answer, Behaviour, ElevenLabsStub, Failure
from visavis.testing.voice_stubs.sound import cut, mp3_tone, tone
from visavis.tts import Speech, VoiceInfo, elevenlabs
from visavis.tts.elevenlabs import ElevenLabsProvider, ElevenLabsVoice
from visavis.tts.silence import LEAD, TAIL

TEXT = "Hello there, how are you today?"
KEY = "stub-key"
VOICE = "21m00Tcm4TlvDq8ikWAM"
MP3 = mp3_tone(1.0, 22_050, 32_000)


@asynccontextmanager
async def talking(stub: ElevenLabsStub, output_format: str = "mp3_22050_32", **more: Any) -> AsyncIterator[Any]:
    outbound = Outbound.for_configured(Settings(), stub.base_url)
    options = {"api_key": f" {KEY}\n", "model": "eleven_flash_v2_5", "output_format": output_format} | more
    try:
        yield ElevenLabsVoice(VoiceInfo("elevenlabs", VOICE, "en", "x"), outbound, stub.base_url, **options)
    finally:
        await outbound.aclose()


async def spoken(voice: ElevenLabsVoice, text: str = TEXT) -> list[Speech]:
    return [piece async for piece in voice.speak(text)]


def joined(pieces: list[Speech]) -> Samples:
    return np.concatenate([piece.pcm for piece in pieces])


async def test_given_a_sentence_when_spoken_then_it_is_asked_for_as_documented() -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        pieces = await spoken(voice)
        assert {piece.sample_rate for piece in pieces} == {22_050}
        assert not any(piece.marked or piece.marks for piece in pieces)
        assert rms(joined(pieces)[5_000:20_000]) > 7_000
        (request,) = stub.requests
        assert (request.voice, request.output_format) == (VOICE, "mp3_22050_32")
        assert request.fields == {"text": TEXT, "model_id": "eleven_flash_v2_5"}


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
async def test_given_raw_sound_when_asked_for_then_every_sample_is_heard(rate: int) -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub, f"pcm_{rate}") as voice:
        pieces = await spoken(voice)
        assert np.array_equal(joined(pieces), tone(1.0, rate))
        assert {piece.sample_rate for piece in pieces} == {rate}


@pytest.mark.parametrize("output_format", ["mp3_44100_128", "mp3_24000_48"])
async def test_given_other_mp3_when_asked_for_then_it_is_heard(output_format: str) -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub, output_format) as voice:
        pieces = await spoken(voice)
        assert {piece.sample_rate for piece in pieces} == {int(output_format.split("_")[1])}


async def test_given_silence_around_the_words_when_spoken_then_it_is_cut() -> None:
    silence = np.zeros(16_000, dtype=np.int16)
    raw = np.concatenate([silence, tone(1.0, 16_000), silence]).astype("<i2").tobytes()
    async with ElevenLabsStub(KEY) as stub, talking(stub, "pcm_16000") as voice:
        stub.then(Answer(cut(raw, 999)))
        assert len(joined(await spoken(voice))) == pytest.approx((LEAD + 1.0 + TAIL) * 16_000, abs=50)


async def test_given_the_conformance_suite_when_run_against_the_stub_then_it_passes() -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        await check_voice(voice, TEXT)


async def test_given_a_service_that_is_still_at_work_when_it_has_sent_sound_then_that_is_heard() -> None:
    gate = asyncio.Event()
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        stub.then(Answer(cut(MP3, 1_000), gates={2: gate}))
        speech = voice.speak(TEXT)
        first = await anext(speech)
        assert len(first.pcm) > 400
        assert not stub.requests[0].ended.is_set()
        gate.set()
        assert len(joined([first, *[piece async for piece in speech]])) > 20_000


@pytest.mark.parametrize("text", ["", " ", "…", "?!"])
async def test_given_nothing_to_say_when_spoken_then_nobody_is_asked(text: str) -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        assert await spoken(voice, text) == []
        assert stub.connections == 0


async def test_given_sentences_one_after_another_when_spoken_then_one_connection_serves_them() -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        for _ in range(3):
            assert await spoken(voice)
        assert stub.connections == 1


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Failure(400, f"No voice at 10.0.0.7:80 for: {TEXT}"), r"\(status 400\): No voice at …"),
        (Failure(401, f"wrong key: {KEY}"), r"check VISAVIS_ELEVENLABS_API_KEY and .* quota \(status 401\)$"),
        (Failure(404, ""), r"check VISAVIS_ELEVENLABS_BASE_URL and .*VOICE_ID \(status 404\)$"),
        (Failure(422), r"refused the request \(status 422\): The stub says no\.$"),
        (Failure(429), r"try again later \(status 429\): The stub says no\.$"),
        (Failure(500, f"{KEY} is no good"), r"has failed; try again later \(status 500\): … is no good$"),
        (Failure(302), "something else"),
        ("empty", "can't be used: it ends before its sound"),
        ("rubbish", "can't be used: it is no MP3|before its sound"),
        (Answer([b"secret " * 2_000]), "it is no MP3"),
        (Answer([b'{"detail": "secret"}'], content_type="application/json"), "the protocol does not have"),
    ],
)
async def test_given_a_bad_service_when_spoken_then_the_error_is_typed_and_tells_no_secret(
    behaviour: Behaviour, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        stub.then(behaviour)
        with pytest.raises(UpstreamFailed, match=words) as failed:
            await spoken(voice)
        assert failed.value.stage == "tts"
        message = failed.value.message
        assert not [private for private in ("secret", "10.0.0.7", "127.0.0.1", TEXT) if private in message]
        assert KEY not in message + repr(failed.value) + repr(voice) + caplog.text
        assert len(stub.requests) == 1, "a request is never sent again"
        assert await spoken(voice), "the next sentence works"


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("cut", "broke off"),
        ("stall", "did not answer in time"),
        (Answer([MP3[:2_000], b"<html>" * 2_000]), "it is damaged"),
    ],
)
async def test_given_sound_that_breaks_off_when_spoken_then_what_came_is_said_before_the_error(
    behaviour: Behaviour, words: str
) -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub, timeout=1.0 if behaviour == "stall" else 30.0) as voice:
        stub.then(behaviour)
        pieces: list[Speech] = []
        with pytest.raises(UpstreamFailed, match=words):
            async for piece in voice.speak(TEXT):
                pieces.append(piece)
        assert 8_000 < len(joined(pieces)) < 14_000


async def test_given_an_answer_without_end_when_spoken_then_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elevenlabs, "MAX_BYTES", 50_000)
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        stub.then("huge")
        with pytest.raises(UpstreamFailed, match="far too much"):
            await spoken(voice)


async def test_given_raw_sound_when_text_comes_instead_then_it_is_not_heard() -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub, "pcm_16000") as voice:
        stub.then(Answer([b"secret" * 1000], content_type="text/html"), "empty")
        with pytest.raises(UpstreamFailed, match="does not have"):
            await spoken(voice)
        with pytest.raises(UpstreamFailed, match="sent no sound"):
            await spoken(voice)


async def test_given_a_service_that_never_begins_when_spoken_then_it_fails_after_the_timeout() -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub, timeout=0.05) as voice:
        stub.then(Answer(gates={0: asyncio.Event()}))
        with pytest.raises(UpstreamFailed, match="did not answer in time"):
            await spoken(voice)


async def test_given_no_service_when_spoken_then_the_error_says_what_to_check() -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        await stub.down()
        with pytest.raises(UpstreamFailed, match="cannot be reached; check VISAVIS_ELEVENLABS_BASE_URL"):
            await spoken(voice)


async def test_given_a_listener_that_stops_when_closed_then_the_service_sees_it_leave() -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        stub.then(Answer(gates={4: asyncio.Event()}))
        speech = voice.speak(TEXT)
        await anext(speech)
        await speech.aclose()
        await stub.requests[0].ended.wait()
        assert stub.requests[0].abandoned


async def test_given_a_task_that_waits_when_cancelled_then_the_service_sees_it_leave() -> None:
    async with ElevenLabsStub(KEY) as stub, talking(stub) as voice:
        stub.then("stall")
        task = asyncio.create_task(spoken(voice))
        request = await stub.arrived.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await request.ended.wait()
        assert request.abandoned


def configured(base_url: str = "http://127.0.0.1:1", **more: Any) -> Settings:
    values = {"elevenlabs_api_key": KEY, "elevenlabs_voice_id": VOICE, "elevenlabs_base_url": base_url} | more
    return Settings(tts="elevenlabs", **values)


async def test_given_the_provider_when_configured_then_its_voice_says_what_the_settings_say() -> None:
    other = "EXAVITQu4vr4xnSDxMaL"
    async with ElevenLabsStub(KEY, other) as stub:
        found = provider(
            "tts", "elevenlabs", configured(f"{stub.base_url}/", elevenlabs_output_format="pcm_16000")
        )
        assert isinstance(found, ElevenLabsProvider)
        assert found.missing() is None
        assert [info.name for info in found.voices()] == [VOICE]
        assert found.voice("", "de").info == VoiceInfo("elevenlabs", VOICE, "de", f"ElevenLabs {VOICE}")
        assert await spoken(found.voice(other, "en", "eleven_v3"))
        assert stub.requests[0].fields["model_id"] == "eleven_v3"
        await found.aclose()


def test_given_its_documented_names_when_set_then_they_mean_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "API_KEY": KEY,
        "VOICE_ID": VOICE,
        "MODEL_ID": "m",
        "BASE_URL": "http://x.test",
        "OUTPUT_FORMAT": "pcm_8000",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"OPENTALKING_TTS_ELEVENLABS_{name}", value)
    settings = Settings()
    assert {name: getattr(settings, f"elevenlabs_{name.lower()}") for name in values} == values
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"elevenlabs_api_key": " "}, "API_KEY"),
        ({"elevenlabs_api_key": "schlüssel"}, "API_KEY"),
        ({"elevenlabs_api_key": "a\r\nX: y"}, "API_KEY"),
        ({"elevenlabs_voice_id": ""}, "VOICE_ID"),
        ({"elevenlabs_voice_id": "../../v1/user"}, "VOICE_ID"),
        ({"elevenlabs_output_format": "ulaw_8000"}, "OUTPUT_FORMAT"),
        ({"elevenlabs_output_format": "mp3_22050_32&x=y"}, "OUTPUT_FORMAT"),
        ({"elevenlabs_base_url": "api.elevenlabs.io"}, "BASE_URL"),
    ],
)
def test_given_wrong_settings_when_asked_what_is_missing_then_it_names_them(
    change: dict[str, str], words: str
) -> None:
    found = ElevenLabsProvider(configured(**change))
    assert words in str(found.missing())
    assert list(found.voices()) == []
    with pytest.raises(InvalidInput, match=words):
        found.voice("", "en")


def test_given_its_own_and_foreign_names_when_cast_then_only_the_foreign_ones_are_replaced() -> None:
    found = ElevenLabsProvider(configured())
    casting = Casting(lambda name: found, VoiceChoice("elevenlabs"), "en")
    own = casting.check(VoiceChoice("elevenlabs", "EXAVITQu4vr4xnSDxMaL"))
    assert own.warning == ""
    assert own.voice("Hello.").info.name == "EXAVITQu4vr4xnSDxMaL"
    for name in ("Cherry", "zh-CN-XiaoxiaoNeural", "Rachel"):
        foreign = casting.check(VoiceChoice("elevenlabs", name))
        assert f"{VOICE!r} speaks instead" in foreign.warning

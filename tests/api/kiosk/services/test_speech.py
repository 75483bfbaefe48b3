"""`/v1/audio/speech`: texts said aloud, by the real espeak and by a stub that fails on command."""

import base64
import io
import wave

import httpx
import numpy as np
import pytest

from tests.api.kiosk.services.conftest import application, events, left, listening, served
from visavis.api.kiosk.services.spoken import PCM_RATE, Spoken
from visavis.media.samples import from_bytes
from visavis.media.wav_stream import WavStream
from visavis.pool.inline import InlinePool
from visavis.session.events import Terminated
from visavis.settings import Settings
from visavis.testing.kiosk_stubs import Answer, Failure, SpeechStub
from visavis.testing.kiosk_stubs.speech import said, tone

PATH = "/v1/audio/speech"
TWO = "Welcome to the kiosk. Please take a ticket."


def read(data: bytes) -> tuple[int, int]:
    """Rate and samples of a WAV file."""
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return file.getframerate(), file.getnframes()


def with_stub(settings: Settings, stub: SpeechStub) -> Settings:
    return settings.model_copy(update={"tts": "openai", "tts_url": stub.base_url, "tts_model": "stub"})


async def test_a_text_is_one_wav(client: httpx.AsyncClient, pool: InlinePool, settings: Settings) -> None:
    answer = await client.post(PATH, json={"model": "qwen-tts", "input": TWO, "response_format": "wav"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    assert answer.headers["x-session-id"]
    rate, samples = read(answer.content)
    assert samples / rate > 2
    assert pool.sessions() == []
    assert left(settings) == []


async def test_as_json_the_wav_comes_in_base64(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, json={"input": "Welcome.", "response_format": "json", "language": "English"})
    body = answer.json()
    rate, samples = read(base64.b64decode(body["audio_base64"]))
    assert (body["sampling_rate"], body["language"]) == (rate, "English")
    assert body["duration"] == pytest.approx(samples / rate, abs=0.001)
    assert body["session_id"] == answer.headers["x-session-id"]


async def test_raw_sound_comes_at_openais_rate(client: httpx.AsyncClient) -> None:
    wav = await client.post(PATH, json={"input": "Welcome."})
    raw = await client.post(PATH, json={"input": "Welcome.", "response_format": "pcm"})
    rate, samples = read(wav.content)
    assert raw.headers["content-type"] == "audio/pcm"
    assert len(raw.content) / 2 / PCM_RATE == pytest.approx(samples / rate, abs=0.01)


@pytest.mark.parametrize(
    ("text", "voice"),
    [("Hello.", "alloy"), ("你好，欢迎。", "龙小淳"), ("Hello. 你好。", "default"), ("Hallo.", "de")],
)
async def test_any_deployed_voices_name_is_taken(client: httpx.AsyncClient, text: str, voice: str) -> None:
    answer = await client.post(PATH, json={"input": text, "voice": voice})
    assert answer.status_code == 200
    assert read(answer.content)[1] > 1000


@pytest.mark.parametrize("language", ["English", "german", "de", "zh-CN", "auto", " ", None])
async def test_languages_are_named_or_tagged(client: httpx.AsyncClient, language: str | None) -> None:
    assert (await client.post(PATH, json={"input": "Hallo.", "language": language})).status_code == 200


async def test_a_stream_begins_before_the_end(settings: Settings) -> None:
    async with SpeechStub() as stub:
        chosen = with_stub(settings, stub)
        async with InlinePool(chosen, warm=False) as pool, listening(application(pool, chosen)) as url:
            stub.then(said(tone(0.5)), said(tone(0.25)))
            async with (
                httpx.AsyncClient() as client,
                client.stream("POST", url + PATH, json={"input": TWO, "stream": True}) as answer,
            ):
                assert answer.headers["content-type"] == "audio/wav"
                wav = WavStream()
                heard = sum([len(wav.push(piece)) async for piece in answer.aiter_bytes()])
            wav.finish()
    assert heard / wav.sample_rate == pytest.approx(0.75, abs=0.1)
    assert left(settings) == []


async def test_each_sentence_is_an_event(client: httpx.AsyncClient, settings: Settings) -> None:
    answer = await client.post(f"{PATH}/stream", json={"input": TWO})
    assert answer.headers["content-type"].startswith("text/event-stream")
    first, second, done = events(answer.text)
    assert done == "[DONE]"
    assert [first["index"], second["index"]] == [0, 1]
    for event in (first, second):
        rate, samples = read(base64.b64decode(event["audio_base64"]))
        assert event["sampling_rate"] == rate
        assert event["duration"] == pytest.approx(samples / rate, abs=0.001)
        assert event["session_id"] == answer.headers["x-session-id"]
    assert left(settings) == []


@pytest.mark.parametrize("body", [{}, {"stream": True}, {"response_format": "json"}, {"response_format": "pcm"}])
@pytest.mark.parametrize("path", [PATH, f"{PATH}/stream"])
async def test_a_voice_that_fails_before_any_sound_is_a_bad_gateway(
    settings: Settings, path: str, body: dict[str, object]
) -> None:
    async with SpeechStub() as stub, served(with_stub(settings, stub)) as (client, pool):
        stub.always(Failure(500, ""))
        answer = await client.post(path, json={"input": "Welcome.", **body})
        assert answer.status_code == 502, answer.text
        error = answer.json()["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        assert (error["type"], error["code"]) == ("server_error", "upstream_failed")
        assert "speech service" in error["message"]
        assert pool.sessions() == []
    assert left(settings) == []


async def test_a_later_sentence_that_fails_spoils_the_whole(settings: Settings) -> None:
    async with SpeechStub() as stub, served(with_stub(settings, stub)) as (client, _):
        stub.then(said(tone()), Failure(500, ""))
        assert (await client.post(PATH, json={"input": TWO})).status_code == 502
    assert left(settings) == []


async def test_a_later_sentence_that_fails_breaks_a_stream(settings: Settings) -> None:
    async with SpeechStub() as stub:
        chosen = with_stub(settings, stub)
        async with InlinePool(chosen, warm=False) as pool, listening(application(pool, chosen)) as url:
            stub.then(said(tone()), Failure(500, ""))
            async with httpx.AsyncClient() as client:
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.post(url + PATH, json={"input": TWO, "stream": True})
            assert pool.sessions() == []
    assert left(settings) == []


async def test_a_later_sentence_that_fails_is_an_event(settings: Settings) -> None:
    async with SpeechStub() as stub, served(with_stub(settings, stub)) as (client, _):
        stub.then(said(tone()), Failure(500, ""))
        first, failure, done = events((await client.post(f"{PATH}/stream", json={"input": TWO})).text)
    assert (first["index"], done) == (0, "[DONE]")
    assert failure["error"]["code"] == "upstream_failed"


async def test_a_client_that_goes_ends_the_session_and_leaves_no_clip(settings: Settings) -> None:
    async with SpeechStub() as stub:
        chosen = with_stub(settings, stub)
        stub.then(said(tone()), Answer([], ending="stall"))
        async with InlinePool(chosen, warm=False) as pool, listening(application(pool, chosen)) as url:
            async with (
                httpx.AsyncClient() as client,
                client.stream("POST", f"{url}{PATH}/stream", json={"input": TWO}) as answer,
            ):
                assert (await anext(answer.aiter_lines())).startswith('data: {"index": 0')
                (session,) = pool.sessions()
            happened = [record.event async for record in session.events()]
    assert isinstance(happened[-1], Terminated)
    assert left(settings) == []


async def test_voices(client: httpx.AsyncClient) -> None:
    body = (await client.get("/v1/audio/voices")).json()
    documented = {"model", "runtime", "default_speaker", "supported_speakers", "default_language"}
    assert documented <= body.keys()
    assert (body["model"], body["default_language"]) == ("espeak", "English")
    assert {body["default_speaker"], "en-us", "cmn"} <= set(body["supported_speakers"])


async def test_model_info_and_performance(client: httpx.AsyncClient) -> None:
    info = (await client.get("/v1/model-info")).json()
    assert (info["asr"]["provider"], info["tts"]["provider"]) == ("pocketsphinx", "espeak")
    assert {"model", "device", "supported_speakers"} <= info.keys()
    await client.post(PATH, json={"input": "Welcome."})
    latency = (await client.get("/v1/performance")).json()["latency"]
    assert latency["tts"]["last_ms"] > 0
    assert latency["asr"]["last_ms"] is None


def test_another_rate_keeps_the_tone_and_its_length() -> None:
    tone_in = Spoken(tone(0.5, 22_050).astype("<i2").tobytes(), 22_050)
    there = tone_in.at(PCM_RATE)
    assert there.seconds == pytest.approx(0.5, abs=0.001)
    spectrum = np.abs(np.fft.rfft(from_bytes(there.pcm).astype(np.float64)))
    assert np.argmax(spectrum) / there.seconds == pytest.approx(440, abs=2)
    assert tone_in.at(22_050) == tone_in

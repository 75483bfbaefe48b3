"""`/v1/audio/transcriptions`: recordings, heard by a stub that says what it is told to."""

import asyncio
import json

import httpx
import pytest

from tests.api.kiosk.services.conftest import application, events, left, listening, served
from visavis.api.kiosk.services.languages import name, tag
from visavis.api.kiosk.services.transcripts import SEGMENTS, SESSIONS, Transcripts, timed
from visavis.pool.inline import InlinePool
from visavis.session.events import Terminated
from visavis.settings import Settings
from visavis.testing.kiosk_stubs import AnalyzerStub, Failure, heard
from visavis.testing.kiosk_stubs.speech import tone, wav_file

PATH = "/v1/audio/transcriptions"
FILE = {"file": ("question.wav", wav_file(tone(1.0, 16_000), 16_000), "audio/wav")}


def with_stub(settings: Settings, stub: AnalyzerStub) -> Settings:
    return settings.model_copy(update={"asr": "openai", "asr_url": stub.base_url})


@pytest.mark.parametrize(
    ("response_format", "kind", "content"),
    [
        ("json", "application/json", '{"text":"two coffees <please>"}'),
        ("text", "text/plain", "two coffees <please>\n"),
        ("srt", "text/plain", "1\n00:00:00,000 --> 00:00:01,000\ntwo coffees <please>\n\n"),
        ("vtt", "text/vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\ntwo coffees &lt;please&gt;\n\n"),
    ],
)
async def test_every_format(settings: Settings, response_format: str, kind: str, content: str) -> None:
    async with AnalyzerStub("two coffees <please>") as stub, served(with_stub(settings, stub)) as (client, pool):
        answer = await client.post(PATH, files=FILE, data={"response_format": response_format})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)
        assert answer.headers["x-session-id"]
        assert answer.text == content
        assert pool.sessions() == []
    assert left(settings) == []


async def test_the_verbose_format_has_segments(settings: Settings) -> None:
    async with AnalyzerStub("two coffees") as stub, served(with_stub(settings, stub)) as (client, _):
        answer = await client.post(
            PATH, files=FILE, data={"response_format": "verbose_json", "temperature": "0.2"}
        )
    assert answer.json() == {
        "task": "transcribe",
        "language": "en",
        "duration": 1.0,
        "text": "two coffees",
        "segments": [
            {"id": 0, "start": 0.0, "end": 1.0, "text": "two coffees", "speaker": None, "is_primary": True}
        ],
    }


@pytest.mark.parametrize(("language", "sent"), [("de", "de"), ("German", "de"), (" ", "en"), ("", "en")])
async def test_the_language_reaches_the_recogniser(settings: Settings, language: str, sent: str) -> None:
    async with AnalyzerStub() as stub, served(with_stub(settings, stub)) as (client, _):
        assert (await client.post(PATH, files=FILE, data={"language": language})).status_code == 200
        assert stub.requests[-1].fields["language"] == sent


async def test_a_session_goes_on(settings: Settings) -> None:
    async with AnalyzerStub() as stub, served(with_stub(settings, stub)) as (client, _):
        stub.then(heard("two coffees"), heard("and a tea"), heard("hello"))
        first = await client.post(PATH, files=FILE)
        session = {"session_id": first.headers["x-session-id"], "response_format": "verbose_json"}
        second = await client.post(PATH, files=FILE, data=session)
        other = await client.post(PATH, files=FILE)
    assert second.headers["x-session-id"] == session["session_id"]
    assert (second.json()["text"], second.json()["duration"]) == ("two coffees and a tea", 2.0)
    assert [(s["id"], s["start"], s["end"]) for s in second.json()["segments"]] == [(0, 0.0, 1.0), (1, 1.0, 2.0)]
    assert other.json() == {"text": "hello"}


async def test_a_stream_of_events(settings: Settings) -> None:
    async with AnalyzerStub("two coffees") as stub, served(with_stub(settings, stub)) as (client, _):
        answer = await client.post(PATH, files=FILE, data={"stream": "true", "response_format": "verbose_json"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    delta, end, done = events(answer.text)
    assert delta == {"type": "transcript.text.delta", "delta": "two coffees"}
    assert (end["type"], end["text"], end["duration"]) == ("transcript.text.done", "two coffees", 1.0)
    assert done == "[DONE]"
    assert left(settings) == []


@pytest.mark.parametrize("response_format", ["text", "srt", "vtt"])
async def test_not_every_format_can_be_streamed(client: httpx.AsyncClient, response_format: str) -> None:
    answer = await client.post(PATH, files=FILE, data={"stream": "true", "response_format": response_format})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "response_format"


async def test_a_stream_of_lines(settings: Settings) -> None:
    async with AnalyzerStub("two coffees") as stub, served(with_stub(settings, stub)) as (client, _):
        answer = await client.post(f"{PATH}/stream", files=FILE)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    chunk, end = map(json.loads, answer.text.splitlines())
    assert (chunk["event"], chunk["text"]) == ("transcription.chunk", "two coffees")
    assert (end["event"], end["text"]) == ("transcription.completed", "two coffees")
    assert end["session_id"] == answer.headers["x-session-id"]


async def test_nothing_said_is_an_empty_transcript(settings: Settings) -> None:
    async with AnalyzerStub() as stub, served(with_stub(settings, stub)) as (client, _):
        silence = {"file": ("a.wav", wav_file(tone(0.0, 16_000), 16_000))}
        for files in (silence, {"file": ("a.wav", wav_file(tone(0.5, 16_000) * 0, 16_000))}):
            answer = await client.post(PATH, files=files)
            assert (answer.status_code, answer.json()) == (200, {"text": ""})
        assert stub.requests == []


async def test_a_recogniser_that_fails_is_told(settings: Settings) -> None:
    async with AnalyzerStub() as stub, served(with_stub(settings, stub)) as (client, pool):
        stub.always(Failure(500, ""))
        whole = await client.post(PATH, files=FILE)
        pieces = await client.post(PATH, files=FILE, data={"stream": "true"})
        lines = await client.post(f"{PATH}/stream", files=FILE)
        assert pool.sessions() == []
    assert whole.status_code in (502, 503)
    error = whole.json()["error"]
    assert error["type"] == "server_error"
    assert "transcription service" in error["message"]
    failure, done = events(pieces.text)
    assert (failure["type"], failure["error"]["message"], done) == ("error", error["message"], "[DONE]")
    assert json.loads(lines.text)["error"]["message"] == error["message"]
    assert left(settings) == []


async def test_a_language_the_recogniser_lacks_is_a_wrong_request(client: httpx.AsyncClient) -> None:
    answer = await client.post(PATH, files=FILE, data={"language": "zh"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "language"
    assert "English" in answer.json()["error"]["message"]


async def test_a_client_that_goes_ends_the_session(settings: Settings) -> None:
    async with AnalyzerStub() as stub:
        chosen = with_stub(settings, stub)
        stub.then("stall")
        async with InlinePool(chosen, warm=False) as pool, listening(application(pool, chosen)) as url:
            async with (
                httpx.AsyncClient() as client,
                client.stream("POST", url + PATH, files=FILE, data={"stream": "true"}) as answer,
            ):
                assert answer.status_code == 200
                (session,) = pool.sessions()
            async with asyncio.timeout(10):
                happened = [record.event async for record in session.events()]
    assert isinstance(happened[-1], Terminated)
    assert left(settings) == []


def test_parts_share_the_time_by_their_length() -> None:
    assert [(s.start, s.end) for s in timed(["abc", "a"], 2.0, 6.0)] == [(2.0, 5.0), (5.0, 6.0)]
    assert timed([], 0.0, 1.0) == []


def test_sessions_are_forgotten() -> None:
    transcripts = Transcripts()
    for number in range(SESSIONS + 1):
        transcripts.extend(str(number), ["a"], 1.0)
    assert transcripts.extend("0", ["b"], 1.0).text == "b"
    assert transcripts.extend(str(SESSIONS), ["b"], 1.0).text == "a b"
    for _ in range(SEGMENTS):
        grown = transcripts.extend("0", ["c"], 1.0)
    assert len(grown.segments) == SEGMENTS


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("English", "en"),
        ("chinese", "zh"),
        ("Mandarin", "zh"),
        ("de-AT", "de-AT"),
        ("zh_CN", "zh-CN"),
        ("auto", ""),
    ],
)
def test_languages(language: str, expected: str) -> None:
    assert tag(language) == expected


def test_a_tag_has_a_name() -> None:
    assert (name("en-GB"), name("de"), name("x-odd")) == ("English", "German", "x-odd")

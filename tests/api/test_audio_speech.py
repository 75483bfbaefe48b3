"""Recordings: what the avatar is to say, and in deployed clients' way what the user says."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.media.recorded import FORMATS, recorded, tone
from visavis.api.opentalking.transcribe import MAX_BYTES
from visavis.api.parts import Parts
from visavis.errors import Conflict, InvalidInput, StageFailed, TooLarge, Unavailable, VisavisError
from visavis.pool import Chat, Recite, Say, Transcribe, Transcription
from visavis.session.events import TurnEnded
from visavis.settings import Settings
from visavis.testing.fake_pool import FakeSession

PCM = tone(0.2, 16_000).tobytes()
ROUTES = ["speak_audio", "speak_flashtalk_audio"]


def kept(settings: Settings) -> list[Path]:
    return list((settings.data_dir / "uploads").glob("*"))


def recited(session: FakeSession) -> Recite:
    (command,) = [command for command in session.commands if isinstance(command, Recite)]
    return command


@pytest.mark.parametrize("route", ROUTES)
async def test_raw_sound_is_played_at_the_rate_that_is_named(
    route: str, client: httpx.AsyncClient, session: FakeSession, settings: Settings
) -> None:
    url = f"/sessions/{session.id}/{route}"
    answer = await client.post(url, files={"audio": ("a.pcm", PCM)}, data={"sample_rate": "24000"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["session_id"], body["status"], body["text"]) == (session.id, "queued", "")
    assert body["turn"]
    assert recited(session).sample_rate == 24_000
    assert kept(settings) == []


@pytest.mark.parametrize("route", ROUTES)
async def test_raw_sound_is_16_khz_unless_it_is_said(
    route: str, client: httpx.AsyncClient, session: FakeSession
) -> None:
    await client.post(f"/sessions/{session.id}/{route}", files={"audio": ("a", PCM, "audio/mpeg")})
    assert recited(session).sample_rate == 16_000


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", FORMATS)
async def test_files_are_told_from_raw_sound(
    route: str, name: str, client: httpx.AsyncClient, session: FakeSession
) -> None:
    sent = {"audio": ("a.pcm", recorded(name, 0.3), "application/octet-stream")}
    await client.post(f"/sessions/{session.id}/{route}", files=sent, data={"sample_rate": "8000"})
    assert recited(session).sample_rate == 0


async def test_a_deployed_clients_file_for_flashtalk_is_played(
    client: httpx.AsyncClient, session: FakeSession
) -> None:
    url = f"/sessions/{session.id}/speak_flashtalk_audio"
    assert (await client.post(url, files={"file": ("a.webm", PCM)})).status_code == 200
    assert recited(session).sample_rate == 0


async def test_a_deployed_clients_file_is_recognised_and_spoken(
    client: httpx.AsyncClient, session: FakeSession, settings: Settings
) -> None:
    answer = await client.post(
        f"/sessions/{session.id}/speak_audio",
        files={"file": ("a.webm", PCM, "audio/webm;codecs=opus")},
        data={"voice": "en", "tts_provider": "flite", "tts_model": "m", "stt_provider": "dashscope"},
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("turn")
    assert body == {"session_id": session.id, "status": "queued", "text": "what was said"}
    heard, spoken = session.commands
    assert isinstance(heard, Transcribe)
    assert (heard.sample_rate, heard.chat) == (0, False)
    assert spoken == Say("what was said", "en", "flite", "m")
    assert kept(settings) == []


async def test_it_is_answered_where_speak_means_that(
    client: httpx.AsyncClient, session: FakeSession, app: FastAPI
) -> None:
    parts: Parts = app.state.parts
    app.state.parts = replace(parts, settings=parts.settings.model_copy(update={"speak_mode": "chat"}))
    await session.say(Say("Good day."))
    answer = await client.post(f"/sessions/{session.id}/speak_audio", files={"file": ("a", PCM)})
    assert answer.status_code == 200
    assert session.commands[-1] == Chat("what was said", barge_in=True)


async def test_what_the_avatar_says_goes_before_what_the_user_says(
    client: httpx.AsyncClient, session: FakeSession
) -> None:
    sent = {"audio": ("a", PCM), "file": ("b", PCM)}
    await client.post(f"/sessions/{session.id}/speak_audio", files=sent)
    assert [type(command) for command in session.commands] == [Recite]


@pytest.mark.parametrize("field", ["audio", "file"])
@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_being_said_is_interrupted(
    route: str, field: str, client: httpx.AsyncClient, session: FakeSession
) -> None:
    first = await session.say(Say("Good day."))
    await client.post(f"/sessions/{session.id}/{route}", files={field: ("a", PCM)})
    async for record in session.events():
        if isinstance(record.event, TurnEnded):
            assert (record.event.turn, record.event.reason) == (first.turn, "interrupted")
            break


@pytest.mark.parametrize(
    ("fields", "data", "detail"),
    [
        ({}, {}, "audio: field required"),
        ({"audio": b""}, {}, "audio: must not be empty"),
        ({"file": b""}, {}, "must not be empty"),
        ({"sound": PCM}, {}, "audio: field required"),
        ({"audio": PCM}, {"sample_rate": "3999"}, "sample_rate: must be greater than or equal to 4000"),
        ({"audio": PCM}, {"sample_rate": "192001"}, "sample_rate: must be less than or equal to 192000"),
        ({"audio": PCM}, {"sample_rate": "16 kHz"}, "sample_rate: must be a whole number"),
        ({"audio": PCM}, {"sample_rate": "-1"}, "sample_rate: must be greater than or equal to 4000"),
        ({"audio": PCM}, {"sample_rate": "9" * 5000}, "sample_rate: must be"),
        ({}, {"audio": "a text"}, "audio: must be a file"),
    ],
)
@pytest.mark.parametrize("route", ROUTES)
async def test_a_wrong_request_is_refused(
    route: str,
    fields: dict[str, bytes],
    data: dict[str, str],
    detail: str,
    client: httpx.AsyncClient,
    session: FakeSession,
) -> None:
    files = {name: ("name", content) for name, content in fields.items()} or {"other": ("name", b"x")}
    answer = await client.post(f"/sessions/{session.id}/{route}", files=files, data=data)
    assert answer.status_code == 400
    assert list(answer.json()) == ["detail"]
    assert detail in answer.json()["detail"]
    assert len(answer.json()["detail"]) < 300
    assert session.commands == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("voice", "v" * 201), ("voice", "a\nb"), ("tts_provider", "nobody"), ("tts_model", "\x00")],
)
async def test_a_wrong_voice_is_refused(
    field: str, value: str, client: httpx.AsyncClient, session: FakeSession
) -> None:
    answer = await client.post(
        f"/sessions/{session.id}/speak_audio", files={"file": ("a", PCM)}, data={field: value}
    )
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("application/json", b'{"audio": "abc"}'),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--y\r\nrubbish"),
        ("audio/wav", PCM),
        ("", b""),
    ],
)
@pytest.mark.parametrize("route", ROUTES)
async def test_bodies_of_another_type_are_refused(
    route: str, content_type: str, content: bytes, client: httpx.AsyncClient, session: FakeSession
) -> None:
    headers = {"content-type": content_type}
    answer = await client.post(f"/sessions/{session.id}/{route}", content=content, headers=headers)
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("field", ["audio", "file"])
@pytest.mark.parametrize("route", ROUTES)
async def test_a_file_over_the_limit_is_refused_and_not_kept(
    route: str, field: str, client: httpx.AsyncClient, session: FakeSession, settings: Settings
) -> None:
    for size in (MAX_BYTES + 1, MAX_BYTES + 1024 * 1024):
        answer = await client.post(f"/sessions/{session.id}/{route}", files={field: ("a", bytes(size))})
        assert answer.status_code == 413
        assert isinstance(answer.json()["detail"], str)
    assert kept(settings) == []
    assert session.commands == []


@pytest.mark.parametrize("route", ROUTES)
async def test_a_body_over_the_limit_is_refused_while_it_comes(
    route: str, client: httpx.AsyncClient, session: FakeSession
) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\n'
        while sent < 10 * MAX_BYTES:
            sent += 1024 * 1024
            yield bytes(1024 * 1024)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await client.post(f"/sessions/{session.id}/{route}", content=body(), headers=headers)
    assert answer.status_code == 413
    assert sent <= MAX_BYTES + 2 * 1024 * 1024


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (InvalidInput("the file can't be decoded as sound"), 400),
        (TooLarge("the recording is longer than 300 s"), 413),
        (Conflict("interrupted"), 409),
        (Conflict("session is terminated"), 409),
        (StageFailed("asr", "the recogniser has died"), 502),
        (Unavailable("this session has no recogniser"), 503),
    ],
)
async def test_a_failing_recogniser_is_told_and_what_was_being_said_goes_on(
    failure: VisavisError,
    status: int,
    client: httpx.AsyncClient,
    session: FakeSession,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def transcribe(command: Transcribe) -> Transcription:
        raise failure

    monkeypatch.setattr(session, "transcribe", transcribe)
    await session.say(Say("Good day."))
    answer = await client.post(f"/sessions/{session.id}/speak_audio", files={"file": ("a", PCM)})
    assert (answer.status_code, answer.json()["detail"]) == (status, failure.message)
    assert kept(settings) == []
    assert (await session.info()).busy
    assert not await session.resume()


async def test_nothing_understood_is_told(
    client: httpx.AsyncClient, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def transcribe(command: Transcribe) -> Transcription:
        return Transcription("")

    monkeypatch.setattr(session, "transcribe", transcribe)
    answer = await client.post(f"/sessions/{session.id}/speak_audio", files={"file": ("a", PCM)})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("nothing was understood")


@pytest.mark.parametrize(
    ("failure", "status"),
    [(InvalidInput("the recording is empty"), 400), (TooLarge("longer"), 413), (Conflict("interrupted"), 409)],
)
@pytest.mark.parametrize("route", ROUTES)
async def test_what_cannot_be_played_is_told_and_not_kept(
    route: str,
    failure: VisavisError,
    status: int,
    client: httpx.AsyncClient,
    session: FakeSession,
    settings: Settings,
) -> None:
    session.failure = failure
    answer = await client.post(f"/sessions/{session.id}/{route}", files={"audio": ("a", PCM)})
    assert (answer.status_code, answer.json()["detail"]) == (status, failure.message)
    assert kept(settings) == []


@pytest.mark.parametrize("field", ["audio", "file"])
@pytest.mark.parametrize("route", ROUTES)
async def test_sessions_that_are_not_there(
    route: str, field: str, client: httpx.AsyncClient, session: FakeSession, settings: Settings
) -> None:
    sent = {field: ("a", PCM)}
    assert (await client.post(f"/sessions/nobody/{route}", files=sent)).status_code == 404
    await session.close()
    assert (await client.post(f"/sessions/{session.id}/{route}", files=sent)).status_code == 409
    assert kept(settings) == []


async def test_the_document_tells_of_the_fields(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for route in ROUTES:
        operation = document["paths"][f"/sessions/{{session_id}}/{route}"]["post"]
        assert {"200", "400", "404", "409", "413", "503", "default"} <= operation["responses"].keys()
        form = operation["requestBody"]["content"]["multipart/form-data"]
        assert "audio/webm" in form["encoding"]["audio"]["contentType"]
        fields = document["components"]["schemas"][form["schema"]["$ref"].rpartition("/")[2]]["properties"]
        assert fields["sample_rate"]["minimum"] == 4000
        assert all(field["description"] for field in fields.values())

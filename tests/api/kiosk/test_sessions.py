"""Every other route of a session, over a pool in memory (contract kiosk 1.1)."""

import re
from typing import Any

import pytest

from tests.api.kiosk.conftest import Kiosk, answer, clip_on_disk
from visavis.errors import WorkerLost
from visavis.pool import Exchange, Hear
from visavis.session.events import (
    AnswerDelta,
    CaptureEnded,
    Failed,
    Terminated,
    TranscriptHeard,
    TurnStarted,
    Understood,
)
from visavis.settings import Settings

MICROSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
SDP = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
FILE = {"file": ("question.wav", b"RIFF....WAVE")}


async def test_health_says_what_the_seed_says(kiosk: Kiosk) -> None:
    assert (await kiosk.client.get("/health")).json()["status"] == "ok"


async def test_from_start_to_end(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    answer(session)
    body = await kiosk.over(session)
    assert (body["status"], body["end_reason"], body["error"]) == ("completed", "silence_timeout", None)
    assert (body["transcript"], body["response"], body["captured_audio_seconds"]) == ("When?", "At six.", 2.5)
    assert (await session.info()).state == "terminated"
    listed = (await kiosk.client.get("/api/v1/sessions")).json()
    assert listed == {"sessions": [body]}


async def test_sessions_are_listed_in_the_order_they_began(kiosk: Kiosk) -> None:
    ids = []
    for _ in range(3):
        session = await kiosk.start()
        ids.append(session.id)
        answer(session)
        await kiosk.over(session)
    listed = (await kiosk.client.get("/api/v1/sessions")).json()["sessions"]
    assert [each["session_id"] for each in listed] == ids
    latest = (await kiosk.client.get("/api/v1/sessions", params={"limit": 1})).json()["sessions"]
    assert [each["session_id"] for each in latest] == ids[2:]


@pytest.mark.parametrize("path", ["start", "start-file", "nobody", "%3Cb%3E", "a%20b"])
async def test_unknown_sessions(kiosk: Kiosk, path: str) -> None:
    response = await kiosk.client.get(f"/api/v1/sessions/{path}")
    sent = {"%3Cb%3E": "<b>", "a%20b": "a b"}.get(path, path)
    assert (response.status_code, response.json()) == (404, {"detail": f"'Unknown session: {sent}'"})


async def test_an_unknown_id_is_cut_and_printable(kiosk: Kiosk) -> None:
    response = await kiosk.client.get("/api/v1/sessions/%00%0a" + "x" * 500)
    assert response.json() == {"detail": f"'Unknown session: {'x' * 80}'"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "stop"),
        ("POST", "audio"),
        ("POST", "audio/end"),
        ("GET", "audio/response_001.wav"),
        ("GET", "response-audio/1"),
        ("GET", "history"),
        ("GET", "events"),
        ("DELETE", ""),
    ],
)
async def test_every_route_of_an_unknown_session(kiosk: Kiosk, method: str, path: str) -> None:
    response = await kiosk.client.request(method, f"/api/v1/sessions/nobody/{path}".rstrip("/"), content=b"ab")
    assert (response.status_code, response.json()) == (404, {"detail": "'Unknown session: nobody'"})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("PUT", "/api/v1/devices", 405),
        ("POST", "/api/v1/sessions/x/history", 405),
    ],
)
async def test_paths_and_methods_that_are_not_there(kiosk: Kiosk, method: str, path: str, status: int) -> None:
    response = await kiosk.client.request(method, path)
    assert response.status_code == status
    assert isinstance(response.json()["detail"], str)


async def test_stopping_the_question_and_then_the_answer(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    url = f"/api/v1/sessions/{session.id}/stop"
    first = await kiosk.client.post(url)
    assert (first.status_code, first.json()["status"]) == (200, "stopping")
    assert MICROSECONDS.fullmatch(first.json()["stop_requested_at"].removesuffix("Z"))
    assert not session.listening
    assert (await kiosk.get(session))["end_reason"] == "stopped_by_api"
    session.happen(TranscriptHeard("When?", True), Understood("When?", True), TurnStarted("t", "chat", "When?"))
    session.happen(AnswerDelta("t", "At "))
    await kiosk.told(session, "response")
    second = await kiosk.client.post(url)
    assert second.status_code == 200
    assert second.json()["stop_requested_at"] >= first.json()["stop_requested_at"]
    body = await kiosk.over(session)
    assert (body["status"], body["end_reason"], body["response"]) == ("completed", "stopped_by_api", "At")
    third = await kiosk.client.post(url)
    assert (third.status_code, third.json()) == (409, {"detail": "Session is not running: completed"})


async def test_stopping_during_recognition_ends_it(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    session.happen(CaptureEnded("silence", 2.0, True))
    await kiosk.told(session, "progress")
    await kiosk.client.post(f"/api/v1/sessions/{session.id}/stop")
    body = await kiosk.over(session)
    assert (body["status"], body["end_reason"], body["transcript"]) == ("completed", "stopped_by_api", "")


async def test_an_engine_that_dies_fails_the_session(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    session.happen(TranscriptHeard("One", True), Failed("worker", "worker_lost", "the worker died"))
    session.happen(Terminated("worker_lost"))
    body = await kiosk.over(session)
    assert (body["status"], body["end_reason"], body["transcript"]) == ("failed", "error", "One")
    assert body["error"]


async def test_pushed_sound(kiosk: Kiosk) -> None:
    session = await kiosk.start(sample_rate=8000)
    url = f"/api/v1/sessions/{session.id}/audio"
    response = await kiosk.client.post(url, content=b"\1\0\2\0")
    assert (response.status_code, response.json()) == (200, {"status": "accepted"})
    empty = await kiosk.client.post(url, content=b"")
    assert (empty.status_code, isinstance(empty.json()["detail"], str)) == (400, True)
    odd = await kiosk.client.post(url, content=b"abc")
    assert odd.status_code == 409
    for _ in range(2):
        response = await kiosk.client.post(f"{url}/end")
        assert (response.status_code, response.json()) == (200, {"status": "eos_accepted"})
    assert session.commands[1:3] == [Hear(8000, b"\1\0\2\0"), Hear(8000, b"", last=True)]
    answer(session)
    # The browser goes on for a while after the silence was long enough.
    assert (await kiosk.client.post(url, content=b"\1\0")).status_code in (200, 409)
    await kiosk.over(session)
    late = await kiosk.client.post(url, content=b"\1\0")
    assert (late.status_code, late.json()) == (409, {"detail": "Session is not active: completed"})
    assert (await kiosk.client.post(f"{url}/end")).status_code == 200


async def test_sound_for_a_session_that_takes_none(kiosk: Kiosk) -> None:
    session = await kiosk.start("sessions/start")
    for path, content in (("audio", b"\1\0"), ("audio/end", b"")):
        response = await kiosk.client.post(f"/api/v1/sessions/{session.id}/{path}", content=content)
        assert (response.status_code, response.json()) == (409, {"detail": "Session is not a browser session"})


async def test_pushed_sound_and_a_lost_worker(kiosk: Kiosk) -> None:
    session = await kiosk.start()
    session.failure = WorkerLost("the worker died")
    response = await kiosk.client.post(f"/api/v1/sessions/{session.id}/audio", content=b"\1\0")
    assert response.status_code == 503


async def test_a_conversation_goes_on(kiosk: Kiosk) -> None:
    first = await kiosk.start(conversation_id="c", history=[{"role": "user", "content": "Hello."}])
    answer(first)
    await kiosk.over(first)
    other = await kiosk.start(conversation_id="d")
    answer(other, "No.", "No?")
    await kiosk.over(other)
    second = await kiosk.start(conversation_id="c")
    assert second.request.history == (Exchange("user", "When?"), Exchange("assistant", "At six."))
    answer(second, "And on Sunday?", "Closed.")
    await kiosk.over(second)
    body = (await kiosk.client.get(f"/api/v1/sessions/{second.id}/history")).json()
    assert body["conversation_id"] == "c"
    assert [each["content"] for each in body["history"]] == ["When?", "At six.", "And on Sunday?", "Closed."]
    given = await kiosk.start(conversation_id="c", history=[{"role": "assistant", "content": "Welcome."}])
    assert given.request.history == (Exchange("assistant", "Welcome."),)


async def test_only_the_latest_exchanges_are_told(kiosk: Kiosk) -> None:
    for number in range(22):
        session = await kiosk.start(conversation_id="c")
        answer(session, f"{number}?", f"{number}.")
        await kiosk.over(session)
    latest = await kiosk.start(conversation_id="c")
    assert len(latest.request.history) == 40
    assert latest.request.history[0] == Exchange("user", "2?")


async def test_deleting(kiosk: Kiosk, settings: Settings) -> None:
    session = await kiosk.start()
    url = f"/api/v1/sessions/{session.id}"
    path = clip_on_disk(settings, session)
    assert (await kiosk.client.delete(url)).status_code == 409
    answer(session)
    await kiosk.over(session)
    assert (await kiosk.client.delete(url)).json() == {"session_id": session.id, "status": "deleted"}
    assert not path.parent.exists()
    assert (await kiosk.client.get(url)).status_code == 404
    assert (await kiosk.client.delete(url)).status_code == 404


async def test_traces(kiosk: Kiosk) -> None:
    latest = (await kiosk.client.get("/api/v1/pipeline/latest")).json()
    assert latest["trace"] is None
    assert latest["message"]
    ids = []
    for _ in range(22):
        session = await kiosk.start()
        ids.append(session.id)
        answer(session)
        await kiosk.over(session)
    trace: dict[str, Any] = (await kiosk.client.get("/api/v1/pipeline/latest")).json()["trace"]
    assert trace["session_id"] == ids[-1]
    assert trace["endpointing_ms"] == 1500.0
    assert trace["asr_ms"] is not None
    assert trace["total_ms"] is not None
    assert (trace["first_clip_ms"], trace["voice_to_voice_ms"]) == (None, None)
    for n, count in (("3", 3), ("0", 1), ("-5", 1), ("1000", 20), ("9" * 40, 20)):
        traces = (await kiosk.client.get("/api/v1/pipeline/recent", params={"n": n})).json()["traces"]
        assert [each["session_id"] for each in traces] == ids[::-1][:count]
    assert (await kiosk.client.get("/api/v1/pipeline/recent", params={"n": "x"})).status_code == 422

"""What a session can be asked for, and how it is refused."""

import json
import logging
import time
from typing import Any

import httpx
import pytest

from tests.api.protoface.conftest import URL, refusal, wanted
from tests.api.protoface.tokens import encoded, minted
from visavis.pool.verbs import Room
from visavis.testing.fake_pool import FakePool

CREATED = {
    "object", "id", "status", "avatar_id", "transport", "quality", "max_duration_seconds", "idle_timeout_seconds",
    "metadata", "created_at", "started_at", "first_frame_at", "ended_at", "failed_at", "failure", "usage",
}  # fmt: skip


async def test_given_the_seeds_example_when_posted_then_the_answer_has_the_seeds_fields(
    client: httpx.AsyncClient,
) -> None:
    body = wanted(
        idle_timeout_seconds=30,
        max_duration_seconds=600,
        metadata={"customer_session_id": "abc123"},
        quality="standard",
    )
    answer = await client.post("/v1/sessions", json=body)
    assert answer.status_code == 201
    session = answer.json()
    assert session.keys() == CREATED
    assert session["object"] == "session"
    assert session["status"] == "queued"
    assert session["id"].startswith("sess_")
    assert len(session["id"]) == 31
    assert session["metadata"] == {"customer_session_id": "abc123"}
    assert session["created_at"].endswith("Z")
    assert session["transport"]["worker_token"] == "[redacted]"
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["x-ratelimit-limit"] == "1000"
    assert answer.headers["x-ratelimit-remaining"] == "999"


async def test_the_engine_gets_what_was_asked_for(client: httpx.AsyncClient, pool: FakePool) -> None:
    transport = {
        "audio_source": "track",
        "subscribe_to_identity": "guest",
        "synthetic_audio_if_no_input": True,
    }
    body = wanted(transport=transport, quality="lite", idle_timeout_seconds=5, max_duration_seconds=7)
    await client.post("/v1/sessions", json=body, headers={"X-Protoface-Session-Grant": "whatever"})
    request = (await pool.made(1)).request
    assert (request.avatar_id, request.model, request.size, request.fps) == ("demo-avatar", "", 320, 15)
    assert request.owner.startswith("org_")
    room = request.room
    assert isinstance(room, Room)
    assert (room.url, room.name, room.token) == (URL, "demo-room", body["transport"]["worker_token"])
    assert (room.audio_source, room.subscribe_to, room.synthetic_audio) == ("track", "guest", True)
    assert (room.idle_timeout, room.max_duration) == (5.0, 7.0)


@pytest.mark.parametrize(
    ("quality", "model", "size", "fps"),
    [("lite", "", 320, 15), ("standard", "", 512, 25), (None, "", 512, 25), ("mock", "mock", 512, 25)],
)
async def test_qualities(
    client: httpx.AsyncClient, pool: FakePool, quality: str | None, model: str, size: int, fps: int
) -> None:
    answer = await client.post("/v1/sessions", json=wanted(quality=quality))
    assert answer.json()["quality"] == (quality or "standard")
    request = (await pool.made(1)).request
    assert (request.model, request.size, request.fps) == (model, size, fps)


async def test_null_is_as_good_as_nothing(client: httpx.AsyncClient) -> None:
    body = wanted(transport={"audio_source": None, "worker_identity": None, "subscribe_to_identity": None})
    body |= dict.fromkeys(("quality", "idle_timeout_seconds", "max_duration_seconds", "metadata"))
    session = (await client.post("/v1/sessions", json=body)).json()
    assert (session["quality"], session["idle_timeout_seconds"]) == ("standard", 30)
    assert (session["max_duration_seconds"], session["metadata"]) == (600, {})
    assert session["transport"] == {
        "type": "livekit",
        "url": URL,
        "room_name": "demo-room",
        "worker_token": "[redacted]",
        "worker_identity": "protoface-worker",
        "audio_source": "data_stream",
        "subscribe_to_identity": None,
        "synthetic_audio_if_no_input": False,
    }


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"avatar_id": None}, "avatar_id"),
        ({"avatar_id": "av_01HXY5K8E7QYG3X8Z6N9R7S0VR"}, "avatar_id"),
        ({"avatar_id": "demo-avatar"}, "avatar_id"),
        ({"avatar_id": "av_stock_999"}, "avatar_id"),
        ({"quality": "best"}, "quality"),
        ({"idle_timeout_seconds": 0}, "idle_timeout_seconds"),
        ({"idle_timeout_seconds": 601}, "idle_timeout_seconds"),
        ({"idle_timeout_seconds": "30"}, "idle_timeout_seconds"),
        ({"max_duration_seconds": 3601}, "max_duration_seconds"),
        ({"max_duration_seconds": 1.5}, "max_duration_seconds"),
        ({"colour": "blue"}, "colour"),
        ({"metadata": {"a": ["list"]}}, "metadata.a"),
        ({"metadata": {"_avatar.x": 1}}, "metadata"),
        ({"metadata": {"a": "x" * 8192}}, "metadata"),
        ({"metadata": {"a": "\ud800"}}, "metadata.a"),
        ({"metadata": {"\ud800": 1}}, "metadata"),
        ({"metadata": []}, "metadata"),
        ({"transport": {"room_name": "\ud800"}}, "transport.room_name"),
        ({"transport": {"worker_identity": "\ud800"}}, "transport.worker_identity"),
        ({"transport": {"url": ""}}, "transport.url"),
        ({"transport": {"url": "https://nobody:secret@127.0.0.1"}}, "transport.url"),
        ({"transport": {"url": "ws://10.0.0.1"}}, "transport.url"),
        ({"transport": {"url": "ftp://127.0.0.1"}}, "transport.url"),
        ({"transport": {"room_name": 7}}, "transport.room_name"),
        ({"transport": {"audio_source": "mind"}}, "transport.audio_source"),
        ({"transport": {"secret": "s"}}, "transport.secret"),
        ({"transport": {"worker_token": 7}}, "transport.worker_token"),
    ],
)
async def test_given_a_wrong_field_when_posted_then_it_is_named(
    client: httpx.AsyncClient, changes: dict[str, Any], param: str
) -> None:
    body = json.dumps(wanted(**changes))
    answer = await client.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    error = refusal(answer)
    assert (error["type"], error["param"]) == ("unprocessable", param)
    assert error["message"].startswith(f"{param}: ")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": int(time.time()) - 1}, "has expired"),
        ({"exp": None}, "has no exp"),
        ({"exp": "tomorrow"}, "has no exp"),
        ({"exp": True}, "has no exp"),
        ({"exp": 10**400}, "has no exp"),
        ({"nbf": int(time.time()) + 3600}, "not valid yet"),
        ({"sub": ""}, "has no sub"),
        ({"sub": None}, "has no sub"),
        ({"video": None}, "roomJoin"),
        ({"video": {"room": "demo-room"}}, "roomJoin"),
        ({"video": {"roomJoin": True, "room": "other"}}, "another room"),
        ({"video": {"roomJoin": True}}, "another room"),
        ({"video": {"roomJoin": True, "room": "demo-room", "canPublish": False}}, "forbids to publish"),
    ],
)
async def test_a_token_that_will_not_do_is_refused_before_a_worker_is_taken(
    client: httpx.AsyncClient, pool: FakePool, claims: dict[str, Any], words: str
) -> None:
    token = minted(**claims)
    answer = await client.post("/v1/sessions", json=wanted(transport={"worker_token": token}))
    assert answer.status_code == 422
    error = refusal(answer)
    assert error["param"] == "transport.worker_token"
    assert words in error["message"]
    assert token.split(".")[1] not in answer.text
    assert pool.sessions() == []


@pytest.mark.parametrize(
    "token",
    [
        "no token",
        "a.b.c",
        "a.b",
        "..",
        "a.é.c",
        f"a.{encoded([])}.c",
        f"a.{encoded('x')}.c",
        "a." + encoded(7) + ".c",
        "eyJ" + "x" * 16_000,
    ],
)
async def test_what_is_no_token_is_refused(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.post("/v1/sessions", json=wanted(transport={"worker_token": token}))
    assert answer.status_code == 422
    error = refusal(answer)
    assert (error["param"], error["message"]) == ("transport.worker_token", "transport.worker_token: is no JWT")


@pytest.mark.parametrize(
    ("transport", "code"),
    [
        ({}, "transport.type.missing"),
        ({"url": URL}, "transport.type.missing"),
        ({"type": "websocket"}, "transport.unsupported"),
        ({"type": "pipecat", "more": 1}, "transport.unsupported"),
        ({"type": "agora"}, "transport.unsupported"),
    ],
)
async def test_other_transports_are_refused_in_the_contracts_words(
    client: httpx.AsyncClient, transport: dict[str, Any], code: str
) -> None:
    answer = await client.post("/v1/sessions", json={"avatar_id": "av_demo", "transport": transport})
    assert answer.status_code == 400
    error = refusal(answer)
    assert (error["type"], error["code"], error["param"]) == ("invalid_request", code, "transport.type")


async def test_quality_pro_needs_a_face_for_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sessions", json=wanted(quality="pro"))
    assert answer.status_code == 409
    assert (refusal(answer)["type"], refusal(answer)["param"]) == ("conflict", "quality")


@pytest.mark.parametrize("body", [b"{", b"nonsense", b'{"a": ' + b"9" * 5000 + b"}", b"[" * 5000])
async def test_malformed_json_is_a_bad_request(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert refusal(answer)["type"] == "invalid_request"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"'])
async def test_json_of_another_form_fails_validation(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert refusal(answer)["type"] == "unprocessable"


async def test_numbers_that_are_none_are_refused(client: httpx.AsyncClient) -> None:
    body = json.dumps(wanted(metadata={"a": float("nan")}))
    answer = await client.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert refusal(answer)["param"] == "metadata.a"


async def test_a_huge_body_is_unprocessable(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sessions", json=wanted(metadata={"a": "x" * 100_000}))
    assert answer.status_code == 422
    assert (refusal(answer)["type"], refusal(answer)["code"]) == ("unprocessable", "too_large")


async def test_the_token_is_nowhere_but_in_the_engines_request(
    client: httpx.AsyncClient, pool: FakePool, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = wanted()
    token = body["transport"]["worker_token"]
    made = await client.post("/v1/sessions", json=body, headers={"Idempotency-Key": "once"})
    session = made.json()["id"]
    await pool.made(1)
    for part in (token, token.split(".")[2]):
        assert part not in made.text
        assert part not in (await client.get(f"/v1/sessions/{session}")).text
        assert part not in caplog.text
        kept = b"".join(path.read_bytes() for path in settings.data_dir.rglob("*") if path.is_file())
        assert part.encode() not in kept


async def test_a_token_in_the_wrong_place_is_not_repeated(client: httpx.AsyncClient) -> None:
    token = minted()
    for body in (
        wanted(transport={token: 1}),
        wanted(quality=token),
        wanted(metadata={token: [token]}),
        wanted(transport={"type": token}),
        wanted(transport={"url": f"wss://{token}"}),
        wanted(avatar_id=token),
        {token: token},
    ):
        answer = await client.post("/v1/sessions", json=body)
        assert answer.status_code in (400, 422)
        assert refusal(answer)["request_id"]
        assert token.split(".")[1] not in answer.text


async def test_an_idempotency_key_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/sessions", json=wanted(), headers={"Idempotency-Key": "k" * 256})
    assert answer.status_code == 400
    assert refusal(answer)["type"] == "invalid_request"


async def test_the_longest_session_is_what_the_server_allows(client: httpx.AsyncClient, agency: Any) -> None:
    agency.settings = agency.settings.model_copy(update={"protoface_max_seconds": 120})
    session = (await client.post("/v1/sessions", json=wanted(max_duration_seconds=3600))).json()
    assert session["max_duration_seconds"] == 120
    assert (await client.get("/v1/billing/plans")).json()[0]["session_time_limit_seconds"] == 120

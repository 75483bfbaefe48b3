"""The bootstrap of Pipecat pipelines: a session like any other, and where its media are had."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from protoface_sdk.models import PipecatSessionView

from tests.api.protoface.conftest import client_of, reached, refusal
from tests.api.protoface.media_client import PROTOCOL, bootstrap
from visavis.api.protoface import Agency
from visavis.errors import Unavailable
from visavis.pool.verbs import Relayed
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool

BODY = {"avatar_id": "av_demo", "relay_mode": "websocket"}
PATH = "/v1/pipecat/sessions"


async def test_the_answer_is_the_contracts(client: httpx.AsyncClient) -> None:
    made = await bootstrap(client, metadata={"customer": "abc"}, idle_timeout_seconds=7)
    PipecatSessionView.model_validate(made)
    assert made.keys() == {"object", "session", "relay"}
    session = made["session"]
    assert (session["status"], session["transport"], session["quality"]) == (
        "queued",
        {"type": "pipecat"},
        "standard",
    )
    relay = made["relay"]
    token = relay.pop("media_token")
    assert token.startswith("pfm_")
    assert len(token) == 68
    assert relay == {
        "type": "websocket",
        "protocol": PROTOCOL,
        "media_url": f"ws://visavis/v1/pipecat/sessions/{session['id']}/media",
        "audio_sample_rate": 16_000,
        "video_encoding": "jpeg",
        "decoded_video_format": "RGB",
        "supports_audio_output": True,
    }
    told = (await client.get(f"/v1/sessions/{session['id']}")).json()
    assert (told["transport"], told["metadata"]) == ({"type": "pipecat"}, {"customer": "abc"})
    listed = await client.get("/v1/sessions")
    assert listed.json()["data"][0]["id"] == session["id"]
    assert token not in listed.text


async def test_the_engine_gets_what_was_asked_for(client: httpx.AsyncClient, pool: FakePool) -> None:
    await bootstrap(client, quality="lite", idle_timeout_seconds=7, max_duration_seconds=9)
    request = (await pool.made(1)).request
    assert (request.avatar_id, request.size, request.fps) == ("demo-avatar", 320, 15)
    assert request.owner.startswith("org_")
    assert isinstance(request.room, Relayed)
    assert (request.room.idle_timeout, request.room.max_duration) == (7.0, 9.0)


async def test_behind_a_proxy_the_operator_says_where_it_is(
    client: httpx.AsyncClient, agency: Agency, settings: Settings
) -> None:
    agency.settings = settings.model_copy(update={"public_base_url": "https://avatar.example/faces/"})
    url = (await bootstrap(client))["relay"]["media_url"]
    assert url.startswith("wss://avatar.example/faces/v1/pipecat/sessions/sess_")


@pytest.mark.parametrize(
    ("changes", "status", "param"),
    [
        ({"relay_mode": "webrtc"}, 422, "relay_mode"),
        ({"transport": {"type": "pipecat"}}, 422, "transport"),
        ({"avatar_id": "av_stock_999"}, 422, "avatar_id"),
        ({"avatar_id": 7}, 422, "avatar_id"),
        ({"quality": "pro"}, 409, "quality"),
        ({"idle_timeout_seconds": 601}, 422, "idle_timeout_seconds"),
        ({"metadata": {"_avatar.x": 1}}, 422, "metadata"),
    ],
)
async def test_a_wrong_field_is_named(
    client: httpx.AsyncClient, agency: Agency, changes: dict[str, Any], status: int, param: str
) -> None:
    answer = await client.post(PATH, json=BODY | changes)
    assert (answer.status_code, refusal(answer)["param"]) == (status, param)
    assert agency.outlets._open == {}


async def test_the_same_request_again_makes_another_session(client: httpx.AsyncClient) -> None:
    first, second = await bootstrap(client), await bootstrap(client)
    assert first["session"]["id"] != second["session"]["id"]
    assert first["relay"]["media_token"] != second["relay"]["media_token"]


async def test_an_idempotency_key_gets_the_same_token_again_and_it_is_not_kept(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    first, again = [
        (await client.post(PATH, json=BODY, headers={"Idempotency-Key": "one"})).json() for _ in range(2)
    ]
    assert again == first
    token = first["relay"]["media_token"].encode()
    kept = {path.name: path.read_bytes() for path in settings.data_dir.glob("visavis.sqlite3*")}
    assert b"[redacted]" in b"".join(kept.values())
    assert token not in b"".join(kept.values())


async def test_a_key_creates_so_often(running: FastAPI) -> None:
    async with client_of(running, "Acme", rate=1) as client:
        assert (await client.post(PATH, json=BODY)).status_code == 201
        answer = await client.post(PATH, json=BODY)
    assert (answer.status_code, refusal(answer)["code"]) == (429, "too_many_requests")


async def test_given_no_place_then_nothing_is_left_open(running: FastAPI, agency: Agency) -> None:
    async with client_of(running, "Acme", concurrency=1) as client:
        made = await bootstrap(client)
        answer = await client.post(PATH, json=BODY)
    assert (answer.status_code, refusal(answer)["code"]) == (429, "concurrent_sessions")
    assert list(agency.outlets._open) == [made["session"]["id"]]


async def test_given_it_can_not_be_put_on_record_then_nothing_is_left_open(
    client: httpx.AsyncClient, agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise Unavailable("the store is busy")

    monkeypatch.setattr(agency.store.avatar_sessions, "add", fail)
    answer = await client.post(PATH, json=BODY)
    assert answer.status_code == 503
    assert agency.outlets._open == {}
    assert agency.dispatcher._live == {}


async def test_given_no_room_for_a_socket_then_it_is_refused(
    client: httpx.AsyncClient, agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("visavis.pool.relay.tempfile.TemporaryDirectory", fail)
    answer = await client.post(PATH, json=BODY)
    assert answer.status_code == 503
    assert "device" not in answer.text
    assert agency.outlets._open == {}
    assert agency.dispatcher._live == {}


async def test_it_is_ended_like_any_other(client: httpx.AsyncClient, pool: FakePool, agency: Agency) -> None:
    session = (await bootstrap(client))["session"]["id"]
    (await pool.made(1)).enter_room()
    await reached(client, session, "running")
    ended = (await client.post(f"/v1/sessions/{session}/end")).json()
    assert (ended["status"], ended["usage"]["frames"]) == ("ended", 25)
    await reached(client, session, "ended")

"""The contract's routes, one by one, and each error it documents."""

import uuid

import httpx
import pytest
from fastapi import FastAPI

from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.errors import Forbidden, StageFailed, Unavailable, UpstreamFailed, WorkerLost
from visavis.pool import Chat, Offer, Say
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool, FakeSession

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
CREATE = {"avatar_id": "ada", "model": "portrait"}


async def test_health_says_ok_and_what_the_web_client_needs(client: httpx.AsyncClient) -> None:
    answer = await client.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok"
    needed = {"stt_provider", "stt_providers", "stt_key_set", "tts_provider", "tts_providers", "tts_key_set"}
    assert needed | {"tts_service_url_set", "default_model", "tts_enabled_providers"} <= body.keys()
    assert body["stt_key_set"] is True
    espeak, dashscope = body["tts_providers"]["espeak"], body["tts_providers"]["dashscope"]
    assert espeak == {"key_set": True, "service_url_set": True, "usable": True, "reason": ""}
    assert (dashscope["key_set"], dashscope["usable"]) == (False, False)
    assert "VISAVIS_DASHSCOPE_API_KEY" in dashscope["reason"]
    assert body["stt_providers"][body["stt_provider"]]["usable"] is True
    assert body["llm_providers"][body["llm_provider"]]["usable"] is True


async def test_health_holds_no_key_and_no_path(pool: FakePool, settings: Settings) -> None:
    secret = settings.model_copy(update={"llm_api_key": "sk-very-secret", "llm_base_url": "http://inside:1/v1"})
    app = create_app(pool, secret, Catalogue(secret))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://visavis") as client:
        text = (await client.get("/health")).text
    assert "secret" not in text
    assert "inside" not in text
    assert str(settings.data_dir) not in text


async def test_healthz(client: httpx.AsyncClient) -> None:
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_queue_status(client: httpx.AsyncClient) -> None:
    assert (await client.get("/queue/status")).json() == {"slot_occupied": False, "queue_size": 0}
    for _ in range(3):
        await client.post("/sessions", json=CREATE)
    assert (await client.get("/queue/status")).json() == {"slot_occupied": True, "queue_size": 0}


async def test_models_lists_portrait_first(client: httpx.AsyncClient) -> None:
    body = (await client.get("/models")).json()
    assert body["models"][:1] == ["portrait"]
    assert "mock" in body["models"]
    assert body["default_model"] == "portrait"
    assert [status["id"] for status in body["statuses"]] == body["models"]
    for status in body["statuses"]:
        assert {"id", "backend", "connected", "reason"} <= status.keys()


async def test_avatars_lists_summaries_without_hidden_and_broken_ones(client: httpx.AsyncClient) -> None:
    body = (await client.get("/avatars")).json()
    ids = [avatar["id"] for avatar in body]
    assert {"ada", "bare"} <= set(ids)
    assert not {"ghost", "broken"} & set(ids)
    ada = next(avatar for avatar in body if avatar["id"] == "ada")
    assert ada == {
        "id": "ada",
        "name": "Somebody",
        "model_type": "portrait",
        "width": 512,
        "height": 512,
        "is_custom": False,
        "person_mode": "single",
        "has_preview_video": False,
        "matting_status": "unknown",
        "duo_dialog": None,
        "client_renderer": None,
    }


async def test_avatar_is_its_manifest_with_its_summary(client: httpx.AsyncClient, settings: Settings) -> None:
    answer = await client.get("/avatars/ada")
    body = answer.json()
    assert body["metadata"] == {"mood": "calm"}
    assert body["fps"] == 25
    assert body["is_custom"] is False
    assert str(settings.data_dir) not in answer.text


async def test_a_hidden_avatar_can_be_named(client: httpx.AsyncClient) -> None:
    assert (await client.get("/avatars/ghost")).status_code == 200


async def test_preview_is_a_png(client: httpx.AsyncClient) -> None:
    answer = await client.get("/avatars/ada/preview")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "path",
    [
        "/avatars/nobody",
        "/avatars/broken",
        "/avatars/nobody/preview",
        "/avatars/bare/preview",
        "/avatars/...",
        "/avatars/%2e%2e%2f%2e%2e/preview",
        "/avatars/a.b",
        "/avatars/" + "x" * 500,
        "/avatars/%00",
        "/avatars/%ff%fe/preview",
    ],
)
async def test_unknown_avatars_are_404(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert isinstance(answer.json()["detail"], str)


async def test_create_answers_a_uuid4(client: httpx.AsyncClient, pool: FakePool) -> None:
    answer = await client.post("/sessions", json=CREATE)
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "created"
    assert uuid.UUID(body["session_id"]).version == 4
    assert pool.get(body["session_id"]).request.owner == "owner"


async def test_create_takes_what_the_web_client_sends(client: httpx.AsyncClient, pool: FakePool) -> None:
    extra: dict[str, object] = {
        "stt_provider": "x",
        "persona_id": None,
        "agent_enabled": False,
        "knowledge_base_ids": [],
    }
    named = {"tts_provider": "flite", "tts_voice": "slt", "tts_model": None, "llm_system_prompt": "Be kind."}
    answer = await client.post("/sessions", json=CREATE | named | extra | {"wav2lip_postprocess_mode": "auto"})
    assert answer.status_code == 200
    made = pool.get(answer.json()["session_id"]).request
    assert (made.tts_provider, made.tts_voice, made.system_prompt) == ("flite", "slt", "Be kind.")


@pytest.mark.parametrize(
    "change", [{"avatar_id": "nobody"}, {"avatar_id": "../x"}, {"model": "flashtalk"}, {"tts_provider": "edge"}]
)
async def test_create_with_unknown_parts_is_400(client: httpx.AsyncClient, change: dict[str, str]) -> None:
    answer = await client.post("/sessions", json=CREATE | change)
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


async def test_create_with_a_model_that_is_not_connected_is_400(client: httpx.AsyncClient, pool: FakePool) -> None:
    pool.failure = Unavailable("model 'wav2lip' is not connected; configure its address")
    answer = await client.post("/sessions", json=CREATE)
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "model 'wav2lip' is not connected; configure its address",
    )


async def test_create_with_a_failing_upstream_is_502(client: httpx.AsyncClient, pool: FakePool) -> None:
    pool.failure = UpstreamFailed("face", "the face server did not answer in time")
    answer = await client.post("/sessions", json=CREATE)
    assert (answer.status_code, answer.json()) == (502, {"detail": "the face server did not answer in time"})


async def test_create_at_capacity_is_503_and_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.post("/sessions", json=CREATE)
    answer = await client.post("/sessions", json=CREATE)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "7"
    assert isinstance(answer.json()["detail"], str)


async def test_a_session_tells_its_state_in_both_vocabularies(
    client: httpx.AsyncClient, session: FakeSession
) -> None:
    async def words() -> tuple[str, str]:
        body = (await client.get(f"/sessions/{session.id}")).json()
        return body["state"], body["status"]

    body = (await client.get(f"/sessions/{session.id}")).json()
    assert (body["session_id"], body["avatar_id"], body["model"]) == (session.id, "ada", "portrait")
    assert {"voice", "tts_voice", "tts_provider", "busy", "viewers", "created_at"} <= body.keys()
    assert await words() == ("created", "worker_ready")
    await client.post(f"/sessions/{session.id}/start")
    assert await words() == ("running", "ready")
    await client.post(f"/sessions/{session.id}/speak", json={"text": "Hello."})
    assert await words() == ("running", "speaking")
    await client.delete(f"/sessions/{session.id}")
    assert await words() == ("terminated", "closed")


async def test_start_once(client: httpx.AsyncClient, session: FakeSession) -> None:
    first = await client.post(f"/sessions/{session.id}/start")
    assert (first.status_code, first.json()) == (200, {"session_id": session.id, "status": "running"})
    second = await client.post(f"/sessions/{session.id}/start")
    assert second.status_code == 409
    assert isinstance(second.json()["detail"], str)


async def test_start_after_the_end_is_409(client: httpx.AsyncClient, session: FakeSession) -> None:
    await client.delete(f"/sessions/{session.id}")
    assert (await client.post(f"/sessions/{session.id}/start")).status_code == 409


async def test_delete_can_be_repeated(client: httpx.AsyncClient, session: FakeSession) -> None:
    for _ in range(2):
        answer = await client.delete(f"/sessions/{session.id}")
        assert (answer.status_code, answer.json()) == (200, {"session_id": session.id, "status": "terminated"})


async def test_speak(client: httpx.AsyncClient, session: FakeSession) -> None:
    body = {"text": "Welcome.", "voice": "en", "tts_provider": "flite", "tts_model": None}
    answer = await client.post(f"/sessions/{session.id}/speak", json=body)
    assert answer.status_code == 200
    assert answer.json().items() >= {"session_id": session.id, "status": "queued"}.items()
    assert session.commands == [Say("Welcome.", "en", "flite", "")]


async def test_speak_is_barge_in(client: httpx.AsyncClient, session: FakeSession) -> None:
    for text in ("One.", "Two."):
        assert (await client.post(f"/sessions/{session.id}/speak", json={"text": text})).status_code == 200


async def test_speak_loses_control_characters(client: httpx.AsyncClient, session: FakeSession) -> None:
    await client.post(f"/sessions/{session.id}/speak", json={"text": "A\x00B\x1b[0m\tC\nD\x85"})
    assert session.commands == [Say("AB[0m\tC\nD")]


async def test_speak_mode_chat_answers(pool: FakePool, settings: Settings) -> None:
    chatty = settings.model_copy(update={"speak_mode": "chat"})
    app = create_app(pool, chatty, Catalogue(chatty))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://visavis") as client:
        made = (await client.post("/sessions", json=CREATE)).json()["session_id"]
        for text in ("Hi?", "And now?"):
            assert (await client.post(f"/sessions/{made}/speak", json={"text": text})).status_code == 200
    assert pool.get(made).commands == [Chat("Hi?", barge_in=True), Chat("And now?", barge_in=True)]


async def test_chat(client: httpx.AsyncClient, session: FakeSession) -> None:
    answer = await client.post(f"/sessions/{session.id}/chat", json={"prompt": "Who are you?"})
    assert answer.status_code == 200
    assert answer.json().items() >= {"session_id": session.id, "status": "queued"}.items()
    assert session.commands == [Chat("Who are you?")]


@pytest.mark.parametrize("before", [("speak", {"text": "Hello."}), ("chat", {"prompt": "Hello."})])
async def test_chat_while_busy_is_409(
    client: httpx.AsyncClient, session: FakeSession, before: tuple[str, dict[str, str]]
) -> None:
    await client.post(f"/sessions/{session.id}/{before[0]}", json=before[1])
    answer = await client.post(f"/sessions/{session.id}/chat", json={"prompt": "And?"})
    assert answer.status_code == 409
    assert "interrupt" in answer.json()["detail"]


@pytest.mark.parametrize("busy", [True, False])
async def test_interrupt(client: httpx.AsyncClient, session: FakeSession, busy: bool) -> None:
    if busy:
        await client.post(f"/sessions/{session.id}/speak", json={"text": "A long story."})
    answer = await client.post(f"/sessions/{session.id}/interrupt")
    assert answer.status_code == 200
    assert answer.json() == {"interrupted": True, "session_id": session.id, "status": "interrupted"}
    assert not (await session.info()).busy


async def test_offer(client: httpx.AsyncClient, session: FakeSession) -> None:
    answer = await client.post(f"/sessions/{session.id}/webrtc/offer", json={"sdp": SDP, "type": "offer"})
    assert (answer.status_code, answer.json()) == (200, {"sdp": SDP, "type": "answer"})
    other = {"sdp": SDP, "type": "offer", "viewer": "second"}
    await client.post(f"/sessions/{session.id}/webrtc/offer", json=other)
    assert session.commands == [Offer(SDP, "main"), Offer(SDP, "second")]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("speak", {"text": "Hello."}),
        ("chat", {"prompt": "Hello."}),
        ("webrtc/offer", {"sdp": SDP, "type": "offer"}),
        ("interrupt", None),
    ],
)
async def test_after_the_end_it_is_409(
    client: httpx.AsyncClient, session: FakeSession, path: str, body: dict[str, str] | None
) -> None:
    await client.delete(f"/sessions/{session.id}")
    answer = await client.post(f"/sessions/{session.id}/{path}", json=body)
    assert answer.status_code == 409
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize(
    ("failure", "status", "detail"),
    [
        (UpstreamFailed("llm", "the model did not answer"), 502, "the model did not answer"),
        (WorkerLost("the session's process has died"), 503, "the session's process has died"),
        (Forbidden("not yours"), 403, "not yours"),
        (StageFailed("face", "mouth broke"), 500, "internal error; the server's log tells more"),
        (RuntimeError("secret /etc/passwd"), 500, "internal error; the server's log tells more"),
    ],
)
async def test_failures_keep_their_secrets(
    client: httpx.AsyncClient, session: FakeSession, failure: Exception, status: int, detail: str
) -> None:
    session.failure = failure
    answer = await client.post(f"/sessions/{session.id}/speak", json={"text": "Hello."})
    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/sessions"), ("GET", "/nowhere"), ("POST", "/"), ("GET", "/web/x"), ("GET", "/sessions/a/b")],
)
async def test_what_no_route_answers_is_refused_in_the_dialect(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code in {404, 405}
    assert isinstance(answer.json()["detail"], str)


async def test_cors_is_for_configured_origins_only(client: httpx.AsyncClient) -> None:
    good = await client.get("/healthz", headers={"Origin": "https://kiosk.example"})
    assert good.headers["access-control-allow-origin"] == "https://kiosk.example"
    bad = await client.get("/healthz", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in bad.headers


async def test_the_lifespan_is_the_pools(app: FastAPI, pool: FakePool) -> None:
    async with app.router.lifespan_context(app):
        assert pool.entered
    assert not pool.entered

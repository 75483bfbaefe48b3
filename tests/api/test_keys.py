"""Keys: who is let in where, and what organisations see of each other."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from tests.api.sockets import Client, serving
from visavis.api.app import create_app
from visavis.api.keys import Keyholder, may
from visavis.api.kiosk import Desk
from visavis.api.principal import Principal
from visavis.api.statuses import headers_of, status_of
from visavis.avatar import Catalogue
from visavis.errors import VisavisError
from visavis.pool import NewSession
from visavis.pool.tenancy import OwnedPool
from visavis.session.events import AnswerDelta
from visavis.settings import Settings
from visavis.store import SessionRecord, Store
from visavis.telemetry import masked
from visavis.testing.fake_pool import FakePool

BASE = "http://visavis"
ADA = {"avatar_id": "ada", "model": "portrait"}
UNKNOWN = "sk_live_" + "a" * 43


@pytest.fixture
def settings(settings: Settings) -> Settings:
    chosen = {"require_keys": True, "journal": False, "kiosk_sessions": 5}
    return settings.model_copy(update=chosen)


@pytest.fixture
def store(app: FastAPI) -> Store:
    found: Store = app.state.parts.store
    return found


def bearing(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def created(store: Store, organisation: str, scopes: str = "*", **more: Any) -> str:
    return (await store.keys.create(organisation, scopes=scopes, **more))[0]


async def opened(client: httpx.AsyncClient, key: str) -> str:
    answer = await client.post("/sessions", json=ADA, headers=bearing(key))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["session_id"])


async def asked(client: httpx.AsyncClient, key: str, **more: str) -> str:
    body = {"text": "What is it?", **more}
    answer = await client.post("/api/v1/query/text", json=body, headers=bearing(key))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["session_id"])


# ---- who is let in


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/avatars", lambda body: "detail" in body),
        ("/api/v1/sessions", lambda body: "detail" in body),
        ("/v1/chat/completions", lambda body: set(body["error"]) == {"message", "type", "param", "code"}),
    ],
)
async def test_without_a_key_each_api_refuses_in_its_own_words(
    client: httpx.AsyncClient, path: str, body: Any
) -> None:
    answer = await client.request("POST" if "completions" in path else "GET", path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert body(answer.json())
    assert "visavis key create" in answer.text


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", f"Bearer {UNKNOWN}", "Basic abc", "Bearer sk_live_short", "Bearer \x00é"]
)
async def test_what_is_no_key_lets_nobody_in(client: httpx.AsyncClient, store: Store, header: str) -> None:
    await created(store, "acme")
    answer = await client.get("/avatars", headers=[(b"Authorization", header.encode())])
    assert answer.status_code == 401
    assert "sk_live_a" not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_a_key_lets_in(client: httpx.AsyncClient, store: Store, scheme: str) -> None:
    key = await created(store, "acme")
    assert (await client.get("/avatars", headers={"Authorization": f"{scheme} {key}"})).status_code == 200


async def test_revoked_and_expired_keys_let_nobody_in(client: httpx.AsyncClient, store: Store) -> None:
    key, record = await store.keys.create("acme")
    assert (await client.get("/avatars", headers=bearing(key))).status_code == 200
    await store.keys.revoke(record.id)
    expired = await created(store, "acme", expires_at=time.time() - 1)
    for former in (key, expired):
        assert (await client.get("/avatars", headers=bearing(former))).status_code == 401


async def test_a_sign_of_life_and_the_pages_need_no_key(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/", "/kiosk", "/web/key.js", "/docs"):
        assert (await client.get(path)).status_code == 200, path
    assert (await client.get("/voice-uploads/nothing")).status_code == 404


async def test_a_key_may_be_in_the_query_where_browsers_can_send_no_header(
    client: httpx.AsyncClient, store: Store
) -> None:
    key = await created(store, "acme")
    assert (await client.get(f"/avatars/ada/preview?access_token={key}")).status_code == 200
    answer = await client.post(f"/sessions?access_token={key}", json=ADA)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("scopes", "read", "write"),
    [
        ("*", 200, 200),
        ("sessions:*", 200, 200),
        ("sessions:read", 200, 403),
        ("sessions:write", 403, 200),
        ("usage:read avatars:*", 403, 403),
    ],
)
async def test_a_key_may_do_what_its_scopes_say(
    client: httpx.AsyncClient, store: Store, scopes: str, read: int, write: int
) -> None:
    key = await created(store, "acme", scopes)
    assert (await client.get("/avatars", headers=bearing(key))).status_code == read
    answer = await client.post("/sessions", json=ADA, headers=bearing(key))
    assert answer.status_code == write
    if write == 403:
        assert "sessions:write" in answer.json()["detail"]


async def test_unless_keys_are_required_nobody_is_asked_for_one(pool: FakePool, settings: Settings) -> None:
    app = create_app(pool, settings.model_copy(update={"require_keys": False}), Catalogue(settings))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        for headers in ({}, bearing("sk-of-another-service")):
            answer = await client.post("/sessions", json=ADA, headers=headers)
            assert answer.status_code == 200
        assert pool.sessions()[0].request.owner == "owner"


@pytest.mark.parametrize("path", ["/sessions/{}/speak_audio_stream", "/api/v1/sessions/{}/ws"])
async def test_sockets_need_a_key_too(app: FastAPI, store: Store, client: httpx.AsyncClient, path: str) -> None:
    mine, other = await created(store, "acme"), await created(store, "bits")
    made = await (opened if "speak" in path else asked)(client, mine)
    where = path.format(made)
    async with serving(app) as port:
        async with Client.connected(port, where) as socket:
            assert await socket.refused() == 401
        async with Client.connected(port, f"{where}?access_token={UNKNOWN}") as socket:
            assert await socket.refused() == 401
        async with Client.connected(port, where, bearing(mine)) as socket:
            await socket.accepted()
        async with Client.connected(port, f"{where}?access_token={mine}") as socket:
            await socket.accepted()
        async with Client.connected(port, f"{where}?access_token={other}") as socket:
            if "speak" in path:
                assert (await (await socket.accepted()).told())["code"] == "not_found"
                assert await socket.closed() == 4004
            else:
                assert await socket.refused() == 404


def test_no_log_line_has_the_key_of_a_query() -> None:
    line = masked(
        f'127.0.0.1:1 - "WebSocket /sessions/1/speak_audio_stream?access_token={UNKNOWN}&x=1" [accepted]'
    )
    assert UNKNOWN[8:] not in line
    assert line.endswith('&x=1" [accepted]')


# ---- what organisations see of each other

BODIES: dict[str, dict[str, Any]] = {
    "offer": {"json": {"sdp": "v=0", "viewer": "main", "type": "offer"}},
    "audio": {"content": b"\0\0", "headers": {"Content-Type": "application/octet-stream"}},
}


def session_routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    for path, methods in app.openapi()["paths"].items():
        if "{session_id}" in path and not path.startswith("/v1/"):
            for method in methods:
                yield method.upper(), path


def filled(path: str, session_id: str) -> str:
    names = {"job_id": "3f0c5a7e-0000-4000-8000-000000000001", "filename": "response_001.wav", "index": "1"}
    return path.format(session_id=session_id, **names)


async def test_on_no_route_does_an_organisation_find_the_session_of_another(
    app: FastAPI, client: httpx.AsyncClient, store: Store, pool: FakePool
) -> None:
    mine, other = await created(store, "acme"), await created(store, "bits")
    sessions = {"/sessions": await opened(client, mine), "/api/v1/sessions": await asked(client, mine)}
    routes = list(session_routes(app))
    assert len(routes) > 25
    found = {}
    for method, path in routes:
        where = filled(path, sessions["/api/v1/sessions" if path.startswith("/api") else "/sessions"])
        given = {"headers": {}, **BODIES.get(path.rpartition("/")[2], {"json": {}} if method == "POST" else {})}
        given["headers"] = {**given["headers"], **bearing(other)}
        answer = await client.request(method, where, **given)
        found[f"{method} {path}"] = answer.status_code
    assert {route: status for route, status in found.items() if status != 404} == {}
    # And nothing has happened to them.
    assert (await client.get(f"/sessions/{sessions['/sessions']}", headers=bearing(mine))).json()[
        "state"
    ] == "created"
    assert pool.get(sessions["/sessions"]).commands == []
    wanted = f"/api/v1/sessions/{sessions['/api/v1/sessions']}"
    assert (await client.get(wanted, headers=bearing(mine))).json()["status"] != "failed"


async def test_two_keys_of_an_organisation_see_the_same(client: httpx.AsyncClient, store: Store) -> None:
    one, two = await created(store, "acme"), await created(store, "acme")
    session = await opened(client, one)
    assert (await client.get(f"/sessions/{session}", headers=bearing(two))).status_code == 200
    kiosk = await asked(client, one)
    assert (await client.get(f"/api/v1/sessions/{kiosk}", headers=bearing(two))).status_code == 200


async def test_lists_have_only_ones_own(client: httpx.AsyncClient, store: Store) -> None:
    keys = [await created(store, name) for name in ("acme", "bits")]
    made = [await asked(client, key) for key in keys]
    for key, session in zip(keys, made, strict=True):
        listed = (await client.get("/api/v1/sessions", headers=bearing(key))).json()["sessions"]
        assert [each["session_id"] for each in listed] == [session]


async def test_a_session_of_the_past_is_not_found_by_others(
    app: FastAPI, client: httpx.AsyncClient, store: Store
) -> None:
    mine, other = await store.keys.create("acme"), await store.keys.create("bits")
    session_id = "3f0c5a7e-0000-4000-8000-000000000001"
    record = SessionRecord(session_id, mine[1].organisation, "ada", "portrait", "espeak", "", time.time())
    await store.sessions.add(record)
    path = f"/sessions/{session_id}/flashtalk-recording"
    assert (await client.get(path, headers=bearing(mine[0]))).status_code == 200
    assert (await client.get(path, headers=bearing(other[0]))).status_code == 404


async def test_the_same_conversation_id_of_another_is_another_conversation(
    app: FastAPI, client: httpx.AsyncClient, store: Store, pool: FakePool
) -> None:
    mine, other = await created(store, "acme"), await created(store, "bits")
    first = await asked(client, mine, conversation_id="1")
    session = pool.get(first)
    turn = session._turn
    assert turn is not None
    session.happen(AnswerDelta(turn.turn, "A secret."))
    session.finish()
    desk: Desk = app.state.kiosk
    async with asyncio.timeout(20):
        await desk.live(first).done.wait()
    for key, said in ((other, []), (mine, ["What is it?", "A secret."])):
        again = await asked(client, key, conversation_id="1")
        assert [message.content for message in pool.get(again).request.history] == said


async def test_a_route_that_let_nobody_in_sees_nobodys_sessions(app: FastAPI, client: httpx.AsyncClient) -> None:
    owned: OwnedPool = app.state.owned
    made = await owned.create(NewSession(avatar_id="ada", owner="org_a"))
    assert owned.owner(made.id) == "org_a"
    assert owned.of("").sessions() == []
    assert [each.id for each in owned.of("org_a").sessions()] == [made.id]


# ---- families that always want a key


@pytest.fixture
async def keyed(tmp_path: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Store]]:
    app = FastAPI()
    settings = Settings(data_dir=tmp_path)

    @app.exception_handler(VisavisError)
    async def fail(request: Request, error: VisavisError) -> JSONResponse:
        return JSONResponse({"message": error.message}, status_of(error), headers_of(error))

    @app.get("/who")
    async def who(asker: Keyholder) -> dict[str, Any]:
        return {"id": asker.id, "organisation": asker.organisation, "rate": asker.rate, "tenant": asker.tenant}

    @app.get("/usage")
    async def usage(asker: Annotated[Principal, Depends(may("usage:read"))]) -> str:
        return asker.id

    async with Store(settings) as store:
        app.state.parts = SimpleNamespace(store=store, settings=settings)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            yield client, store


async def test_a_family_with_keys_wants_one_in_the_header_whatever_the_setting(
    keyed: tuple[httpx.AsyncClient, Store],
) -> None:
    client, store = keyed
    key, record = await store.keys.create("acme", rate=7)
    assert (await client.get("/who")).status_code == 401
    assert (await client.get(f"/who?access_token={key}")).status_code == 401
    assert (await client.get("/who", headers=bearing(UNKNOWN))).status_code == 401
    assert (await client.get("/who", headers=bearing(key))).json() == {
        "id": record.id,
        "organisation": record.organisation,
        "rate": 7,
        "tenant": record.organisation,
    }


async def test_a_missing_scope_is_forbidden(keyed: tuple[httpx.AsyncClient, Store]) -> None:
    client, store = keyed
    able, unable = await created(store, "acme", "usage:*"), await created(store, "acme", "sessions:*")
    assert (await client.get("/usage", headers=bearing(able))).status_code == 200
    refused = await client.get("/usage", headers=bearing(unable))
    assert (refused.status_code, refused.json()) == (403, {"message": "this key lacks the scope usage:read"})


def test_what_scopes_allow() -> None:
    nobody = Principal("key", "org", frozenset())
    assert not nobody.may("usage:read")
    assert replace(nobody, scopes=frozenset({"usage:*"})).may("usage:read")
    assert not replace(nobody, scopes=frozenset({"usage:*"})).may("sessions:read")
    assert replace(nobody, scopes=frozenset({"*"})).may("anything:else")

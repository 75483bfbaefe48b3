"""Two organisations can't see, end, delete or count each other's things; nobody can do anything without a key."""

from collections.abc import Mapping

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.api.protoface.conftest import client_of, reached, refusal, wanted
from visavis.api.protoface import Agency, avatars, pipecat, sessions, usage
from visavis.store import AvatarRecord
from visavis.testing.fake_pool import FakePool

OPEN = {"GET /v1/status", "GET /v1/billing/plans"}

TAKEN_UP = "sess_01HXY5K8E7QYG3X8Z6N9R7S0VR"


def routes() -> list[str]:
    return [
        f"{method} {route.path}"
        for noun in (avatars, pipecat, sessions, usage)
        for route in noun.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]


@pytest.fixture
async def session(client: httpx.AsyncClient) -> str:
    made: str = (await client.post("/v1/sessions", json=wanted())).json()["id"]
    return made


@pytest.fixture
async def avatar(client: httpx.AsyncClient, agency: Agency) -> str:
    """Acme's own; it was made earlier."""
    owner = (await agency.store.keys.organisation("Acme")).id
    made = AvatarRecord("av_01HXY5K8E7QYG3X8Z6N9R7S0V1", owner, "custom-ada", "Ada", "avtr1", "ready", "", 1.0)
    assert await agency.store.avatars.add(made, 1)
    return made.id


@pytest.mark.parametrize("route", sorted(set(routes()) - OPEN))
async def test_no_route_answers_without_a_key(running: FastAPI, route: str) -> None:
    method, _, path = route.partition(" ")
    transport = httpx.ASGITransport(running)
    async with httpx.AsyncClient(transport=transport, base_url="http://visavis") as nobody:
        for headers in ({}, {"Authorization": "Bearer sk_live_wrong"}, {"Authorization": "Basic eA=="}):
            sent = path.format(session_id=TAKEN_UP, avatar_id="av_demo")
            answer = await nobody.request(method, sent, headers=headers)
            assert answer.status_code == 401
            error = refusal(answer)
            assert (error["type"], error["code"]) == ("authentication", "invalid_api_key")


@pytest.mark.parametrize("route", sorted(set(routes()) - OPEN))
async def test_no_route_answers_to_a_key_without_its_scope(running: FastAPI, route: str) -> None:
    method, _, path = route.partition(" ")
    async with client_of(running, "Acme", scopes="nothing:read") as keyed:
        sent = path.format(session_id=TAKEN_UP, avatar_id="av_demo")
        answer = await keyed.request(method, sent)
    assert answer.status_code == 403
    assert refusal(answer)["type"] == "permission"


@pytest.mark.parametrize("path", ["/v1/status", "/v1/billing/plans"])
async def test_these_need_no_key(running: FastAPI, path: str) -> None:
    transport = httpx.ASGITransport(running)
    async with httpx.AsyncClient(transport=transport, base_url="http://visavis") as nobody:
        assert (await nobody.get(path)).status_code == 200


@pytest.mark.parametrize(
    "route", [route for route in sorted(routes()) if "{session_id}" in route or "{avatar_id}" in route]
)
async def test_what_is_somebody_elses_is_not_there(
    stranger: httpx.AsyncClient, client: httpx.AsyncClient, session: str, avatar: str, route: str
) -> None:
    method, _, path = route.partition(" ")
    answer = await stranger.request(method, path.format(session_id=session, avatar_id=avatar))
    unknown = await stranger.request(method, path.format(session_id=TAKEN_UP, avatar_id="av_" + TAKEN_UP[5:]))
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert refusal(answer) | {"request_id": ""} == refusal(unknown) | {"request_id": ""}
    # It is as it was.
    assert (await client.get(f"/v1/sessions/{session}")).json()["status"] in ("queued", "starting")
    assert (await client.get(f"/v1/avatars/{avatar}")).json()["status"] == "ready"


async def test_lists_and_counts_are_ones_own(
    stranger: httpx.AsyncClient, client: httpx.AsyncClient, pool: FakePool, session: str, avatar: str
) -> None:
    (await pool.made(1)).enter_room()
    await reached(client, session, "running")
    mine, theirs = (await told(client), await told(stranger))
    assert mine == {"sessions": [session], "avatars": [avatar], "used": 1, "quota": (1, 1)}
    assert theirs == {"sessions": [], "avatars": [], "used": 0, "quota": (0, 0)}


async def test_a_cursor_of_somebody_elses_leads_nowhere(
    stranger: httpx.AsyncClient, session: str, avatar: str
) -> None:
    for path, cursor in (("/v1/sessions", session), ("/v1/avatars", avatar)):
        answer = await stranger.get(path, params={"starting_after": cursor})
        assert answer.status_code == 400
        assert refusal(answer)["param"] == "starting_after"


async def test_somebody_elses_avatar_can_not_be_shown(stranger: httpx.AsyncClient, avatar: str) -> None:
    answer = await stranger.post("/v1/sessions", json=wanted(avatar_id=avatar))
    assert answer.status_code == 422
    assert refusal(answer)["param"] == "avatar_id"


async def test_an_idempotency_key_is_ones_own(stranger: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "the same"}
    mine = await client.post("/v1/sessions", json=wanted(), headers=headers)
    theirs = await stranger.post("/v1/sessions", json=wanted(quality="lite"), headers=headers)
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["id"] != theirs.json()["id"]


async def test_one_key_of_an_organisation_sees_what_another_made(running: FastAPI, session: str) -> None:
    async with client_of(running, "Acme", scopes="sessions:read") as other_key:
        assert (await other_key.get(f"/v1/sessions/{session}")).status_code == 200
        assert (await other_key.post(f"/v1/sessions/{session}/end")).status_code == 403


async def told(client: httpx.AsyncClient) -> Mapping[str, object]:
    sessions = (await client.get("/v1/sessions")).json()["data"]
    avatars = (await client.get("/v1/avatars", params={"scope": "org"})).json()["data"]
    quota = (await client.get("/v1/billing/quota")).json()
    return {
        "sessions": [each["id"] for each in sessions],
        "avatars": [each["id"] for each in avatars],
        "used": (await client.get("/v1/usage")).json()["billable_seconds"],
        "quota": (quota["concurrent_sessions"]["used"], quota["custom_avatars"]["used"]),
    }

"""Capacity: quotas, the line for a worker, and the rate of creates."""

from typing import Any

import httpx
import pytest

from tests.api.protoface.conftest import client_of, created, key_of, reached, refusal, request_of, wanted
from tests.api.protoface.tokens import minted
from visavis.api.app import create_app
from visavis.api.protoface import Agency
from visavis.avatar import Catalogue
from visavis.pool.verbs import Room
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool


@pytest.fixture
async def session(client: httpx.AsyncClient) -> str:
    return await created(client)


async def test_a_token_that_expires_in_line_fails_the_session(
    client: httpx.AsyncClient, pool: FakePool, agency: Agency
) -> None:
    taken = [await pool.create(request_of("demo-avatar")) for _ in range(4)]
    agency.dispatcher.admission.typical = 1.0
    session = await created(client)
    live = agency.dispatcher.find((await key_of(client, agency)), session)
    assert live is not None
    live.token_ends = 0.0
    await taken[0].close()
    assert (await reached(client, session, "failed"))["failure"]["code"] == "transport.token_expired"
    assert live.request is None


async def test_sessions_wait_in_line_and_start_in_the_order_they_came(
    client: httpx.AsyncClient, pool: FakePool, agency: Agency
) -> None:
    taken = [await pool.create(request_of("demo-avatar")) for _ in range(4)]
    agency.dispatcher.admission.typical = 1.0
    rooms = [f"room-{n}" for n in range(3)]
    made = [await created(client, transport={"room_name": room, "worker_token": minted(room)}) for room in rooms]
    assert {(await client.get(f"/v1/sessions/{each}")).json()["status"] for each in made} == {"queued"}
    last = f"/v1/sessions/{made[2]}"
    assert (await client.get(last)).headers["x-queue-position"] == "3"
    canceled = (await client.post(f"/v1/sessions/{made[1]}/end")).json()
    assert (await client.get(last)).headers["x-queue-position"] == "2"
    assert (canceled["status"], canceled["started_at"]) == ("canceled", None)
    for number, room in ((5, rooms[0]), (6, rooms[2])):
        await taken.pop().close()
        request = (await pool.made(number)).request
        assert isinstance(request.room, Room)
        assert request.room.name == room


async def test_a_session_that_does_not_wait_has_no_place_in_line(client: httpx.AsyncClient, session: str) -> None:
    await reached(client, session, "starting")
    assert "x-queue-position" not in (await client.get(f"/v1/sessions/{session}")).headers


async def test_more_than_allowed_at_once_is_over_the_quota(settings: Settings) -> None:
    one = settings.model_copy(update={"protoface_concurrency": 1})
    app = create_app(FakePool(), one, Catalogue(one))
    async with app.router.lifespan_context(app), client_of(app, "Acme") as client:
        session = await created(client)
        answer = await client.post("/v1/sessions", json=wanted(quality="lite"))
        assert answer.status_code == 429
        error = refusal(answer)
        assert (error["type"], error["code"]) == ("quota_exceeded", "concurrent_sessions")
        quota = (await client.get("/v1/billing/quota")).json()
        assert quota["concurrent_sessions"] == {"used": 1, "limit": 1}
        async with client_of(app, "Acme", concurrency=1) as keyed, client_of(app, "Other") as other:
            # A key with a number of its own counts its own.
            await created(keyed, quality="mock")
            assert (await keyed.post("/v1/sessions", json=wanted(quality="lite"))).status_code == 429
            await created(other)
        await client.post(f"/v1/sessions/{session}/end")
        assert (await client.post("/v1/sessions", json=wanted(quality="lite"))).status_code == 429


async def test_without_room_a_session_is_refused_and_told_when_to_come_again(
    client: httpx.AsyncClient, pool: FakePool
) -> None:
    for _ in range(4):
        await pool.create(request_of("demo-avatar"))
    answer = await client.post("/v1/sessions", json=wanted())
    assert answer.status_code == 503
    error = refusal(answer)
    assert (error["type"], error["code"]) == ("service_unavailable", "at_capacity")
    assert 1 <= int(answer.headers["retry-after"]) <= 30
    assert (await client.get("/v1/status")).json()["status"] == "degraded"


async def test_too_many_creates_a_minute_are_refused(running: Any) -> None:
    async with client_of(running, "Acme", rate=1) as client:
        await created(client)
        answer = await client.post("/v1/sessions", json=wanted(quality="lite"))
        assert answer.status_code == 429
        error = refusal(answer)
        assert (error["type"], error["code"]) == ("rate_limit", "too_many_requests")
        assert int(answer.headers["retry-after"]) >= 1
        assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("1", "0")
        assert int(answer.headers["x-ratelimit-reset"]) > 0

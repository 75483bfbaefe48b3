"""The line for slots, over the wire (contract opentalking 1.10)."""

import json
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.pool.timers import ManualTimers
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.pool.queue import QueuedPool
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool

CREATE = {"avatar_id": "ada", "model": "mock"}


@pytest.fixture
def timers() -> ManualTimers:
    return ManualTimers()


@pytest.fixture
def app(pool: FakePool, settings: Settings, timers: ManualTimers) -> FastAPI:
    limited = settings.model_copy(update={"slots": "mock=1", "queue_size": 2})
    return create_app(QueuedPool(pool, limited, timers.later), limited, Catalogue(limited))


async def create(client: httpx.AsyncClient) -> tuple[str, str]:
    answer = await client.post("/sessions", json=CREATE)
    assert answer.status_code == 200, answer.text
    return f"/sessions/{answer.json()['session_id']}", answer.json()["status"]


async def queue(client: httpx.AsyncClient) -> tuple[bool, int]:
    body = (await client.get("/queue/status")).json()
    return body["slot_occupied"], body["queue_size"]


async def told(client: httpx.AsyncClient, session: str) -> list[tuple[str, dict[str, Any]]]:
    """All events of a session that is over."""
    found = []
    for block in (await client.get(f"{session}/events")).text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in lines:
            data = json.loads(lines["data"])
            data.pop("session_id", None)
            found.append((lines["event"], data))
    return found


async def test_the_second_waits_and_gets_the_slot(client: httpx.AsyncClient) -> None:
    assert await queue(client) == (False, 0)
    first, status = await create(client)
    assert status == "created"
    assert await queue(client) == (True, 0)
    second, status = await create(client)
    assert status == "queued"
    assert await queue(client) == (True, 1)
    body = (await client.get(second)).json()
    assert (body["state"], body["status"], body["position"]) == ("created", "queued", 1)
    refused = await client.post(f"{second}/speak", json={"text": "Hello."})
    assert (refused.status_code, "waits for a slot, at position 1" in refused.json()["detail"]) == (409, True)
    assert (await client.post(f"{second}/start")).status_code == 409
    await client.delete(first)
    assert (await client.delete(second)).status_code == 200
    assert await queue(client) == (False, 0)
    assert [each for each in await told(client, second) if each[0] == "session.queued"] == [
        ("session.queued", {"position": 1, "message": "waiting"}),
        ("session.queued", {"position": 0, "message": "slot_acquired"}),
        ("session.queued", {"position": 0, "message": "worker_ready"}),
    ]


async def test_positions_move_when_somebody_gives_up(client: httpx.AsyncClient) -> None:
    await create(client)
    second, _ = await create(client)
    third, _ = await create(client)
    assert (await client.get(third)).json()["position"] == 2
    assert (await client.delete(second)).json()["status"] == "terminated"
    assert (await client.get(third)).json()["position"] == 1
    assert [name for name, _ in await told(client, second)] == [
        "session.queued",
        "session.state_changed",
        "session.terminated",
    ]


async def test_a_full_queue_refuses_and_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await create(client)
    answer = await client.post("/sessions", json=CREATE)
    assert answer.status_code == 503
    assert "queue is full" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "30"
    assert await queue(client) == (True, 2)


async def test_other_models_do_not_wait(client: httpx.AsyncClient) -> None:
    await create(client)
    answer = await client.post("/sessions", json=CREATE | {"model": "portrait"})
    assert answer.json()["status"] == "created"


async def test_the_end_of_a_slot_is_announced(client: httpx.AsyncClient, timers: ManualTimers) -> None:
    first, _ = await create(client)
    timers.advance(540)
    timers.advance(60)
    names = await told(client, first)
    assert ("session.expiring", {"remaining_sec": 60}) in names
    assert [name for name, _ in names[-2:]] == ["session.expired", "session.terminated"]
    assert (await client.get(first)).json()["state"] == "terminated"


async def test_waiting_has_an_end(pool: FakePool, settings: Settings, timers: ManualTimers) -> None:
    patient = settings.model_copy(update={"slots": "mock=1", "slot_seconds": 0.0})
    app = create_app(QueuedPool(pool, patient, timers.later), patient, Catalogue(patient))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://visavis") as client,
    ):
        await create(client)
        second, _ = await create(client)
        timers.advance(3600)
        names = await told(client, second)
    assert names[:2] == [
        ("session.queued", {"position": 1, "message": "waiting"}),
        ("session.queued", {"position": -1, "message": "timeout"}),
    ]
    assert [name for name, _ in names[2:]] == ["error", "session.state_changed", "session.terminated"]

"""The life of a session: what happens in the engine is what the API tells."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.api.protoface.conftest import agency_of, client_of, created, key_of, reached, refusal, wanted
from visavis.api.app import create_app
from visavis.api.protoface import Agency
from visavis.avatar import Catalogue
from visavis.errors import AtCapacity, InvalidInput, NotFound, Unavailable, WorkerLost
from visavis.session.events import FirstFrame, Metered, RoomJoined, RoomLeft, Terminated, TerminationReason
from visavis.settings import Settings
from visavis.store import AvatarSession, Store
from visavis.testing.fake_pool import FakePool, FakeSession


@pytest.fixture
async def session(client: httpx.AsyncClient) -> str:
    return await created(client)


@pytest.fixture
async def guest(session: str, pool: FakePool) -> FakeSession:
    """The engine's."""
    return await pool.made(1)


async def test_a_session_starts_runs_and_ends(client: httpx.AsyncClient, session: str, guest: FakeSession) -> None:
    starting = await reached(client, session, "starting")
    assert starting["started_at"] is not None
    assert starting["usage"] is None
    guest.happen(RoomJoined("avatar"), FirstFrame())
    running = await reached(client, session, "running")
    assert running["first_frame_at"] is not None
    assert running["usage"] == {"billable_seconds": 0, "frames": 0}
    guest.happen(Metered(5.99, 149))
    guest.leave_room("room_left")
    ended = await reached(client, session, "ended")
    assert ended["ended_at"] is not None
    assert (ended["failed_at"], ended["failure"]) == (None, None)
    assert ended["usage"] == {"billable_seconds": 5, "frames": 149}


async def test_ending_a_running_session_closes_it(
    client: httpx.AsyncClient, session: str, guest: FakeSession
) -> None:
    guest.enter_room()
    await reached(client, session, "running")
    answer = await client.post(f"/v1/sessions/{session}/end")
    assert (answer.status_code, answer.json()["status"]) == (200, "ended")
    again = await client.post(f"/v1/sessions/{session}/end")
    assert (again.status_code, again.json()) == (200, answer.json())
    assert (await guest.info()).state == "terminated"


async def test_a_session_that_is_ended_before_it_ran_is_canceled(
    client: httpx.AsyncClient, session: str, guest: FakeSession
) -> None:
    answer = await client.post(f"/v1/sessions/{session}/end")
    told = answer.json()
    assert (told["status"], told["usage"], told["failure"]) == ("canceled", None, None)
    assert told["ended_at"] is not None
    assert (await guest.info()).state == "terminated"


@pytest.mark.parametrize(
    ("reason", "code", "status", "failure"),
    [
        ("room_left", "", "ended", None),
        ("idle", "", "ended", None),
        ("expired", "", "ended", None),
        ("shutdown", "", "ended", None),
        ("failed", "transport.removed", "failed", "transport.removed"),
        ("failed", "transport.connection_lost", "failed", "transport.connection_lost"),
        ("failed", "", "failed", "worker.error"),
        ("worker_lost", "", "failed", "worker.lost"),
    ],
)
async def test_how_a_running_session_can_end(
    client: httpx.AsyncClient,
    session: str,
    guest: FakeSession,
    reason: TerminationReason,
    code: str,
    status: str,
    failure: str | None,
) -> None:
    guest.enter_room()
    await reached(client, session, "running")
    guest.leave_room(reason, code, "words for people")
    told = await reached(client, session, "ended", "failed", "canceled")
    assert told["status"] == status
    assert (told["failure"] or {}).get("code") == failure
    assert (told["failed_at"] is not None, told["ended_at"] is not None) == (status == "failed", status == "ended")
    if code:
        assert told["failure"]["message"] == "words for people"


@pytest.mark.parametrize(
    ("reason", "code", "status", "failure"),
    [
        ("failed", "transport.join_failed", "failed", "transport.join_failed"),
        ("failed", "transport.token_invalid", "failed", "transport.token_invalid"),
        ("room_left", "", "canceled", None),
        ("queue_timeout", "", "failed", "start_timeout"),
        ("shutdown", "", "failed", "worker.lost"),
    ],
)
async def test_how_a_session_can_end_that_never_ran(
    client: httpx.AsyncClient,
    session: str,
    guest: FakeSession,
    reason: TerminationReason,
    code: str,
    status: str,
    failure: str | None,
) -> None:
    guest.leave_room(reason, code)
    told = await reached(client, session, "ended", "failed", "canceled")
    assert (told["status"], (told["failure"] or {}).get("code")) == (status, failure)
    assert told["first_frame_at"] is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("gone"), "avatar.unavailable"),
        (InvalidInput("no such model"), "worker.error"),
        (WorkerLost("died"), "worker.lost"),
    ],
)
async def test_a_session_that_can_not_be_made_has_failed(
    client: httpx.AsyncClient, pool: FakePool, error: Exception, code: str
) -> None:
    pool.failure = error
    told = await reached(client, await created(client), "failed")
    assert told["failure"]["code"] == code
    assert told["started_at"] is None
    # The next one works.
    await created(client)
    await pool.made(1)


async def test_a_face_that_serves_few_is_asked_again(client: httpx.AsyncClient, pool: FakePool) -> None:
    pool.failure = AtCapacity("every slot is taken")
    session = await created(client)
    (await pool.made(1)).enter_room()
    assert (await reached(client, session, "running"))["failure"] is None


async def test_a_session_that_does_not_start_in_time_has_failed(settings: Settings) -> None:
    short = settings.model_copy(update={"protoface_start_seconds": 0.01})
    pool = FakePool()
    app = create_app(pool, short, Catalogue(short))
    async with app.router.lifespan_context(app), client_of(app, "Acme") as client:
        told = await reached(client, await created(client), "failed")
        assert told["failure"]["code"] == "start_timeout"
        guest = await pool.made(1)
        async for record in guest.events():
            assert not isinstance(record.event, FirstFrame)
        assert (await guest.info()).state == "terminated"


async def test_the_token_is_let_go_of_when_the_worker_has_it(
    client: httpx.AsyncClient, session: str, guest: FakeSession, agency: Agency
) -> None:
    await reached(client, session, "starting")
    live = agency.dispatcher.find(await key_of(client, agency), session)
    assert live is not None
    assert live.request is None
    assert guest.request.room is not None


async def test_a_crash_leaves_sessions_failed_with_the_usage_of_the_last_heartbeat(settings: Settings) -> None:
    open_one = AvatarSession(
        id="sess_01HXY5K8E7QYG3X8Z6N9R7S0VR",
        organisation="",
        key_id="key",
        avatar_id="av_demo",
        status="running",
        quality="standard",
        transport='{"type": "livekit", "url": "wss://a", "room_name": "r", "worker_identity": "w",'
        ' "audio_source": "data_stream", "subscribe_to_identity": null, "synthetic_audio_if_no_input": false}',
        metadata="{}",
        max_duration=600,
        idle_timeout=30,
        created_at=1_700_000_000.0,
        started_at=1_700_000_000.5,
        first_frame_at=1_700_000_001.0,
        billable_seconds=42,
        frames=1050,
    )
    async with Store(settings) as store:
        key, record = await store.keys.create("Acme")
        await store.avatar_sessions.add(replace(open_one, organisation=record.organisation))
    app = create_app(FakePool(), settings, Catalogue(settings))
    async with app.router.lifespan_context(app):
        await agency_of(app).dispatcher.tidied.wait()
        headers = {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://visavis", headers=headers) as client:
            told = (await client.get(f"/v1/sessions/{open_one.id}")).json()
            assert (told["status"], told["failure"]["code"]) == ("failed", "worker.lost")
            assert told["usage"] == {"billable_seconds": 42, "frames": 1050}
            window = {"period_start": "2023-11-01T00:00:00Z", "period_end": "2023-12-01T00:00:00Z"}
            used = (await client.get("/v1/usage", params=window)).json()
            assert (used["billable_seconds"], used["sessions"]) == (42, 1)


async def test_leaving_the_server_ends_what_runs_and_fails_what_has_not_started(settings: Settings) -> None:
    pool = FakePool()
    app = create_app(pool, settings, Catalogue(settings))
    async with Store(settings) as store:
        async with app.router.lifespan_context(app), client_of(app, "Acme") as client:
            runs = await created(client)
            (await pool.made(1)).enter_room()
            await reached(client, runs, "running")
            starts = await created(client, quality="lite")
            await pool.made(2)
            organisation = (await app.state.parts.store.keys.organisation("Acme")).id
        left = {each: await store.avatar_sessions.find(organisation, each) for each in (runs, starts)}
    found = [(each.status, each.failure_code) for each in left.values() if each]
    assert found == [("ended", ""), ("failed", "worker.lost")]


async def test_the_same_request_again_is_the_same_session_while_it_is_good(
    client: httpx.AsyncClient, pool: FakePool, stranger: httpx.AsyncClient
) -> None:
    body = wanted(metadata={"a": 1, "b": None})
    first = await client.post("/v1/sessions", json=body)
    same = await client.post("/v1/sessions", json=dict(reversed(body.items())))
    assert (same.status_code, same.content) == (201, first.content)
    assert (await client.post("/v1/sessions", json=body | {"quality": "lite"})).json()["id"] != first.json()["id"]
    assert (await stranger.post("/v1/sessions", json=body)).json()["id"] != first.json()["id"]
    (await pool.made(1)).leave_room("failed", "transport.join_failed")
    await reached(client, first.json()["id"], "failed")
    assert (await client.post("/v1/sessions", json=body)).json()["id"] != first.json()["id"]


async def test_webhooks_hear_of_every_status(client: httpx.AsyncClient, agency: Agency, pool: FakePool) -> None:
    organisation = await key_of(client, agency)
    endpoint = await agency.store.webhooks.add(organisation, "https://hooks.example/here")
    session = await created(client, metadata={"mine": True})
    guest = await pool.made(1)
    guest.enter_room()
    await reached(client, session, "running")
    guest.leave_room("room_left")
    await reached(client, session, "ended")
    log = await agency.store.deliveries.log(50, endpoint.id)
    assert sorted(entry.type for entry in log) == [
        "session.ended",
        "session.ending",
        "session.first_frame",
        "session.queued",
        "session.running",
        "session.starting",
    ]


async def test_events_follow_a_session_to_its_end(
    client: httpx.AsyncClient, session: str, guest: FakeSession
) -> None:
    await reached(client, session, "starting")
    reading = asyncio.create_task(client.get(f"/v1/sessions/{session}/events"))
    await asyncio.sleep(0)
    guest.enter_room()
    await reached(client, session, "running")
    guest.leave_room("room_left")
    answer = await reading
    assert answer.headers["content-type"].startswith("text/event-stream")
    named = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    # It may have begun to listen when the session ran already.
    assert named[-3:] == ["session.running", "session.ending", "session.ended"]
    assert "[redacted]" in answer.text
    late = await client.get(f"/v1/sessions/{session}/events")
    assert late.text.count("event: session.ended") == 1
    seen = await client.get(f"/v1/sessions/{session}/events", headers={"Last-Event-ID": "5"})
    assert "event: session" not in seen.text


async def test_events_go_on_after_the_last_one_that_came(
    client: httpx.AsyncClient, session: str, guest: FakeSession
) -> None:
    guest.enter_room()
    await reached(client, session, "running")
    reading = asyncio.create_task(client.get(f"/v1/sessions/{session}/events", headers={"Last-Event-ID": "1"}))
    await asyncio.sleep(0)
    guest.happen(RoomLeft("", ""), Terminated("room_left"))
    await reached(client, session, "ended")
    text = (await reading).text
    assert [line for line in text.splitlines() if line.startswith("id: ")] in (
        ["id: 2", "id: 3", "id: 4", "id: 5"],
        ["id: 5"],
    )


async def test_a_session_that_can_not_be_put_on_record_is_refused_and_takes_no_place(
    client: httpx.AsyncClient, agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise Unavailable("the database can't be used now")

    body = wanted()
    with monkeypatch.context() as broken:
        broken.setattr(agency.store.avatar_sessions, "add", full)
        answer = await client.post("/v1/sessions", json=body)
        assert answer.status_code == 503
        assert refusal(answer)["type"] == "service_unavailable"
    assert agency.dispatcher.count(await key_of(client, agency)) == 0
    assert (await client.post("/v1/sessions", json=body)).status_code == 201


async def test_a_session_goes_on_while_its_record_can_not_be_kept(
    client: httpx.AsyncClient, session: str, guest: FakeSession, agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise Unavailable("the database can't be used now")

    await reached(client, session, "starting")
    with monkeypatch.context() as broken:
        broken.setattr(agency.store.avatar_sessions, "change", full)
        guest.enter_room()
        assert (await reached(client, session, "running"))["first_frame_at"] is not None
    guest.leave_room("room_left")
    told = await reached(client, session, "ended")
    assert told["usage"]["frames"] == 25

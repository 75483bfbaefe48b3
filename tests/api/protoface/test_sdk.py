"""The official SDK, unmodified, against a real server: every method, and every error as its own exception."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from protoface_sdk import ProtofaceClient, errors
from protoface_sdk.models import AvatarStatus, QualityTier, SessionStatus

from tests.api.protoface.conftest import URL, portrait
from tests.api.protoface.tokens import minted
from tests.api.serving import serving
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.settings import Settings
from visavis.store import Store
from visavis.testing.fake_pool import FakePool


def keys(settings: Settings, *organisations: str) -> list[str]:
    """A key of each, made as `visavis key create` makes them: by another process that has the store open."""

    async def made() -> list[str]:
        async with Store(settings) as store:
            return [(await store.keys.create(each))[0] for each in organisations]

    return asyncio.run(made())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    chosen: dict[str, Any] = {"livekit_hosts": "127.0.0.1", "creates_per_minute": 1000}
    data: Path = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=data, protoface_concurrency=40, **chosen)
    made = keys(settings, "Acme", "Other")
    with serving(create_app(FakePool(room=40, quick=True), settings, Catalogue(settings))) as url:
        yield url, made


@pytest.fixture
def client(site: tuple[str, list[str]]) -> Iterator[ProtofaceClient]:
    with ProtofaceClient(site[1][0], base_url=site[0], max_retries=0) as made:
        yield made


def room(name: str) -> dict[str, Any]:
    return {"avatar_id": "av_demo", "url": URL, "room_name": name, "worker_token": minted(name)}


def test_a_session_from_its_creation_to_its_end(client: ProtofaceClient) -> None:
    session = client.sessions.create_livekit(**room("one"), metadata={"customer": "abc", "n": 1, "x": None})
    assert session.status is SessionStatus.queued
    assert session.transport.type == "livekit"
    assert session.transport.worker_token == "[redacted]"
    assert (session.quality, session.idle_timeout_seconds) == (QualityTier.standard, 30)
    assert session.max_duration_seconds == 600
    running = session.wait_until_running(poll_interval=0.01)
    assert running.status is SessionStatus.running
    assert running.started_at is not None
    assert running.first_frame_at is not None
    assert session.created_at <= running.started_at <= running.first_frame_at
    ended = client.sessions.end(session.id)
    assert ended.status is SessionStatus.ended
    assert ended.ended_at is not None
    assert ended.usage is not None
    assert (ended.usage.billable_seconds, ended.usage.frames) == (1, 25)
    assert client.sessions.end(session.id).model_dump() == ended.model_dump()
    assert client.sessions.get(session.id).model_dump() == ended.model_dump()
    assert ended.metadata == {"customer": "abc", "n": 1, "x": None}


def test_a_session_for_a_pipecat_pipeline(client: ProtofaceClient) -> None:
    made = client.pipecat.sessions.create(avatar_id="av_demo", relay_mode="websocket", quality="lite")
    assert made.relay.media_url.endswith(f"/v1/pipecat/sessions/{made.session.id}/media")
    assert made.relay.media_token.startswith("pfm_")
    assert made.session.transport.type == "pipecat"
    running = made.session.wait_until_running(poll_interval=0.01)
    assert running.transport.type == "pipecat"
    assert client.sessions.end(made.session.id).status is SessionStatus.ended


def test_a_session_of_a_whole_request(client: ProtofaceClient) -> None:
    transport = {
        "type": "livekit",
        "url": URL,
        "room_name": "two",
        "worker_token": minted("two"),
        "audio_source": "track",
        "subscribe_to_identity": "guest",
        "worker_identity": "avatar",
        "synthetic_audio_if_no_input": True,
    }
    session = client.sessions.create(
        {
            "avatar_id": "av_stock_001",
            "transport": transport,
            "quality": "lite",
            "idle_timeout_seconds": 600,
            "max_duration_seconds": 3600,
        }
    )
    told = session.transport.model_dump(mode="json")
    assert told == transport | {"worker_token": "[redacted]"}
    client.sessions.end(session.id)


def test_lists_go_on_where_they_stopped(client: ProtofaceClient) -> None:
    made = [client.sessions.create_livekit(**room(f"list-{n}")) for n in range(3)]
    first = client.sessions.list(limit=2)
    assert [session.id for session in first.data] == [made[2].id, made[1].id]
    assert (first.has_more, first.next_cursor) == (True, made[1].id)
    second = client.sessions.list(limit=100, starting_after=first.next_cursor)
    assert second.data[0].id == made[0].id
    assert second.next_cursor is None
    for session in made:
        client.sessions.end(session.id)
    ended = client.sessions.list(status=[SessionStatus.ended, "failed"], avatar_id="av_demo")
    assert {session.id for session in made} <= {session.id for session in ended.data}
    assert client.sessions.list(status="active").data == []
    after = client.sessions.list(created_after="2020-01-01T00:00:00Z", created_before="2020-01-02T00:00:00Z")
    assert after.data == []


def test_avatars_are_listed_made_and_deleted(client: ProtofaceClient) -> None:
    stock = client.avatars.list(scope="platform")
    assert (stock.data[0].id, stock.data[0].name) == ("av_stock_001", "Vera")
    assert [each.id for each in stock.data] == [f"av_stock_{n:03}" for n in range(1, len(stock.data) + 1)]
    assert all(each.is_demo for each in stock.data)
    assert client.avatars.get("av_demo").id == "av_demo"
    made = client.avatars.create(image=portrait(), name="Ada", runtime_type="avtr1")
    assert (made.status, made.name, made.is_demo) == (AvatarStatus.processing, "Ada", False)
    found = made
    while found.status is AvatarStatus.processing:
        found = client.avatars.get(made.id)
    assert (found.status, found.failure_reason) == (AvatarStatus.ready, None)
    assert [each.id for each in client.avatars.list(scope="org", q="ADA").data] == [made.id]
    page = client.avatars.list(limit=1)
    assert page.next_cursor == "av_stock_001"
    assert client.avatars.list(starting_after=stock.data[-1].id).data[0].id == made.id
    client.avatars.delete(made.id)
    with pytest.raises(errors.NotFoundError):
        client.avatars.get(made.id)


def test_what_costs_nothing(client: ProtofaceClient) -> None:
    (plan,) = client.list_billing_plans()
    assert (plan.key, plan.monthly_price_cents, plan.max_concurrency) == ("self_hosted", 0, 40)
    status = client.get_status()
    assert status.status.value == "operational"
    assert [part.name for part in status.components] == ["api", "sessions", "records"]


def test_usage_is_told_by_month_and_between_times(client: ProtofaceClient) -> None:
    session = client.sessions.create_livekit(**room("usage"), quality="mock").wait_until_running()
    client.sessions.end(session.id)
    used = client.usage.summary(period="current_month")
    assert used.billable_seconds >= 1
    assert used.sessions >= 1
    assert used.by_quality is not None
    assert sum(used.by_quality.values()) == used.billable_seconds
    assert QualityTier.mock not in used.by_quality
    assert client.usage.summary(period="previous_month").billable_seconds == 0
    start, end = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
    between = client.usage.summary(period_start=start, period_end=end)
    assert between.billable_seconds == 0
    assert between.period_start.isoformat() == "2026-01-01T00:00:00+00:00"


def test_each_error_is_its_own_exception(client: ProtofaceClient, site: tuple[str, list[str]]) -> None:
    with pytest.raises(errors.NotFoundError) as missing:
        client.sessions.get("sess_01HXY5K8E7QYG3X8Z6N9R7S0VR")
    assert (missing.value.type, missing.value.code) == ("not_found", "session_not_found")
    assert str(missing.value.request_id).startswith("req_")
    with pytest.raises(errors.UnprocessableError) as wrong:
        client.sessions.create_livekit(**(room("here") | {"worker_token": minted("elsewhere")}))
    assert wrong.value.param == "transport.worker_token"
    with pytest.raises(errors.InvalidRequestError) as unsupported:
        client.sessions.create({"avatar_id": "av_demo", "transport": {"type": "pipecat"}})
    assert unsupported.value.code == "transport.unsupported"
    with pytest.raises(errors.ConflictError):
        client.sessions.create_livekit(**room("pro"), quality="pro")
    with pytest.raises(errors.InvalidRequestError):
        client.avatars.delete("av_demo")
    with (
        ProtofaceClient("sk_live_wrong", base_url=site[0]) as nobody,
        pytest.raises(errors.AuthenticationError) as who,
    ):
        nobody.sessions.list()
    assert (who.value.type, who.value.code) == ("authentication", "invalid_api_key")


def test_twenty_creates_at_once_with_one_key_make_one_session(client: ProtofaceClient) -> None:
    asked = room("twenty")
    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda _: client.sessions.create_livekit(**asked, idempotency_key="k"), range(20)))
    assert len({session.id for session in made}) == 1
    with pytest.raises(errors.ConflictError):
        client.sessions.create_livekit(**asked, quality="lite", idempotency_key="k")
    client.sessions.end(made[0].id)
    assert client.sessions.create_livekit(**asked, idempotency_key="k").id == made[0].id


def test_twenty_equal_creates_at_once_without_a_key_make_one_session(client: ProtofaceClient) -> None:
    asked = room("twins")
    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda _: client.sessions.create_livekit(**asked), range(20)))
    assert len({session.id for session in made}) == 1
    client.sessions.end(made[0].id)
    again = client.sessions.create_livekit(**asked)
    assert again.id != made[0].id
    client.sessions.end(again.id)


def test_twenty_different_creates_at_once_make_twenty_sessions(client: ProtofaceClient) -> None:
    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda n: client.sessions.create_livekit(**room(f"many-{n}")), range(20)))
    assert len({session.id for session in made}) == 20
    for session in made:
        assert session.wait_until_running(poll_interval=0.05).status is SessionStatus.running
        client.sessions.end(session.id)

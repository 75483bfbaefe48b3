"""What is counted for which period."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.api.protoface.conftest import refusal
from visavis.api.protoface import Agency
from visavis.api.protoface.errors import Refusal
from visavis.api.protoface.periods import period
from visavis.store import AvatarSession

NOW = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)

LONG = AvatarSession(
    id="a",
    organisation="",
    key_id="key",
    avatar_id="av_demo",
    status="ended",
    quality="standard",
    transport="{}",
    metadata="{}",
    max_duration=600,
    idle_timeout=30,
    created_at=1.0,
    first_frame_at=datetime(2026, 1, 31, 23, 59, 0, tzinfo=UTC).timestamp() + 0.5,
    billable_seconds=423,
)
"""Goes on into another month."""


@pytest.fixture
async def used(client: httpx.AsyncClient, agency: Agency) -> httpx.AsyncClient:
    organisation = (await agency.store.keys.organisation("Acme")).id
    sessions = [
        LONG,
        replace(LONG, id="b", quality="mock", billable_seconds=7),
        replace(LONG, id="c", quality="lite", first_frame_at=datetime(2026, 2, 3, tzinfo=UTC).timestamp()),
        replace(LONG, id="d", first_frame_at=None, billable_seconds=0),
        replace(LONG, id="e", organisation="other"),
    ]
    for session in sessions:
        owner = session.organisation or organisation
        await agency.store.avatar_sessions.add(replace(session, organisation=owner))
    return client


async def summary(client: httpx.AsyncClient, start: str, end: str) -> dict[str, Any]:
    told: dict[str, Any] = (
        await client.get("/v1/usage", params={"period_start": start, "period_end": end})
    ).json()
    return told


async def test_seconds_count_in_the_period_they_were_used_in(used: httpx.AsyncClient) -> None:
    january = await summary(used, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")
    february = await summary(used, "2026-02-01T00:00:00+00:00", "2026-03-01T01:00:00+01:00")
    both = await summary(used, "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z")
    assert january["by_quality"] == {"standard": 59 + 7}
    assert february["by_quality"] == {"standard": 423 - 59, "lite": 423}
    assert january["billable_seconds"] + february["billable_seconds"] == both["billable_seconds"]
    assert (january["sessions"], february["sessions"], both["sessions"]) == (2, 2, 3)
    assert both.keys() == {"period_start", "period_end", "billable_seconds", "sessions", "by_quality"}
    assert (february["period_start"], february["period_end"]) == (
        "2026-02-01T00:00:00.000Z",
        "2026-03-01T00:00:00.000Z",
    )


async def test_nothing_used_is_nothing(used: httpx.AsyncClient) -> None:
    told = await summary(used, "2020-01-01T00:00:00Z", "2020-01-01T00:00:01Z")
    assert (told["billable_seconds"], told["sessions"], told["by_quality"]) == (0, 0, {})


@pytest.mark.parametrize(
    ("query", "status", "param"),
    [
        ({"period": "current_month", "period_start": "2026-01-01T00:00:00Z"}, 400, "period"),
        ({"period_start": "2026-01-01T00:00:00Z"}, 400, "period_end"),
        ({"period_end": "2026-01-01T00:00:00Z"}, 400, "period_start"),
        ({"period_start": "2026-01-02T00:00:00Z", "period_end": "2026-01-01T00:00:00Z"}, 400, "period_end"),
        ({"period": "year"}, 422, "period"),
        ({"period_start": "2026-01-01", "period_end": "2026-02-01"}, 422, "period_start"),
        ({"period_start": "0001-01-01T00:00:00+14:00", "period_end": "2026-01-01T00:00:00Z"}, 422, "period_start"),
        ({"period_start": "2026-01-01T00:00:00Z", "period_end": "9999-12-31T23:59:59-12:00"}, 422, "period_end"),
        ({"period": "current_month", "time_zone": "Mars/Olympus"}, 422, "time_zone"),
        ({"period": "current_month", "time_zone": "../../etc/passwd"}, 422, "time_zone"),
    ],
)
async def test_periods_that_are_none(
    client: httpx.AsyncClient, query: dict[str, str], status: int, param: str
) -> None:
    answer = await client.get("/v1/usage", params=query)
    assert answer.status_code == status
    assert refusal(answer)["param"] == param


def test_months_are_those_of_the_zone() -> None:
    utc = period(None, None, None, None, NOW)
    assert (utc.start.isoformat(), utc.end.isoformat()) == (
        "2026-03-01T00:00:00+00:00",
        "2026-04-01T00:00:00+00:00",
    )
    before = period("previous_month", None, None, None, NOW)
    assert (before.start, before.end) == (datetime(2026, 2, 1, tzinfo=UTC), utc.start)
    there = period("current_month", None, None, "America/New_York", NOW)
    assert there.start.isoformat() == "2026-02-01T00:00:00-05:00"
    assert there.end.isoformat() == "2026-03-01T00:00:00-05:00"


def test_a_month_in_which_the_clocks_change_has_its_own_ends() -> None:
    now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    found = period("current_month", None, None, "Europe/Berlin", now)
    assert (found.start.isoformat(), found.end.isoformat()) == (
        "2026-03-01T00:00:00+01:00",
        "2026-04-01T00:00:00+02:00",
    )


def test_a_period_is_named_or_given() -> None:
    with pytest.raises(Refusal, match="give either"):
        period("current_month", NOW, NOW, None)

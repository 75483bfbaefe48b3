"""The period that usage is asked for (contract protoface 1.6)."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from visavis.api.protoface.errors import Refusal, wrong_field

Named = Literal["current_month", "previous_month"]

YEARS = range(1971, 9999)
"""Times of others can't be told from mistakes."""


class Period(NamedTuple):
    """From a moment to before another."""

    start: datetime
    end: datetime


def period(
    named: Named | None,
    start: datetime | None,
    end: datetime | None,
    zone: str | None,
    now: datetime | None = None,
) -> Period:
    """What was asked for: a month by name, the current one if nothing is said, or two moments.

    Raises `Refusal`: 400 if both or half are given, 422 for a time or zone that is none.
    """
    if start is None and end is None:
        return _month(named or "current_month", _zone(zone), now or datetime.now(UTC))
    if named is not None:
        raise Refusal(400, "invalid_period", "give either period, or period_start and period_end", "period")
    if start is None or end is None:
        missing = "period_start" if start is None else "period_end"
        raise Refusal(400, "invalid_period", "give both ends of a period", missing)
    for name, at in (("period_start", start), ("period_end", end)):
        if at.year not in YEARS:
            raise wrong_field(name, "must be a time of this age")
    if start >= end:
        raise Refusal(400, "invalid_period", "a period ends after it starts", "period_end")
    return Period(start, end)


def _month(named: Named, zone: tzinfo, now: datetime) -> Period:
    first = now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if named == "previous_month":
        return Period((first - timedelta(days=1)).replace(day=1), first)
    return Period(first, (first + timedelta(days=32)).replace(day=1))


def _zone(name: str | None) -> tzinfo:
    if not name or name == "UTC":
        return UTC
    if name not in _zones():
        raise wrong_field("time_zone", "must be an IANA name, like Europe/Berlin")
    return ZoneInfo(name)


@cache
def _zones() -> set[str]:
    return available_timezones()

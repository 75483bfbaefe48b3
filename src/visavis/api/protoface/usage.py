"""`/v1/usage`, `/v1/billing` and `/v1/status` (contract protoface 1.6)."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from visavis.api.protoface.agency import Agency, AtAgency, UsageReader
from visavis.api.protoface.errors import Route, refusals
from visavis.api.protoface.periods import Named, period
from visavis.api.protoface.quality import METERED
from visavis.api.protoface.schemas import (
    Health,
    PlanView,
    Quality,
    Quota,
    ServiceStatus,
    Share,
    StatusComponent,
    UsageSummary,
)
from visavis.api.protoface.views import moment
from visavis.errors import Unavailable

PLAN = "self_hosted"

WORST: list[Health] = ["outage", "degraded", "operational"]

router = APIRouter(route_class=Route, tags=["protoface"], prefix="/v1", responses=refusals())


@router.get("/usage", responses=refusals(400, 401, 403, 422))
async def protoface_get_usage(
    agency: AtAgency,
    asker: UsageReader,
    named: Annotated[
        Named | None,
        Query(alias="period", description="Or give both ends; the current month if nothing is given."),
    ] = None,
    period_start: Annotated[AwareDatetime | None, Query(description="Inclusive.")] = None,
    period_end: Annotated[AwareDatetime | None, Query(description="Exclusive.")] = None,
    time_zone: Annotated[
        str | None, Query(max_length=64, description="Whose months: an IANA name; `UTC` if left out.")
    ] = None,
) -> UsageSummary:
    """What your sessions used: whole seconds since each one's first picture, as of its last heartbeat."""
    asked = period(named, period_start, period_end, time_zone)
    start, end = asked.start.timestamp(), asked.end.timestamp()
    used = await agency.store.avatar_sessions.used(asker.organisation, start, end)
    by_quality: Counter[str] = Counter()
    for each in used:
        by_quality[METERED.get(each.quality, each.quality)] += each.seconds
    return UsageSummary(
        period_start=moment(start),
        period_end=moment(end),
        billable_seconds=by_quality.total(),
        sessions=sum(each.sessions for each in used),
        by_quality=cast(dict[Quality, int], dict(by_quality)),
    )


@router.get("/billing/plans", responses=refusals(422))
async def protoface_list_plans(agency: AtAgency) -> list[PlanView]:
    """The plans there are: one, for there is nothing to pay."""
    settings = agency.settings
    plan = PlanView(
        key=PLAN,
        name="Self-hosted",
        monthly_price_cents=0,
        included_credits=0,
        extra_credit_unit_micros=None,
        max_concurrency=settings.protoface_concurrency,
        custom_avatar_slots=settings.protoface_avatars,
        extra_avatar_slot_cents=None,
        session_time_limit_seconds=settings.protoface_max_seconds,
    )
    return [plan]


@router.get("/billing/quota", responses=refusals(401, 403, 422))
async def protoface_get_quota(agency: AtAgency, asker: UsageReader) -> Quota:
    """How much of the plan you have at present. Not in the SDK."""
    made = await agency.store.avatars.count(asker.organisation)
    dispatcher = agency.dispatcher
    return Quota(
        plan=PLAN,
        concurrent_sessions=Share(
            used=dispatcher.count(asker.organisation), limit=dispatcher.admission.limit(asker)
        ),
        custom_avatars=Share(used=made, limit=agency.settings.protoface_avatars),
    )


@router.get("/status", responses=refusals())
async def protoface_get_status(agency: AtAgency) -> ServiceStatus:
    """How the server is: `degraded` while it has no room for another session."""
    components = [StatusComponent(name="api", status="operational"), *_sessions(agency)]
    try:
        await agency.store.ready()
        components.append(StatusComponent(name="records", status="operational"))
    except Unavailable:
        components.append(StatusComponent(name="records", status="outage"))
    worst = min((each.status for each in components), key=WORST.index)
    return ServiceStatus(status=worst, components=components, updated_at=moment(time.time()))


def _sessions(agency: Agency) -> Iterator[StatusComponent]:
    status: Health = "operational"
    if agency.pool.full:
        # No room although nobody has taken it: there is nothing to carry a session.
        status = "degraded" if agency.pool.sessions() else "outage"
    yield StatusComponent(name="sessions", status=status)

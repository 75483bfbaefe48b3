"""`/api/v1/pipeline`: how long the stages of the latest sessions took (contract 1.1)."""

from typing import Annotated

from fastapi import APIRouter, Query

from visavis.api.kiosk.desk import AtDesk
from visavis.api.kiosk.errors import Route, refusals
from visavis.api.kiosk.schemas import LatestTrace, Trace, Traces

router = APIRouter(route_class=Route, tags=["kiosk"], prefix="/api/v1/pipeline", responses=refusals())


@router.get("/latest")
async def kiosk_latest_trace(desk: AtDesk) -> LatestTrace:
    """The latest session that is over."""
    if found := desk.traces.latest(1, desk.tenant):
        return LatestTrace(trace=Trace.model_validate(found[0]))
    return LatestTrace(trace=None, message="no session is over yet")


@router.get("/recent", responses=refusals(422))
async def kiosk_recent_traces(
    desk: AtDesk, n: Annotated[int, Query(description="How many, 1 to 20; more or less is taken as that.")] = 20
) -> Traces:
    """The latest sessions that are over, the newest first."""
    return Traces(traces=[Trace.model_validate(trace) for trace in desk.traces.latest(n, desk.tenant)])

"""`/sessions/{id}/events` (contract opentalking 1.6): server-sent events with replay."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from visavis.api.opentalking.errors import Route, refusals
from visavis.api.opentalking.event_stream import EventStream
from visavis.api.opentalking.sessions import Session
from visavis.session.events import Record

router = APIRouter(route_class=Route, tags=["events"], prefix="/sessions/{session_id}", responses=refusals())


NUMBER = re.compile(r"[0-9]{1,18}")
"""What we send as an event's id; anything else is not ours."""


@router.get(
    "/events",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events, until `session.terminated`."},
        204: {"description": "The session is over and the client has had every event: it need not come back."},
        **refusals(400, 404),
    },
)
async def events(
    session: Session,
    after: Annotated[int, Query(ge=0, description="Only events with a greater id.")] = 0,
    last_event_id: Annotated[str | None, Header(description="The same, sent by browsers on reconnection.")] = None,
) -> Response:
    """What happens in a session, from its beginning or from an event the client names.

    Each event comes under its contract name and, where there is one, under that of deployed servers. A
    `ping` comes every 10 s of silence.
    """
    seen = int(last_event_id) if last_event_id and NUMBER.fullmatch(last_event_id) else after
    info = await session.info()
    if info.state == "terminated":
        rest = [record async for record in session.events(seen)]
        return EventStream(_each(rest), session.id) if rest else Response(status_code=204)
    return EventStream(session.events(seen), session.id)


async def _each(records: Sequence[Record]) -> AsyncIterator[Record]:
    for record in records:
        yield record

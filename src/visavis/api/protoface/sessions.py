"""`/v1/sessions` (contract protoface 1.1, 1.3-1.5)."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from pydantic import AwareDatetime
from starlette.requests import Request
from starlette.responses import Response

from visavis.api.idempotency import Once
from visavis.api.protoface.agency import Agency, AtAgency, SessionReader, SessionWriter
from visavis.api.protoface.creation import Creation, sent
from visavis.api.protoface.errors import Refusal, Route, refusals, wrong_field
from visavis.api.protoface.fields import SessionCreateRequest
from visavis.api.protoface.live import RANKS
from visavis.api.protoface.pages import USUAL, Limit, StartingAfter, unknown_cursor
from visavis.api.protoface.schemas import AvatarSessionList, Session, SessionStatus
from visavis.api.protoface.views import shown, wire
from visavis.api.rates import CreateRates
from visavis.api.server_sent import ServerSentEvents
from visavis.store import AvatarSession
from visavis.store.avatar_sessions import TERMINAL, Wanted
from visavis.streams import closing

LONGEST_ID = 36
"""Characters."""

POSITION = "X-Queue-Position"
"""Ours: 1 for the next to be served."""

StatusFilter = Literal[SessionStatus, "active", "terminal"]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 255 characters of yours: the same key with the same body makes one session.",
    ),
]
Grant = Annotated[str | None, Header(alias="X-Protoface-Session-Grant", description="Accepted and not used.")]
Moment = Annotated[AwareDatetime | None, Query(description="ISO 8601 with a zone.")]

router = APIRouter(route_class=Route, tags=["protoface"], prefix="/v1/sessions", responses=refusals())


@router.post(
    "",
    status_code=201,
    response_model=Session,
    responses=refusals(400, 401, 402, 403, 409, 422, 429, 503),
)
async def protoface_create_session(
    request: Request,
    body: SessionCreateRequest,
    agency: AtAgency,
    asker: SessionWriter,
    rates: CreateRates,
    once: Once,
    idempotency_key: IdempotencyKey = None,
    grant: Grant = None,
) -> Response:
    """Send an avatar into a room of yours. Answers at once with `queued`; the worker comes as soon as it can."""
    creation = Creation(agency, asker, rates, body)
    answer = await once.once(
        asker.organisation, "sessions", idempotency_key, await request.body(), creation.carry_out
    )
    return sent(answer, rates, asker)


@router.get("", responses=refusals(400, 401, 403, 422))
async def protoface_list_sessions(
    agency: AtAgency,
    asker: SessionReader,
    status: Annotated[
        list[StatusFilter] | None, Query(description="Any of these; `active` and `terminal` stand for several.")
    ] = None,
    avatar_id: Annotated[str | None, Query(max_length=64)] = None,
    created_after: Moment = None,
    created_before: Moment = None,
    limit: Limit = USUAL,
    starting_after: StartingAfter = None,
) -> AvatarSessionList:
    """Your sessions, the newest first."""
    if not _possible(avatar_id or ""):
        raise wrong_field("avatar_id", "there can be no avatar of this id")
    wanted = Wanted(
        _statuses(status or []),
        avatar_id or "",
        _unix("created_after", created_after),
        _unix("created_before", created_before),
    )
    after = starting_after or ""
    if not _possible(after):
        raise unknown_cursor()
    found = await agency.store.avatar_sessions.page(asker.organisation, wanted, limit + 1, after)
    if found is None:
        raise unknown_cursor()
    more, page = len(found) > limit, found[:limit]
    return AvatarSessionList(
        data=[shown(session) for session in page], has_more=more, next_cursor=page[-1].id if more else None
    )


@router.get("/{session_id}", responses=refusals(401, 403, 404, 422))
async def protoface_get_session(
    session_id: str, agency: AtAgency, asker: SessionReader, response: Response
) -> Session:
    """A session as it is now. While it waits for a worker, `X-Queue-Position` says its place in line."""
    live = agency.dispatcher.find(asker.organisation, session_id)
    if live is not None and (position := agency.dispatcher.position(live)):
        response.headers[POSITION] = str(position)
    return shown(await _find(agency, asker.organisation, session_id))


@router.post("/{session_id}/end", responses=refusals(401, 403, 404, 422))
async def protoface_end_session(session_id: str, agency: AtAgency, asker: SessionWriter) -> Session:
    """End a session. One that is over stays as it is."""
    live = agency.dispatcher.find(asker.organisation, session_id)
    if live is None:
        return shown(await _find(agency, asker.organisation, session_id))
    await agency.dispatcher.end(live)
    return shown(live.session)


@router.get(
    "/{session_id}/events",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "One event for each status."},
        **refusals(401, 403, 404, 422),
    },
)
async def protoface_session_events(
    session_id: str,
    agency: AtAgency,
    asker: SessionReader,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", max_length=64, description="The last id that came.")
    ] = None,
) -> Response:
    """What becomes of a session, as server-sent events. Not in the SDK.

    The first tells how it is, the others each new status: `session.running` and the like, with the session as
    data. It ends when the session is over.
    """
    seen = last_event_id or ""
    after = int(seen) if seen.isascii() and seen.isdigit() and len(seen) == 1 else -1
    live = agency.dispatcher.find(asker.organisation, session_id)
    if live is not None:
        return ServerSentEvents(_blocks(live.states(after)))
    return ServerSentEvents(_blocks(_past(await _find(agency, asker.organisation, session_id), after)))


async def _find(agency: Agency, organisation: str, session_id: str) -> AvatarSession:
    if (live := agency.dispatcher.find(organisation, session_id)) is not None:
        return live.session
    found = None
    if _possible(session_id):
        found = await agency.store.avatar_sessions.find(organisation, session_id)
    if found is None:
        raise Refusal(404, "session_not_found", "session not found")
    return found


def _possible(session_id: str) -> bool:
    """Whether there could be one of that id: what can't need not be looked for."""
    return len(session_id) <= LONGEST_ID and session_id.isascii() and "\0" not in session_id


def _statuses(asked: list[StatusFilter]) -> set[str]:
    found: set[str] = set()
    for each in asked:
        if each == "terminal":
            found |= TERMINAL
        elif each == "active":
            found |= RANKS.keys() - TERMINAL
        else:
            found.add(each)
    return found


def _unix(param: str, at: AwareDatetime | None) -> float | None:
    try:
        return None if at is None else at.timestamp()
    except OverflowError:
        raise wrong_field(param, "must be a time of this age") from None


async def _past(session: AvatarSession, after: int) -> AsyncIterator[AvatarSession]:
    if RANKS[session.status] > after:
        yield session


async def _blocks(states: AsyncIterator[AvatarSession]) -> AsyncIterator[bytes]:
    async with closing(states):
        async for state in states:
            head = f"event: session.{state.status}\nid: {RANKS[state.status]}\ndata: "
            yield head.encode() + wire(state) + b"\n\n"

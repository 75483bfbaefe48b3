"""`/v1/pipecat/sessions`: an avatar for a Pipecat pipeline, and its media (contract protoface 1.8)."""

import hmac

from fastapi import APIRouter, WebSocket
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from visavis.api.idempotency import Once
from visavis.api.principal import bearer
from visavis.api.protoface.agency import AtAgency, SessionWriter
from visavis.api.protoface.bootstrap import Bootstrap, revealed
from visavis.api.protoface.creation import sent
from visavis.api.protoface.errors import Route, envelope, refusals
from visavis.api.protoface.fields import PipecatCreateRequest
from visavis.api.protoface.schemas import PipecatRelay, PipecatSession
from visavis.api.protoface.sessions import IdempotencyKey
from visavis.api.rates import CreateRates

PROTOCOL = PipecatRelay.model_fields["protocol"].default

router = APIRouter(route_class=Route, tags=["protoface"], prefix="/v1/pipecat/sessions", responses=refusals())


@router.post(
    "",
    status_code=201,
    response_model=PipecatSession,
    responses=refusals(400, 401, 402, 403, 409, 422, 429, 503),
)
async def protoface_create_pipecat_session(
    request: Request,
    body: PipecatCreateRequest,
    agency: AtAgency,
    asker: SessionWriter,
    rates: CreateRates,
    once: Once,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Have an avatar for a Pipecat pipeline. Connect to `relay.media_url` within 30 seconds.

    The token is told here only; it is good until the session is over. The session is read and ended like any
    other: `/v1/sessions/{session_id}`.
    """
    base_url = agency.settings.public_base_url or str(request.base_url)
    bootstrap = Bootstrap(agency, asker, rates, body, _websocket(base_url))
    answer = await once.once(
        asker.organisation, "pipecat", idempotency_key, await request.body(), bootstrap.carry_out
    )
    return sent(revealed(answer, agency), rates, asker)


@router.websocket("/{session_id}/media")
async def protoface_pipecat_media(connection: WebSocket, session_id: str, agency: AtAgency) -> None:
    """A session's media, as binary records: the avatar's picture and sound come, what it is to say goes."""
    offered: list[str] = connection.scope["subprotocols"]
    if not _admitted(connection, offered, agency.outlets.token(session_id)):
        refusal = envelope(403, "invalid_media_token", "the media token is missing, or not this session's")
        await connection.send_denial_response(refusal)
    elif (outlet := agency.outlets.find(session_id)) is None:
        await connection.send_denial_response(envelope(404, "session_not_found", "the session is over"))
    else:
        await connection.accept(PROTOCOL if PROTOCOL in offered else None)
        await outlet.attend(connection)


def _admitted(connection: HTTPConnection, offered: list[str], token: str) -> bool:
    """Whether it brings the token, as a header or a subprotocol, and no other one."""
    brought = [each for each in (bearer(connection), *offered) if each not in ("", PROTOCOL)]
    return bool(brought) and all(hmac.compare_digest(each.encode(), token.encode()) for each in brought)


def _websocket(base_url: str) -> str:
    """`http…` as `ws…`."""
    return "ws" + base_url.removeprefix("http")

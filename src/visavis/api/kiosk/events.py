"""`{id}/events` and `{id}/ws` (ours): what happens in a session, as it happens."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Header, WebSocket
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect, WebSocketState

from visavis.api.kiosk import sound
from visavis.api.kiosk.broadcast import LAST, Notice
from visavis.api.kiosk.desk import AtDesk, Desk
from visavis.api.kiosk.errors import Route, answer_to, refusals, refuse
from visavis.api.kiosk.event_stream import EventStream
from visavis.api.kiosk.follower import Follower
from visavis.errors import InvalidInput, TooLarge, VisavisError
from visavis.streams import closing

MAX_COMMAND = 1000
"""Characters of a text message."""

AGAIN = 1013
"""Try again later (RFC 6455, registered): the client was too slow."""

router = APIRouter(route_class=Route, tags=["kiosk"], prefix="/api/v1/sessions/{session_id}", responses=refusals())


@router.get(
    "/events",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Messages, until the last snapshot."},
        204: {"description": "The client has had every message: it need not come back."},
        **refusals(404),
    },
)
async def kiosk_events(
    session_id: str,
    desk: AtDesk,
    last_event_id: Annotated[str, Header(description="Sent by browsers on reconnection.")] = "",
) -> Response:
    """What happens in a session: a `snapshot`, then each change, then the last `snapshot`.

    `progress` (captured_audio_seconds, speech_started), `transcript` (text, final, transcript), `response` (delta,
    response), `clip` (index, text, audio_file, url), `tts_error` (index, error), `status` (status, end_reason,
    error). A `ping` comes every 10 s of silence.
    """
    notices = await _notices(desk, session_id, last_event_id)
    return Response(status_code=204) if last_event_id == LAST else EventStream(notices)


@router.websocket("/ws")
async def kiosk_socket(websocket: WebSocket, session_id: str, desk: AtDesk) -> None:
    """The same messages as JSON: `{"event", "id", "data"}`.

    A session that was begun with `start-stream` takes sound here: binary messages of s16le mono at its
    `sample_rate`, or whole WAVs, and `{"type": "end"}`. Any session takes `{"type": "stop"}`.
    """
    if not _at_home(websocket, desk):
        await websocket.send_denial_response(refuse(403, "this page may not connect; see VISAVIS_CORS_ORIGINS"))
        return
    try:
        notices = await _notices(desk, session_id, "")
    except VisavisError as error:
        await websocket.send_denial_response(answer_to(error))
        return
    await websocket.accept()
    async with asyncio.TaskGroup() as group:
        reader = group.create_task(_read(websocket, desk.follower(session_id)))
        writer = group.create_task(_write(websocket, notices))
        # Whoever is done first ends the other.
        reader.add_done_callback(lambda _: writer.cancel())
        writer.add_done_callback(lambda _: reader.cancel())


async def _notices(desk: Desk, session_id: str, seen: str) -> AsyncIterator[Notice]:
    if (follower := desk.follower(session_id)) is not None:
        return follower.watch(seen)
    return _only(Notice(LAST, "snapshot", await desk.snapshot(session_id)))


async def _only(notice: Notice) -> AsyncIterator[Notice]:
    yield notice


async def _write(websocket: WebSocket, notices: AsyncIterator[Notice]) -> None:
    code = 1000
    try:
        async with closing(notices):
            async for notice in notices:
                await _send(websocket, notice.name, notice.data, notice.id)
    except TooLarge:
        code = AGAIN
    except WebSocketDisconnect:
        return
    if websocket.application_state is WebSocketState.CONNECTED:
        await websocket.close(code)


async def _read(websocket: WebSocket, follower: Follower | None) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        try:
            if follower is not None:
                await _obey(follower, message)
        except VisavisError as error:
            try:
                await _send(websocket, "error", {"detail": error.message})
            except WebSocketDisconnect:
                return


async def _obey(follower: Follower, message: Any) -> None:
    if (data := message.get("bytes")) is not None:
        heard = sound.read(data, follower.sample_rate)
        await follower.hear(heard.sample_rate, heard.pcm)
        return
    match _command(message.get("text") or ""):
        case "end":
            await follower.hear_out()
        case "stop":
            await follower.stop()
        case _:
            raise InvalidInput('send sound, {"type": "end"} or {"type": "stop"}')


def _command(text: str) -> Any:
    try:
        command = json.loads(text[:MAX_COMMAND])
    except (ValueError, RecursionError):
        return None
    return command.get("type") if isinstance(command, dict) else None


async def _send(websocket: WebSocket, event: str, data: dict[str, Any], number: str = "") -> None:
    named = {"event": event} | ({"id": number} if number else {}) | {"data": data}
    await websocket.send_text(msgspec.json.encode(named).decode())


def _at_home(websocket: WebSocket, desk: Desk) -> bool:
    """Whether the page that connects may: browsers hold no page back from a WebSocket of another host."""
    origin = websocket.headers.get("origin")
    if origin is None or urlsplit(origin).netloc == websocket.headers.get("host"):
        return True
    allowed = [each.strip() for each in desk.settings.cors_origins.split(",")]
    return origin in allowed or "*" in allowed

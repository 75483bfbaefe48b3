"""Going into a room, and out of it, each in a time of its own: the library knows neither limit."""

import asyncio
import logging
import re

from visavis.transport import RoomFailed
from visavis.transport.livekit.library import rtc

ATTEMPT = 3.0
"""Seconds the library may take for one of its attempts to connect."""

LEAVING = 2.0
"""Seconds a room may take to be left."""

MOST_BYTES = 2**31
"""Of one stream: more than an hour at 192 kHz in stereo. How much of it may wait is limited elsewhere."""

log = logging.getLogger(__name__)
_forsaken: set[asyncio.Task[None]] = set()
"""Attempts that nobody waits for any more, until they end by themselves."""


async def join(room: rtc.Room, url: str, token: str, *, within: float) -> None:
    """Connect `room`, which subscribes to nothing by itself. Raises `RoomFailed`.

    The library's errors hold what the other side answered: only whether it was a refusal is taken from them.
    """
    options = rtc.RoomOptions(
        auto_subscribe=False,
        connect_timeout=ATTEMPT,
        data_stream=rtc.DataStreamOptions(max_payload_byte_length=MOST_BYTES),
    )
    connecting = asyncio.create_task(room.connect(url, token, options), name="connect to a room")
    try:
        await asyncio.wait([connecting], timeout=within)
    finally:
        if not connecting.done():
            # Cancelled, it would come in all the same, and nobody would know.
            _later(asyncio.create_task(_forsake(connecting, room), name="leave a late room"))
    if not connecting.done():
        raise RoomFailed("transport.join_failed")
    try:
        connecting.result()
    except rtc.ConnectError as error:
        refused = re.search(r"\b40[13]\b", error.message)
        raise RoomFailed("transport.token_invalid" if refused else "transport.join_failed") from None


async def leave(room: rtc.Room) -> None:
    """Disconnect `room`; returns after `LEAVING` at the latest."""
    leaving = asyncio.create_task(room.disconnect(), name="leave a room")
    _later(leaving)
    await asyncio.wait([leaving], timeout=LEAVING)


async def _forsake(connecting: asyncio.Task[None], room: rtc.Room) -> None:
    await asyncio.wait([connecting])
    if not connecting.cancelled() and connecting.exception() is None:
        await leave(room)


def _later(task: asyncio.Task[None]) -> None:
    _forsaken.add(task)
    task.add_done_callback(_ended)


def _ended(task: asyncio.Task[None]) -> None:
    _forsaken.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("leaving a room failed: %s", type(error).__name__)

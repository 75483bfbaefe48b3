"""A session's messages as server-sent events."""

import logging
from collections.abc import AsyncIterator

import msgspec

from visavis.api.kiosk.broadcast import Notice
from visavis.api.server_sent import SILENCE, ServerSentEvents
from visavis.errors import TooLarge
from visavis.streams import closing

log = logging.getLogger(__name__)


def encode(notice: Notice) -> bytes:
    """A message on the wire."""
    return f"event: {notice.name}\nid: {notice.id}\ndata: ".encode() + msgspec.json.encode(notice.data) + b"\n\n"


class EventStream(ServerSentEvents):
    """Sends messages; a client that is too slow is let go."""

    def __init__(self, notices: AsyncIterator[Notice], silence: float = SILENCE) -> None:
        super().__init__(_blocks(notices), silence)


async def _blocks(notices: AsyncIterator[Notice]) -> AsyncIterator[bytes]:
    try:
        async with closing(notices):
            async for notice in notices:
                yield encode(notice)
    except TooLarge as error:
        # The client connects again and gets what is still there.
        log.info("an event stream of a kiosk session ends: %s", error.message)

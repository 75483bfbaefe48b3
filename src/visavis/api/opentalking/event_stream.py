"""A session's events as a stream of server-sent events (contract opentalking 1.6)."""

import logging
from collections.abc import AsyncIterator

import msgspec

from visavis.api.opentalking.event_names import wire
from visavis.api.server_sent import SILENCE, ServerSentEvents
from visavis.errors import TooLarge, WorkerLost
from visavis.session.events import Record
from visavis.streams import closing

log = logging.getLogger(__name__)


def encode(record: Record, session_id: str) -> bytes:
    """The wire events of a record. Only the last has the id: who is cut off in between gets all again."""
    events = wire(record, session_id)
    blocks = []
    for place, (name, data) in enumerate(events, start=1):
        number = f"id: {record.seq}\n" if place == len(events) else ""
        blocks.append(f"event: {name}\n{number}data: ".encode() + msgspec.json.encode(data) + b"\n\n")
    return b"".join(blocks)


class EventStream(ServerSentEvents):
    """Sends records that have a name on the wire."""

    def __init__(self, records: AsyncIterator[Record], session_id: str, silence: float = SILENCE) -> None:
        super().__init__(_blocks(records, session_id), silence)


async def _blocks(records: AsyncIterator[Record], session_id: str) -> AsyncIterator[bytes]:
    try:
        async with closing(records):
            async for record in records:
                if block := encode(record, session_id):
                    yield block
    except (TooLarge, WorkerLost) as error:
        # The client connects again and gets what is still there.
        log.info("an event stream of session %s ends: %s", session_id, error.message)

"""Visits: sessions of a pool as guests of a real LiveKit server, and what they tell."""

import asyncio
from typing import TypeVar

from tests.peers.livekit.conftest import Server
from tests.transport.livekit.minting import token
from visavis.pool.inline import InlineHandle, InlinePool
from visavis.pool.verbs import NewSession, Room
from visavis.session.events import RoomLeft, Terminated
from visavis.session.guest import MESSAGES

T = TypeVar("T")

AGENTS_AVATAR = {"lk.publish_on_behalf": "agent"}


async def guest(
    pool: InlinePool,
    server: Server,
    name: str,
    *,
    url: str = "",
    worker_token: str | None = None,
    attributes: dict[str, str] | None = None,
    **more: object,
) -> InlineHandle:
    minted = token("avatar", name, attributes=attributes) if worker_token is None else worker_token
    room = Room(url or server.url, name, minted, **more)  # type: ignore[arg-type]  # of the caller
    return await pool.create(NewSession(avatar_id="demo-avatar", model="mock", room=room))


async def until(handle: InlineHandle, kind: type[T], after: int = 0) -> T:
    async with asyncio.timeout(20):
        async for record in handle.events(after):
            if isinstance(record.event, kind):
                return record.event
    raise AssertionError(f"no {kind.__name__}")


def last(handle: InlineHandle) -> int:
    return handle.session.events._last


async def ended(handle: InlineHandle) -> tuple[str, str]:
    """The code of its leaving, and the reason of its end."""
    left = await until(handle, RoomLeft)
    assert left.message == MESSAGES[left.code]
    return left.code, (await until(handle, Terminated)).reason

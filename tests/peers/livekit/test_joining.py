"""How visits to a real LiveKit server begin that can't, and how they end."""

import asyncio

import httpx
import pytest

from tests.local_server import listening
from tests.peers.livekit.company import someone
from tests.peers.livekit.conftest import Server, free_ports
from tests.peers.livekit.visits import ended, guest, until
from tests.transport.livekit.minting import token
from visavis.pool.inline import InlinePool
from visavis.session.events import FirstFrame, TurnStarted

pytestmark = pytest.mark.peers


async def test_given_nobody_sends_anything_when_the_idle_time_is_over_then_the_guest_leaves(
    pool: InlinePool, server: Server
) -> None:
    handle = await guest(pool, server, "alone", idle_timeout=0.3)
    assert await ended(handle) == ("", "idle")
    assert not [record for record in handle.session.events._ring if isinstance(record.event, TurnStarted)]


async def test_given_a_longest_stay_when_it_is_over_then_the_guest_leaves(
    pool: InlinePool, server: Server
) -> None:
    async with someone(server, "longest") as agent:
        handle = await guest(pool, server, "longest", max_duration=0.5)
        assert await ended(handle) == ("", "expired")
        await agent.until(lambda: True)


@pytest.mark.parametrize("method", ["RemoveParticipant", "DeleteRoom"])
async def test_given_it_is_sent_away_when_in_a_room_then_that_is_a_normal_end(
    pool: InlinePool, server: Server, method: str
) -> None:
    name = f"away-{method}"
    handle = await guest(pool, server, name)
    await until(handle, FirstFrame)
    admin = token("admin", name, roomAdmin=True, roomCreate=True, roomJoin=False)
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"http://127.0.0.1:{server.port}/twirp/livekit.RoomService/{method}",
            json={"room": name, "identity": "avatar"},
            headers={"Authorization": f"Bearer {admin}"},
        )
    assert answer.status_code == 200
    assert await ended(handle) == ("", "room_left")


async def test_given_another_takes_its_identity_when_in_a_room_then_it_fails(
    pool: InlinePool, server: Server
) -> None:
    handle = await guest(pool, server, "twice")
    await until(handle, FirstFrame)
    async with someone(server, "twice", "avatar"):
        assert await ended(handle) == ("transport.removed", "failed")


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"secret": "another-secret-that-is-long-enough-too"}, "transport.token_invalid"),
        ({"life": -5}, "transport.token_expired"),
        ({"canPublish": False}, "transport.token_invalid"),
    ],
)
async def test_given_a_token_that_lets_nobody_in_when_joining_then_it_fails_and_the_next_session_works(
    pool: InlinePool, server: Server, bad: dict[str, object], code: str, caplog: pytest.LogCaptureFixture
) -> None:
    minted = token("avatar", "closed", **bad)  # type: ignore[arg-type]  # of the parameters
    handle = await guest(pool, server, "closed", worker_token=minted)
    assert await ended(handle) == (code, "failed")
    assert minted not in caplog.text + repr(handle.session.events._ring)
    after = await guest(pool, server, "closed")
    await until(after, FirstFrame)
    await after.close()


async def test_given_nobody_listens_there_when_joining_then_it_fails(pool: InlinePool, server: Server) -> None:
    [port] = free_ports(1)
    handle = await guest(pool, server, "nobody", url=f"ws://127.0.0.1:{port}")
    assert await ended(handle) == ("transport.join_failed", "failed")


async def test_given_a_server_that_never_answers_when_joining_then_it_fails_in_time(
    pool: InlinePool, server: Server
) -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(never) as port:
        handle = await guest(pool, server, "never", url=f"ws://127.0.0.1:{port}")
        assert await ended(handle) == ("transport.join_failed", "failed")
        after = await guest(pool, server, "never")
        await until(after, FirstFrame)
        await after.close()


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "500 Oops", "200 OK"])
async def test_given_another_kind_of_server_when_joining_then_nothing_of_its_answer_is_told(
    pool: InlinePool, server: Server, status: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 12\r\nConnection: close\r\n\r\ninner secret".encode())
        await writer.drain()

    async with listening(answer) as port:
        handle = await guest(pool, server, "other", url=f"ws://127.0.0.1:{port}")
        code, reason = await ended(handle)
    assert (code, reason) in (("transport.join_failed", "failed"), ("transport.token_invalid", "failed"))
    assert "inner secret" not in caplog.text + repr(handle.session.events._ring)


async def test_given_a_host_that_is_not_allowed_when_joining_then_it_fails_without_a_look(
    pool: InlinePool, server: Server
) -> None:
    handle = await guest(pool, server, "refused", url="ws://localhost:7880")
    assert await ended(handle) == ("transport.join_failed", "failed")

"""The media WebSocket of Pipecat sessions, over a real server."""

import asyncio
import struct
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from starlette.websockets import WebSocket

from tests.api.protoface.conftest import reached
from tests.api.protoface.media_client import PROTOCOL, MediaClient, Visit, bootstrap
from tests.api.sockets import serving
from tests.pool.test_relay import GREY, packet
from visavis.api.protoface import Agency
from visavis.api.protoface.media_records import Kind
from visavis.api.protoface.media_socket import MediaSocket
from visavis.api.protoface.outlet import AHEAD, Orders
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Live
from visavis.media.samples import EMPTY
from visavis.pool.relay import AllSaid, Said
from visavis.testing.fake_pool import FakePool

PICTURE = AVChunk(0, EMPTY, ((0, GREY),))


@pytest.fixture
async def port(running: FastAPI) -> AsyncIterator[int]:
    async with serving(running) as port:
        yield port


@pytest.fixture
async def made(client: httpx.AsyncClient) -> dict[str, Any]:
    return await bootstrap(client)


@pytest.fixture
def session(made: dict[str, Any]) -> str:
    found: str = made["session"]["id"]
    return found


@pytest.fixture
def token(made: dict[str, Any]) -> str:
    found: str = made["relay"]["media_token"]
    return found


@pytest.fixture
async def pipeline(port: int, session: str, token: str) -> AsyncIterator[MediaClient]:
    async with MediaClient.asking(port, session, token, [PROTOCOL, token]) as client:
        assert await client.protocol() == PROTOCOL
        yield client


@pytest.fixture
async def visit(pool: FakePool, session: str) -> AsyncIterator[Visit]:
    async with Visit(await pool.made(1)) as visit:
        yield visit


@pytest.mark.parametrize("bearer", [False, True])
@pytest.mark.parametrize("offered", [False, True])
async def test_the_token_may_be_brought_in_two_ways(
    port: int, session: str, token: str, bearer: bool, offered: bool
) -> None:
    protocols = [PROTOCOL, token] if offered else [PROTOCOL]
    async with MediaClient.asking(port, session, token if bearer else "", protocols) as client:
        if bearer or offered:
            assert await client.protocol() == PROTOCOL
        else:
            status, body, headers = await client.turned_away()
            assert status == 403
            assert b'"invalid_media_token"' in body
            assert headers[b"x-request-id"] in body


async def test_without_subprotocols_none_is_selected(port: int, session: str, token: str) -> None:
    async with MediaClient.asking(port, session, token) as client:
        assert await client.protocol() is None


@pytest.mark.parametrize(
    ("bearer", "offered"), [("pfm_wrong", []), ("", [PROTOCOL, "pfm_wrong"]), ("good", [PROTOCOL, "pfm_wrong"])]
)
async def test_a_wrong_token_is_refused(
    port: int, session: str, token: str, bearer: str, offered: list[str]
) -> None:
    async with MediaClient.asking(port, session, token if bearer == "good" else bearer, offered) as client:
        assert (await client.turned_away())[0] == 403


async def test_a_token_is_good_for_its_session_only(
    port: int, client: httpx.AsyncClient, stranger: httpx.AsyncClient, session: str
) -> None:
    other = await bootstrap(stranger)
    for place in (session, "sess_01HXY5K8E7QYG3X8Z6N9R7S0VR"):
        async with MediaClient.asking(port, place, other["relay"]["media_token"]) as pipeline:
            assert (await pipeline.turned_away())[0] == 403


async def test_a_session_that_is_over_is_not_there(
    port: int, client: httpx.AsyncClient, agency: Agency, session: str, token: str
) -> None:
    _, task = agency.outlets._open[session]
    await client.post(f"/v1/sessions/{session}/end")
    await asyncio.wait([task])
    async with MediaClient.asking(port, session, token) as pipeline:
        status, body, _ = await pipeline.turned_away()
    assert (status, b'"session_not_found"' in body) == (404, True)


async def test_what_is_said_before_the_session_runs_is_not_lost(pipeline: MediaClient, pool: FakePool) -> None:
    stereo = np.array([[1, 3], [5, 7]], dtype="<i2").tobytes()
    await pipeline.send(Kind.AUDIO, {"sample_rate": 24_000, "num_channels": 2}, stereo)
    await pipeline.send(Kind.LISTEN_AUDIO, {"sample_rate": 16_000}, b"\1\0")
    await pipeline.send(0x77, {"new": True}, b"?")
    await pipeline.send(Kind.FLUSH)
    async with Visit(await pool.made(1)) as visit:
        visit.room.play(PICTURE)
        assert await visit.told(5) == ["shown", "received", "open 24000", "push [2, 6]", "end"]
        assert (await pipeline.record()).kind == Kind.READY


async def test_given_an_interruption_then_what_waits_is_forgotten(pipeline: MediaClient, pool: FakePool) -> None:
    await pipeline.send(Kind.AUDIO, {}, b"\1\0")
    await pipeline.send(Kind.INTERRUPT)
    await pipeline.send(Kind.AUDIO, {}, b"\2\0")
    async with Visit(await pool.made(1)) as visit:
        visit.room.play(PICTURE)
        told = await visit.told(2)
        # The first may have left before the interruption came; it is then cleared there.
        while told[-1] != "push [2]":
            told += await visit.told(1)
        assert told[told.index("clear") :] == ["clear", "received", "open 16000", "push [2]"]


async def test_media_come_in_playing_order(pipeline: MediaClient, visit: Visit) -> None:
    visit.room.play(AVChunk(48_000, packet(1)))
    visit.room.play(AVChunk(48_960, packet(2), ((48_960, GREY),)))
    visit.room.play(AVChunk(49_920, packet(3), ((49_920, GREY),)))
    ready, heard, seen, after, last = [await pipeline.record() for _ in range(5)]
    assert (ready.kind, dict(ready.header), ready.blob) == (Kind.READY, {}, b"")
    assert (heard.kind, dict(heard.header)) == (Kind.AUDIO, {"sample_rate": 48_000, "num_channels": 1})
    assert np.frombuffer(heard.blob, "<i2").tolist() == [1] * 960 + [2] * 960
    assert seen.kind == Kind.VIDEO
    assert seen.header == {
        "width": 32, "height": 32, "encoding": "jpeg", "frame_index": 0, "timestamp_ms": 1020
    }  # fmt: skip
    assert seen.blob.startswith(b"\xff\xd8")
    assert (after.kind, last.header["frame_index"]) == (Kind.AUDIO, 1)


async def test_what_is_played_to_nobody_is_not_kept(
    port: int, session: str, token: str, visit: Visit, client: httpx.AsyncClient, agency: Agency
) -> None:
    visit.room.play(PICTURE)
    visit.room.play(AVChunk(0, packet(1)))
    visit.room.play(AVChunk(960, packet(1), ((960, GREY),)))
    outlet = agency.outlets.find(session)
    assert outlet is not None
    await outlet._running.wait()
    async with MediaClient.asking(port, session, token) as pipeline:
        await pipeline.protocol()
        assert (await pipeline.record()).kind == Kind.READY
        visit.room.play(AVChunk(96_000, EMPTY, ((96_000, GREY),)))
        seen = await pipeline.record()
    assert seen.header["timestamp_ms"] == 2000


async def test_a_second_connection_takes_over(
    port: int, session: str, token: str, pipeline: MediaClient, visit: Visit
) -> None:
    visit.room.play(PICTURE)
    await pipeline.until(Kind.VIDEO)
    async with MediaClient.asking(port, session, token) as second:
        await second.protocol()
        assert await pipeline.ended() == (4409, "another connection took over this session's media")
        assert (await second.record()).kind == Kind.READY
        visit.room.play(PICTURE)
        assert (await second.record()).kind == Kind.VIDEO


async def test_a_client_that_goes_may_come_back(
    port: int, session: str, token: str, visit: Visit, agency: Agency
) -> None:
    outlet = agency.outlets.find(session)
    assert outlet is not None
    for _ in range(2):
        async with MediaClient.asking(port, session, token) as pipeline:
            await pipeline.protocol()
            visit.room.play(PICTURE)
            await pipeline.until(Kind.VIDEO)
    assert agency.outlets.find(session) is outlet


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"", "nine bytes"),
        (b"rubbish that is long enough", "length"),
        (struct.pack(">IBI", 7, 1, 2) + b"[]", "JSON object"),
        (struct.pack(">IBI", 6, 1, 0) + b"\1", "whole samples"),
    ],
)
async def test_rubbish_ends_the_connection_and_not_the_session(
    pipeline: MediaClient, client: httpx.AsyncClient, session: str, message: bytes, words: str
) -> None:
    await pipeline.sound(message)
    code, told = await pipeline.ended()
    assert (code, words in told) == (4400, True)
    assert (await client.get(f"/v1/sessions/{session}")).json()["failure"] is None


async def test_text_is_not_understood(pipeline: MediaClient) -> None:
    await pipeline.text("hello")
    assert await pipeline.ended() == (4400, "only binary messages are understood")


async def test_a_client_may_end_its_session(
    pipeline: MediaClient, client: httpx.AsyncClient, pool: FakePool, session: str
) -> None:
    (await pool.made(1)).enter_room()
    await reached(client, session, "running")
    await pipeline.send(Kind.CLOSE)
    assert await pipeline.ended() == (1000, "")
    assert (await client.get(f"/v1/sessions/{session}")).json()["status"] == "ended"


async def test_a_session_that_fails_says_so(
    pipeline: MediaClient, client: httpx.AsyncClient, pool: FakePool, session: str
) -> None:
    engine = await pool.made(1)
    engine.enter_room()
    engine.leave_room("failed", "worker.error", "the session's media failed")
    assert await pipeline.ended() == (1011, "the session's media failed")


async def test_given_nobody_comes_then_it_ends(client: httpx.AsyncClient, agency: Agency, pool: FakePool) -> None:
    agency.outlets._patience = 0.01
    session = (await bootstrap(client))["session"]["id"]
    await reached(client, session, "canceled")
    assert pool.sessions() == []


async def test_given_a_client_that_does_not_read_then_it_is_told_and_left(
    pipeline: MediaClient, visit: Visit, agency: Agency, session: str
) -> None:
    noise = Live(np.random.default_rng(1).integers(0, 255, (768, 512), dtype=np.uint8))
    visit.room.play(PICTURE)
    await pipeline.until(Kind.VIDEO)
    outlet = agency.outlets.find(session)
    assert outlet is not None
    assert outlet._socket is not None
    farewell = outlet._socket._farewell
    async with asyncio.timeout(30):
        while not farewell.done():
            visit.room.play(AVChunk(0, EMPTY, ((0, noise),)))
            await asyncio.sleep(0)
    assert await pipeline.ended() == (1008, "the connection is too slow for the media")


async def test_sound_that_waits_is_forgotten_and_pictures_are_not() -> None:
    socket = MediaSocket(cast(WebSocket, None))
    socket.push(Kind.AUDIO, b"sound")
    socket.push(Kind.VIDEO, b"picture")
    socket.hush()
    assert list(socket._waiting) == [(Kind.VIDEO, b"picture")]
    assert socket._bytes == len(b"picture")


async def test_orders_are_bounded() -> None:
    orders = Orders()
    while orders._bytes < AHEAD:
        await orders.put(Said(bytes(1024 * 1024), 16_000))
    waiting = asyncio.create_task(orders.put(AllSaid()))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert isinstance(await orders.take(), Said)
    await waiting
    orders.clear()
    last = asyncio.create_task(orders.take())
    await orders.put(AllSaid())
    assert await last == AllSaid()

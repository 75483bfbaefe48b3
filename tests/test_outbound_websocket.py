"""What is said over a WebSocket, and what becomes of those who talk badly. A real local peer."""

import asyncio
from typing import Any

import pytest

from tests.test_outbound import LOCAL, reaching
from tests.websocket_server import Behave, echo, failure, serving, talking
from visavis.outbound import HandshakeRefused, OutboundFailed, WebSocketClosed
from visavis.testing.websocket_peer import WebSocketPeer


async def test_given_a_peer_when_talked_to_then_texts_and_bytes_go_both_ways() -> None:
    async with talking(echo, headers={"X-Key": "k"}) as (server, socket):
        for message in ("hällo", b"\x00\xff", "", "x" * 200_000, b"y" * 200_000):
            await socket.send(message)
            assert await socket.receive() == message
        (peer,) = server.peers
        assert (peer.path, peer.headers["x-key"]) == ("/talk?a=b", "k")
        assert peer.headers["host"] == f"{LOCAL}:{server.port}"
        assert peer.headers["user-agent"] == "visavis"
        assert "sec-websocket-extensions" not in peer.headers
    assert peer.close_code == 1000


async def test_given_subprotocols_when_one_is_chosen_then_it_is_known() -> None:
    async def choose(peer: WebSocketPeer) -> None:
        assert peer.subprotocols == ["one", "two"]
        await peer.accept("two")

    async with talking(choose, subprotocols=["one", "two"]) as (_, socket):
        assert socket.subprotocol == "two"


async def test_given_messages_when_iterated_then_they_end_with_the_conversation() -> None:
    async def say(peer: WebSocketPeer) -> None:
        await peer.accept()
        await peer.send("on", finished=False)
        await peer.send("e")
        await peer.send(b"two")
        await peer.close(1000)

    async with talking(say) as (_, socket):
        assert [message async for message in socket] == ["one", b"two"]
        with pytest.raises(WebSocketClosed):
            await socket.receive()
        with pytest.raises(WebSocketClosed):
            await socket.send("anyone?")


async def test_given_pings_when_received_then_they_are_answered() -> None:
    async def ping(peer: WebSocketPeer) -> None:
        await peer.accept()
        await peer.ping(b"there?")
        await peer.ping(b"still?")
        await peer.send("done")
        await peer.receive()

    async with talking(ping) as (server, socket):
        assert await socket.receive() == "done"
        await socket.send("bye")
    assert server.peers[0].pongs == [b"there?", b"still?"]


async def test_given_one_task_that_waits_when_another_sends_then_both_get_on() -> None:
    async with talking(echo) as (_, socket):
        waiting = asyncio.create_task(socket.receive())
        await asyncio.gather(*(socket.send(f"{number}" * 50_000) for number in range(5)))
        heard = [await waiting, *[await socket.receive() for _ in range(4)]]
        assert heard == [f"{number}" * 50_000 for number in range(5)]


async def test_given_a_wait_that_is_given_up_when_waited_again_then_nothing_is_lost() -> None:
    gate = asyncio.Event()

    async def slowly(peer: WebSocketPeer) -> None:
        await peer.accept()
        await peer.send("be", finished=False)
        await gate.wait()
        await peer.send("gun")

    async with talking(slowly) as (_, socket):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await socket.receive()
        gate.set()
        assert await socket.receive() == "begun"


@pytest.mark.parametrize(("status", "headers"), [(302, {"Location": "ws://secret.test/"}), (401, {}), (429, {})])
async def test_given_another_answer_when_it_comes_then_its_status_and_json_are_known(
    status: int, headers: dict[str, str]
) -> None:
    async def refuse(peer: WebSocketPeer) -> None:
        await peer.refuse(status, b'{"message": "secret"}', headers)

    async with serving(refuse) as server, reaching(server.url) as outbound:
        failed = await failure(outbound, server.url)
        assert isinstance(failed, HandshakeRefused)
        assert (failed.status, failed.told) == (status, {"message": "secret"})
        assert server.connections == 1


async def test_given_a_refusal_without_json_when_it_comes_then_its_status_is_known() -> None:
    async def refuse(peer: WebSocketPeer) -> None:
        await peer.raw(b"HTTP/1.1 500 Oops\r\nContent-Length: 6\r\n\r\nsecret")

    async with serving(refuse) as server, reaching(server.url) as outbound:
        failed = await failure(outbound, server.url)
        assert isinstance(failed, HandshakeRefused)
        assert (failed.status, failed.told) == (500, None)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-secret\r\n\r\n",
        b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: secret\r\n\r\n",
        b"HTTP/1.1 101 Yes\r\nConnection: \xff\r\n\r\n",
        b"HTTP/1.1 101 Yes\r\nX: " + b"x" * 100_000,
        b"",
    ],
)
async def test_given_a_bad_handshake_when_it_comes_then_the_connection_is_broken(answer: bytes) -> None:
    async def rubbish(peer: WebSocketPeer) -> None:
        await peer.raw(answer)

    async with serving(rubbish) as server, reaching(server.url) as outbound:
        failed = await failure(outbound, server.url)
        assert (failed.reason, type(failed)) == ("broken", OutboundFailed)


def after_opening(data: bytes) -> Behave:
    async def behave(peer: WebSocketPeer) -> None:
        await peer.accept()
        await peer.raw(data)

    return behave


@pytest.mark.parametrize(
    ("data", "options", "reason"),
    [
        (b"", {}, "broken"),
        (b"\x81\x05he", {}, "broken"),
        (b"\xff\xff\xff\xff", {}, "broken"),
        (b"\x81\x02\xff\xff", {}, "broken"),
        (b"\x81\x82aaaahi", {}, "broken"),
        (b"\x81\x7e\x00\x80" + b"x" * 128, {"max_message": 127}, "too_large"),
        (b"\x01\x03abc" * 1 + b"\x00\x03abc" * 50, {"max_message": 100}, "too_large"),
        (b"\x81\x7f\x00\x00\x00\xff\x00\x00\x00\x00" + b"x" * 200, {"max_message": 100}, "too_large"),
    ],
    ids=["cut", "cut in a message", "rubbish", "no UTF-8", "masked", "long", "long in parts", "announced"],
)
async def test_given_a_bad_peer_when_received_then_the_error_is_typed(
    data: bytes, options: dict[str, Any], reason: str
) -> None:
    async with serving(after_opening(data)) as server, reaching(server.url) as outbound:
        assert (await failure(outbound, server.url, **options)).reason == reason


@pytest.mark.parametrize("code", [1000, 1008, 1011, 4000])
async def test_given_a_close_when_received_then_its_code_and_words_are_known(code: int) -> None:
    async def close(peer: WebSocketPeer) -> None:
        await peer.accept()
        await peer.close(code, "secret reason")

    async with serving(close) as server, reaching(server.url) as outbound:
        failed = await failure(outbound, server.url)
        assert isinstance(failed, WebSocketClosed)
        assert (failed.close_code, failed.told, failed.reason) == (code, "secret reason", "broken")
        if code != 1000:
            with pytest.raises(WebSocketClosed):
                async with outbound.websocket(server.url) as socket:
                    assert [message async for message in socket] == []


@pytest.mark.parametrize("options", [{"timeout": 0.05}, {"total": 0.05}])
@pytest.mark.parametrize("opened", [True, False])
async def test_given_a_stall_when_waited_for_then_it_times_out(options: dict[str, float], opened: bool) -> None:
    async def stall(peer: WebSocketPeer) -> None:
        if opened:
            await peer.accept()
        await peer.receive()

    async with serving(stall) as server, reaching(server.url) as outbound:
        assert (await failure(outbound, server.url, **options)).reason == "timeout"
        await server.left.wait()


async def test_given_nothing_but_pings_when_waited_for_then_it_times_out() -> None:
    async def pinging(peer: WebSocketPeer) -> None:
        await peer.accept()
        while True:
            await peer.ping()
            await asyncio.sleep(0)

    async with serving(pinging) as server, reaching(server.url) as outbound:
        assert (await failure(outbound, server.url, timeout=0.1)).reason == "timeout"


async def test_given_a_header_that_cannot_be_sent_when_asked_for_then_it_is_refused_and_not_shown() -> None:
    async with serving(echo) as server, reaching(server.url) as outbound:
        for value in ("secret\r\nX: y", "secrét", "secret\x00"):
            failed = await failure(outbound, server.url, headers={"Authorization": value})
            assert failed.reason == "refused"
            assert failed.__context__ is None


async def test_given_a_task_that_waits_when_cancelled_then_the_connection_is_closed() -> None:
    opened = asyncio.Event()

    async def stall(peer: WebSocketPeer) -> None:
        await peer.accept()
        opened.set()
        await peer.receive()

    async with serving(stall) as server, reaching(server.url) as outbound:

        async def talk() -> None:
            async with outbound.websocket(server.url) as socket:
                await socket.receive()

        task = asyncio.create_task(talk())
        await opened.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.left.wait()


async def test_given_a_peer_that_takes_nothing_when_sent_to_then_it_times_out() -> None:
    async def deaf(peer: WebSocketPeer) -> None:
        await peer.accept()
        await released.wait()

    released = asyncio.Event()
    async with serving(deaf) as server, reaching(server.url) as outbound:
        with pytest.raises(OutboundFailed) as failed:
            async with outbound.websocket(server.url, timeout=0.1) as socket:
                while True:
                    await socket.send(b"x" * 1_000_000)
        assert failed.value.reason == "timeout"
        released.set()

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable

import pytest
from aioice import ice

from tests.media.moving_picture import FPS, HEIGHT, WIDTH
from tests.transport.peer import Peer
from visavis.errors import AtCapacity, InvalidInput
from visavis.media.loops import LoopStore
from visavis.settings import Settings
from visavis.transport.broadcast import Broadcast
from visavis.transport.ice import Network
from visavis.transport.webrtc import WebRtcTransport

LOOPBACK = "127.0.0.1"


def network(**settings: str) -> Network:
    return Network.from_settings(Settings.model_validate(settings))


def candidates(sdp: str) -> set[tuple[str, int]]:
    """The host candidates of a description: address and port."""
    found = re.findall(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", sdp)
    return {(address, int(port)) for address, port in found}


@pytest.fixture
def no_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has nothing but loopback, which aioice doesn't count."""
    monkeypatch.setattr(ice, "get_host_addresses", lambda **_: [])


@pytest.fixture
def one_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with one address, 127.0.0.2, which is there on every Linux."""
    monkeypatch.setattr(ice, "get_host_addresses", lambda **_: ["127.0.0.2"])


@pytest.fixture
async def offered() -> AsyncIterator[str]:
    peer = Peer()
    yield await peer.offer()
    await peer.close()


@pytest.fixture
async def answer(loops: LoopStore, offered: str) -> AsyncIterator[Callable[[Network], "asyncio.Future[str]"]]:
    """Answers an offer on a machine with the given network; what it bound stays bound for the test."""
    made: list[WebRtcTransport] = []

    def answered(on: Network) -> "asyncio.Future[str]":
        made.append(WebRtcTransport(Broadcast(loops, WIDTH, HEIGHT, FPS, 1500), on))
        return asyncio.ensure_future(made[-1].offer("main", offered))

    yield answered
    await asyncio.gather(*(transport.close() for transport in made))


Answer = Callable[[Network], "asyncio.Future[str]"]


def free_ports(count: int) -> range:
    """Neighbouring UDP ports that were free a moment ago on the addresses these tests use."""
    for low in range(42_000, 60_000, count):
        sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        try:
            for i, sock in enumerate(sockets):
                sock.bind(("", low + i))
        except OSError:
            continue
        finally:
            for sock in sockets:
                sock.close()
        return range(low, low + count)
    raise AssertionError("this machine has no free ports")


@pytest.mark.usefixtures("no_interface")
async def test_loopback_is_used_where_there_is_nothing_else(answer: Answer) -> None:
    assert {address for address, _ in candidates(await answer(Network()))} == {LOOPBACK}


@pytest.mark.usefixtures("no_interface")
async def test_two_peers_meet_on_loopback(loops: LoopStore) -> None:
    joined = asyncio.Event()
    broadcast = Broadcast(loops, WIDTH, HEIGHT, FPS, 1500)
    transport = WebRtcTransport(broadcast, Network(), joined=lambda _: joined.set())
    peer = await Peer().join(transport)
    async with asyncio.timeout(20):
        await joined.wait()
    await peer.close()
    await transport.close()


@pytest.mark.usefixtures("one_interface")
async def test_loopback_is_left_out_where_there_is_something_else(answer: Answer) -> None:
    assert {address for address, _ in candidates(await answer(Network()))} == {"127.0.0.2"}


@pytest.mark.usefixtures("one_interface")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
async def test_loopback_is_offered_besides_by_a_server_that_listens_on_it(answer: Answer, host: str) -> None:
    addresses = {address for address, _ in candidates(await answer(network(host=host)))}
    assert addresses == {"127.0.0.2", LOOPBACK}


@pytest.mark.usefixtures("one_interface")
async def test_each_address_is_one_socket(answer: Answer) -> None:
    assert len(candidates(await answer(network(host="0.0.0.0")))) == 1  # noqa: S104  # only looked at


@pytest.mark.usefixtures("one_interface")
async def test_media_stays_within_the_range_of_ports(answer: Answer) -> None:
    ports = free_ports(4)
    ranged = Network(ports=ports)
    used = [port for _ in range(4) for _, port in candidates(await answer(ranged))]
    assert sorted(used) == list(ports)


@pytest.mark.usefixtures("one_interface")
async def test_when_all_ports_are_taken_that_is_said(answer: Answer) -> None:
    ranged = Network(ports=free_ports(2))
    await answer(ranged)
    await answer(ranged)
    with pytest.raises(AtCapacity, match="VISAVIS_UDP_PORTS"):
        await answer(ranged)


@pytest.mark.usefixtures("one_interface")
async def test_a_port_that_was_let_go_is_used_again(loops: LoopStore, offered: str) -> None:
    ranged = Network(ports=free_ports(1))
    for _ in range(3):
        transport = WebRtcTransport(Broadcast(loops, WIDTH, HEIGHT, FPS, 1500), ranged)
        assert {port for _, port in candidates(await transport.offer("main", offered))} == set(ranged.ports or ())
        await transport.close()


@pytest.mark.usefixtures("one_interface")
async def test_the_public_address_is_announced_instead_of_the_own(answer: Answer) -> None:
    sdp = await answer(network(public_address="203.0.113.7"))
    assert {address for address, _ in candidates(sdp)} == {"203.0.113.7"}
    assert "127.0.0" not in sdp


async def test_the_own_address_of_the_other_family_is_not_announced_as_public(
    answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice, "get_host_addresses", lambda **_: ["127.0.0.2", "::1"])
    sdp = await answer(Network(public_address="203.0.113.7"))
    assert len(candidates(sdp)) == 1


@pytest.mark.usefixtures("one_interface")
async def test_an_address_that_vanished_is_passed_over(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ice, "get_host_addresses", lambda **_: ["203.0.113.99", "127.0.0.2"])
    assert {address for address, _ in candidates(await answer(Network()))} == {"127.0.0.2"}


def test_nothing_is_configured_by_default() -> None:
    assert network(host="0.0.0.0") == Network()  # noqa: S104  # only looked at


def test_servers_are_read() -> None:
    stun, turn, secure = network(
        ice_servers="stun:stun.example.org, turn:me:se%40cret:x@turn.example.org:443,"
        "turns:me:secret@turn.example.org:5349?transport=tcp,"
    ).ice_servers
    assert (stun.urls, stun.username, stun.credential) == ("stun:stun.example.org", None, None)
    assert (turn.urls, turn.username, turn.credential) == ("turn:turn.example.org:443", "me", "se@cret:x")
    assert secure.urls == "turns:turn.example.org:5349?transport=tcp"


@pytest.mark.parametrize(
    "value",
    ["http://example.org", "stun:", "stun:a:b", "turn:example.org:3478", "turn:me@example.org", "stun:u:p@h:1",
     "stun:host:99999", "stun:a:3478 stun:b:3478"],
)  # fmt: skip
def test_a_server_that_can_not_be_read_is_named_by_its_number(value: str) -> None:
    with pytest.raises(InvalidInput, match="Entry 2 of VISAVIS_ICE_SERVERS"):
        network(ice_servers=f"stun:ok.example.org:3478,{value}")


def test_a_secret_is_not_shown() -> None:
    with pytest.raises(InvalidInput) as refused:
        network(ice_servers="turn:me:hush@")
    assert "hush" not in refused.value.message
    assert "hush" not in repr(network(ice_servers="turn:me:hush@example.org:3478"))


@pytest.mark.parametrize("value", ["40000", "a-b", "50000-40000", "0-10", "60000-70000", "-5"])
def test_a_range_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="VISAVIS_UDP_PORTS"):
        network(udp_ports=value)


def test_a_range_includes_both_ends() -> None:
    assert network(udp_ports="40000-40001").ports == range(40000, 40002)


@pytest.mark.parametrize("value", ["example.org", "0.0.0.0", "224.0.0.1", "1.2.3"])  # noqa: S104  # refused
def test_a_public_address_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(InvalidInput, match="VISAVIS_PUBLIC_ADDRESS"):
        network(public_address=value)

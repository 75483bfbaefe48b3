import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from aiortc import RTCRtpReceiver

from tests.media.moving_picture import FPS, HEIGHT, WIDTH, clip, likeness, picture
from tests.transport.peer import PATIENCE, Comings, Peer
from visavis.errors import AtCapacity, Conflict, InvalidInput
from visavis.media.chunk import AVChunk
from visavis.media.clock import RealClock
from visavis.media.loops import LoopStore
from visavis.media.pictures import Live, Loop, Picture
from visavis.media.samples import Samples, rms
from visavis.media.timeline import PACKET, frame_start
from visavis.testing.transport import check_transport
from visavis.transport import viewer as viewer_module
from visavis.transport.broadcast import Broadcast
from visavis.transport.ice import Network
from visavis.transport.packet_track import PacketTrack
from visavis.transport.webrtc import MAX_VIEWERS, WebRtcTransport

TONE: Samples = (8000 * np.sin(np.arange(PACKET) * 2 * np.pi * 200 / 48_000)).astype(np.int16)
MOVING = clip()


def speaking(index: int) -> Picture:
    return Live(picture(index % 20))


def idling(index: int) -> Picture:
    return Loop(MOVING, index % 20)


@asynccontextmanager
async def playing(transport: WebRtcTransport, shown: Callable[[int], Picture] = speaking) -> AsyncIterator[None]:
    """A playout: 50 packets and 25 pictures a second for as long as it is entered."""

    async def play() -> None:
        clock = RealClock()
        index = packet = 0
        while True:
            pictures = []
            while frame_start(index, FPS) < (packet + 1) * PACKET:
                pictures.append((frame_start(index, FPS), shown(index)))
                index += 1
            transport.play(AVChunk(packet * PACKET, TONE, tuple(pictures)))
            packet += 1
            await clock.sleep_until(packet * PACKET)

    task = asyncio.create_task(play())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def best_likeness(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
    return max(likeness(pixels, picture(i)) for i in range(20))


async def test_it_keeps_the_contract_of_transports(loops: LoopStore) -> None:
    await check_transport(WebRtcTransport(Broadcast(loops, 64, 64, FPS, 1500), Network()))


@pytest.mark.parametrize("codec", ["", "VP8", "H264"])
async def test_a_peer_sees_and_hears_what_is_played(
    transport: WebRtcTransport, peers: Callable[[], Peer], comings: Comings, codec: str
) -> None:
    async with playing(transport):
        peer = await peers().join(transport, codec=codec)
        assert await comings.next() == ("joined", "main")
        shown = await peer.seen(10)
        await peer.heard(20)
        heard = await peer.heard(20)
    assert min(best_likeness(pixels) for pixels in shown) > 30
    assert rms(heard) == pytest.approx(8000 / np.sqrt(2), rel=0.2)
    assert transport.broadcast.video("H264" if codec == "H264" else "VP8").counts.live >= 10


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_peer_sees_a_loop(
    transport: WebRtcTransport, loops: LoopStore, peers: Callable[[], Peer], codec: str
) -> None:
    await loops.encoded(MOVING, "VP8")
    await loops.encoded(MOVING, "H264")
    async with playing(transport, idling):
        peer = await peers().join(transport, codec=codec)
        shown = await peer.seen(30)
    assert min(best_likeness(pixels) for pixels in shown) > 28


async def test_an_offer_without_candidates_connects(transport: WebRtcTransport, peers: Callable[[], Peer]) -> None:
    peer = peers()
    offer = await peer.offer()
    assert "a=candidate" in offer
    bare = "".join(line for line in offer.splitlines(True) if "candidate" not in line)
    async with playing(transport):
        await peer.accept(await transport.offer("main", bare))
        await peer.seen(3)


async def test_hidden_addresses_delay_nothing(transport: WebRtcTransport, peers: Callable[[], Peer]) -> None:
    peer = peers()
    lines = (await peer.offer()).splitlines(True)
    hidden = "a=candidate:1 1 udp 2113937151 7e68c6ed-1ff8-4bdb-84aa-af4606387f97.local 57932 typ host\r\n"
    offer = "".join(hidden if line.startswith("a=candidate") else line for line in lines)
    async with playing(transport):
        await peer.accept(await transport.offer("main", offer))
        await peer.seen(3)


async def test_sound_alone_is_fine(transport: WebRtcTransport, peers: Callable[[], Peer]) -> None:
    async with playing(transport):
        peer = await peers().join(transport, kinds=["audio"])
        await peer.heard(5)
    assert peer.pictures == []


async def test_pictures_alone_are_fine(transport: WebRtcTransport, peers: Callable[[], Peer]) -> None:
    async with playing(transport):
        peer = await peers().join(transport, kinds=["video"])
        await peer.seen(5)
    assert peer.sound == []


async def test_a_data_channel_beside_is_no_trouble(transport: WebRtcTransport, peers: Callable[[], Peer]) -> None:
    peer = peers()
    peer.add_data_channel()
    async with playing(transport):
        await peer.join(transport)
        await peer.seen(3)


async def test_a_microphone_is_not_wanted_by_default(
    transport: WebRtcTransport, peers: Callable[[], Peer]
) -> None:
    peer = peers()
    answer = await transport.offer("main", await peer.offer(direction="sendrecv"))
    assert answer.count("a=sendonly") == 2
    assert "a=sendrecv" not in answer


async def test_a_microphone_is_handed_over_where_it_is_wanted(loops: LoopStore, peers: Callable[[], Peer]) -> None:
    receivers: list[RTCRtpReceiver] = []
    broadcast = Broadcast(loops, WIDTH, HEIGHT, FPS, 1500)
    transport = WebRtcTransport(broadcast, Network(loopback=True), microphone=receivers.append)
    peer = peers()
    await peer.accept(await transport.offer("main", await peer.offer(direction="sendrecv")))
    assert [receiver.track.kind for receiver in receivers] == ["audio"]
    await transport.close()


async def test_a_second_offer_replaces_the_first(
    transport: WebRtcTransport, peers: Callable[[], Peer], comings: Comings
) -> None:
    async with playing(transport):
        first = await peers().join(transport)
        assert await comings.next() == ("joined", "main")
        second = await peers().join(transport)
        async with asyncio.timeout(PATIENCE):
            await first.gone.wait()
        await second.seen(3)
    assert [await comings.next(), await comings.next()] == [("left", "main"), ("joined", "main")]
    assert transport.viewers == 1
    assert transport.broadcast.video("VP8").viewers == 1


async def test_two_viewers_share_one_encoder(transport: WebRtcTransport, peers: Callable[[], Peer]) -> None:
    stream = transport.broadcast.video("VP8")
    async with playing(transport):
        one = await peers().join(transport, "one")
        other = await peers().join(transport, "other")
        await asyncio.gather(one.seen(3), other.seen(3))
        before = stream.counts.live
        shown, _ = await asyncio.gather(one.seen(20), other.seen(20))
    assert transport.viewers == 2
    assert 15 <= stream.counts.live - before <= 30
    assert min(best_likeness(pixels) for pixels in shown) > 28


async def test_a_picture_loss_is_answered_by_a_key_frame(
    transport: WebRtcTransport, peers: Callable[[], Peer]
) -> None:
    async with playing(transport):
        peer = await peers().join(transport)
        await peer.seen(12)
        stream = transport.broadcast.video("VP8")
        before = stream.counts.keys
        receiver = peer.transceiver("video").receiver
        [source] = [each.source for each in receiver.getSynchronizationSources()]
        await receiver._send_rtcp_pli(source)
        async with asyncio.timeout(PATIENCE):
            while stream.counts.keys == before:
                await peer.seen(1)
        await peer.seen(3)


async def test_the_bandwidth_that_a_peer_reports_reaches_the_stream(
    transport: WebRtcTransport, peers: Callable[[], Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: asyncio.Queue[float] = asyncio.Queue()
    stream = transport.broadcast.video("VP8")
    monkeypatch.setattr(stream, "report", lambda track, kbps: reports.put_nowait(kbps))
    async with playing(transport), asyncio.timeout(PATIENCE):
        await peers().join(transport)
        assert 10 < await reports.get() < 100_000


async def test_a_peer_that_goes_is_forgotten(
    transport: WebRtcTransport, peers: Callable[[], Peer], comings: Comings
) -> None:
    async with playing(transport):
        peer = await peers().join(transport)
        await peer.seen(1)
        assert await comings.next() == ("joined", "main")
        await peer.close()
        assert await comings.next() == ("left", "main")
    assert not transport.connected
    assert transport.broadcast.video("VP8").viewers == 0


async def test_a_peer_that_falls_silent_has_left_until_it_is_heard_again(
    transport: WebRtcTransport, peers: Callable[[], Peer], comings: Comings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer_module, "SILENT_AFTER", 0.1)
    async with playing(transport):
        peer = await peers().join(transport)
        # It reports about once a second, so in between it is silent.
        assert [await comings.next() for _ in range(3)] == [
            ("joined", "main"),
            ("left", "main"),
            ("joined", "main"),
        ]
    assert not peer.gone.is_set()


async def test_a_peer_that_never_comes_is_forgotten(
    transport: WebRtcTransport, peers: Callable[[], Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer_module, "CONNECT_TIMEOUT", 0.0)
    stream = transport.broadcast.video("VP8")
    left = asyncio.Event()
    unsubscribe = stream.unsubscribe

    def unsubscribed(track: PacketTrack) -> None:
        unsubscribe(track)
        left.set()

    monkeypatch.setattr(stream, "unsubscribe", unsubscribed)
    await transport.offer("main", await peers().offer())
    async with asyncio.timeout(PATIENCE):
        await left.wait()
    assert transport.viewers == stream.viewers == 0


async def test_closing_lets_everybody_go_and_nobody_in(
    transport: WebRtcTransport, peers: Callable[[], Peer], comings: Comings
) -> None:
    waiting = peers()
    offer = await waiting.offer()
    async with playing(transport):
        one = await peers().join(transport, "one")
        await asyncio.gather(one.seen(1), comings.next())
        await transport.offer("two", await peers().offer())
        await transport.close()
    async with asyncio.timeout(PATIENCE):
        await one.gone.wait()
    assert transport.viewers == 0
    with pytest.raises(Conflict):
        await transport.offer("three", offer)
    assert comings.empty()


async def test_there_is_a_limit_to_the_viewers(transport: WebRtcTransport, peers: Callable[[], Peer]) -> None:
    offer = await peers().offer()
    for i in range(MAX_VIEWERS):
        await transport.offer(f"viewer {i}", offer)
    with pytest.raises(AtCapacity):
        await transport.offer("one more", offer)
    await transport.offer("viewer 0", offer)


async def test_coming_and_going_leaves_no_task_and_no_socket(
    transport: WebRtcTransport, peers: Callable[[], Peer]
) -> None:
    offer = await peers().offer()

    async def come_and_go() -> int:
        for i in range(10):
            await transport.offer(f"viewer {i % 3}", offer)
        for viewer in list(transport._viewers.values()):
            transport._let_go(viewer)
        async with asyncio.timeout(PATIENCE):
            while others := asyncio.all_tasks() - before:
                await asyncio.wait(others)
        return open_files()

    before = asyncio.all_tasks()
    assert await come_and_go() == await come_and_go()


def open_files() -> int:
    """0 where there is no way to know."""
    directory = Path("/proc/self/fd")
    return len(list(directory.iterdir())) if directory.exists() else 0


async def test_a_malformed_offer_leaves_the_earlier_viewer_alone(
    transport: WebRtcTransport, peers: Callable[[], Peer]
) -> None:
    async with playing(transport):
        peer = await peers().join(transport)
        await peer.seen(1)
        with pytest.raises(InvalidInput):
            await transport.offer("main", "v=0\r\n")
        await peer.seen(3)
    assert transport.viewers == 1

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.media.moving_picture import FPS, HEIGHT, WIDTH
from tests.transport.peer import Comings, Peer
from visavis.media.loops import LoopStore
from visavis.transport.broadcast import Broadcast
from visavis.transport.ice import Network
from visavis.transport.webrtc import WebRtcTransport


@pytest.fixture
def loops(tmp_path: Path) -> LoopStore:
    return LoopStore(tmp_path / "loops")


@pytest.fixture
async def broadcast(loops: LoopStore) -> AsyncIterator[Broadcast]:
    made = Broadcast(loops, WIDTH, HEIGHT, FPS, max_kbps=1500)
    yield made
    await made.close()


@pytest.fixture
def comings() -> Comings:
    return Comings()


@pytest.fixture
async def transport(loops: LoopStore, comings: Comings) -> AsyncIterator[WebRtcTransport]:
    broadcast = Broadcast(loops, WIDTH, HEIGHT, FPS, max_kbps=1500)
    made = WebRtcTransport(broadcast, Network(loopback=True), joined=comings.joined, left=comings.left)
    yield made
    await made.close()


@pytest.fixture
async def peers() -> AsyncIterator[Callable[[], Peer]]:
    made: list[Peer] = []

    def peer() -> Peer:
        made.append(Peer())
        return made[-1]

    yield peer
    await asyncio.gather(*(each.close() for each in made))


@pytest.fixture(autouse=True)
async def nothing_fails_unseen() -> AsyncIterator[None]:
    """aiortc has tasks of its own: what fails there is reported to the loop and to nobody else."""
    unseen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unseen.append(context))
    yield
    assert unseen == []

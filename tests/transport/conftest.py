from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.media.moving_picture import FPS, HEIGHT, WIDTH
from visavis.media.loops import LoopStore
from visavis.transport.broadcast import Broadcast


@pytest.fixture
def loops(tmp_path: Path) -> LoopStore:
    return LoopStore(tmp_path / "loops")


@pytest.fixture
async def broadcast(loops: LoopStore) -> AsyncIterator[Broadcast]:
    made = Broadcast(loops, WIDTH, HEIGHT, FPS, max_kbps=1500)
    yield made
    await made.close()

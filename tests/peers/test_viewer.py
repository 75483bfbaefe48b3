"""What a viewer of a room gets from `visavis serve`: flashes and beeps together, and soon."""

import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import httpx
import numpy as np
import pytest

from tests.peers.conftest import Site, session_of
from tests.peers.livekit.conftest import Server
from tests.peers.watching import Viewer, viewer
from tests.transport.livekit.minting import token

pytestmark = pytest.mark.peers

RATE = 16_000
SECONDS = 8

ROUNDS = 5
"""Sessions whose first picture is timed."""


@pytest.fixture(scope="module")
def settings() -> Mapping[str, str]:
    return {"VISAVIS_MOCK_COUNTER": "true", "VISAVIS_CREATES_PER_MINUTE": "1000"}


async def create(client: httpx.AsyncClient, rooms: Server, room: str, quality: str) -> str:
    transport = {"type": "livekit", "url": rooms.url, "room_name": room, "worker_token": token("avatar", room)}
    answer = await client.post(
        "/v1/sessions", json={"avatar_id": "av_demo", "transport": transport, "quality": quality}
    )
    assert answer.status_code == 201
    session: str = answer.json()["id"]
    return session


async def end(client: httpx.AsyncClient, session: str) -> dict[str, Any]:
    ended: dict[str, Any] = (await client.post(f"/v1/sessions/{session}/end")).json()
    return ended


async def say(looking: Viewer, pcm: bytes) -> None:
    writer = await looking.room.local_participant.stream_bytes(
        "AUDIO_1",
        topic="lk.audio_stream",
        attributes={"sample_rate": str(RATE), "num_channels": "1"},
        destination_identities=["avatar"],
    )
    await writer.write(pcm)
    await writer.aclose()


async def test_flashes_and_beeps_arrive_in_step(
    site: Site, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    hush = np.full(SECONDS * RATE, 40, dtype="<i2")
    async with viewer(server, "skew") as looking, site.client() as client:
        session = await create(client, server, "skew", "mock")
        await looking.until(lambda: looking.seen_at)
        await say(looking, hush.tobytes())
        await looking.until(lambda: min(len(looking.beeps), len(looking.flashes)) >= SECONDS - 2, 30)
        assert (await end(client, session))["failure"] is None
    pairs = [(flash, min(looking.beeps, key=lambda beep: abs(beep - flash))) for flash in looking.flashes]
    skews = [beep - flash for flash, beep in pairs if abs(beep - flash) < 0.5]
    assert len(skews) >= SECONDS - 2
    # Whichever is first, they belong together: half a second apart they would be another one's.
    assert abs(median(skews)) < 0.1
    with capsys.disabled():
        shown = " ".join(f"{skew * 1000:.0f}" for skew in skews)
        print(f"\nskew (beep after flash), ms: {shown}; {looking.missed} of {looking.pictures} pictures left out")


@pytest.mark.parametrize("quality", ["mock", "standard"])
async def test_a_session_is_seen_soon(
    site: Site, server: Server, quality: str, capsys: pytest.CaptureFixture[str]
) -> None:
    taken, answered = [], []
    for each in range(ROUNDS):
        room = f"soon-{quality}-{each}"
        async with viewer(server, room) as looking, site.client() as client:
            await client.get("/v1/status")
            began = time.time()
            session = await create(client, server, room, quality)
            answered.append(time.time() - began)
            await looking.until(lambda: looking.seen_at)  # noqa: B023  waited for in the same round
            taken.append(looking.seen_at[0] - began)
            await end(client, session)
            assert (await session_of(site, session, "ended"))["usage"]["frames"] > 0
    assert len(taken) == ROUNDS
    with capsys.disabled():
        print(
            f"\n{quality}: create → answer {median(answered) * 1000:.0f} ms; create → first picture at the viewer"
            f" {' '.join(f'{each * 1000:.0f}' for each in taken)} ms"
        )

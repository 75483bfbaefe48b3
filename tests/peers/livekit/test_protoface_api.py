"""The Protoface API over a real LiveKit room: its SDK, the whole server with its workers, and a viewer."""

import asyncio
import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from protoface_sdk import ProtofaceClient
from protoface_sdk.models import Session

from tests.api.serving import serving
from tests.peers.livekit.company import someone, tone
from tests.peers.livekit.conftest import Server, free_ports
from tests.transport.livekit.minting import token
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.pool.queue import QueuedPool
from visavis.pool.recorded import RecordedPool
from visavis.pool.workers import WorkersPool
from visavis.settings import Settings
from visavis.store import Store

pytestmark = pytest.mark.peers

AVATAR = "avatar"


@dataclass(frozen=True, slots=True)
class Site:
    """A whole server, as `visavis serve` puts it together."""

    client: ProtofaceClient
    workers: WorkersPool
    rooms: Server

    def create(self, room: str, url: str = "", **changes: str) -> Session:
        pass_in = changes.pop("worker_token", token(AVATAR, room))
        return self.client.sessions.create_livekit(
            avatar_id="av_demo",
            url=url or self.rooms.url,
            room_name=room,
            worker_token=pass_in,
            quality=changes.get("quality"),
            idle_timeout_seconds=int(changes.get("idle", "30")),
        )


@pytest.fixture(scope="module")
def site(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data: Path = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=data, livekit_hosts="127.0.0.1", creates_per_minute=1000, workers=1)

    async def key() -> str:
        async with Store(settings) as store:
            return (await store.keys.create("Acme"))[0]

    secret = asyncio.run(key())
    store, workers = Store(settings), WorkersPool(settings)
    pool = RecordedPool(QueuedPool(workers, settings), store, settings)
    with (
        serving(create_app(pool, settings, Catalogue(settings), store)) as url,
        ProtofaceClient(secret, base_url=url) as client,
    ):
        yield Site(client, workers, server)


def over(session: Session) -> Session:
    """The session when nothing changes any more, by its events."""
    refresh = session._refresh
    assert refresh is not None
    while session.status.value not in ("ended", "failed", "canceled"):
        session = refresh()
    return session


def failure(session: Session) -> str:
    found = over(session)
    assert found.status.value == "failed"
    assert found.failure is not None
    return found.failure.code


def delete(rooms: Server, room: str) -> None:
    grants = token("admin", room, roomAdmin=True, roomCreate=True, roomList=True)
    address = f"{rooms.url.replace('ws', 'http')}/twirp/livekit.RoomService/DeleteRoom"
    headers = {"Authorization": f"Bearer {grants}", "Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps({"room": room}).encode(), headers)  # noqa: S310  our own server
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  our own server


@pytest.mark.parametrize("quality", ["lite", "standard", "mock"])
async def test_an_avatar_comes_speaks_and_leaves(site: Site, quality: str) -> None:
    room = f"visit-{quality}"
    async with someone(site.rooms, room, "viewer") as viewer:
        session = await asyncio.to_thread(site.create, room, quality=quality)
        assert session.status.value == "queued"
        running = await asyncio.to_thread(session.wait_until_running, poll_interval=0.05)
        assert running.status.value == "running"
        await viewer.until(lambda: viewer.pictures > 0)
        await viewer.say(tone(0.5))
        await viewer.until(viewer.finished)
        ended = await asyncio.to_thread(site.client.sessions.end, session.id)
        assert ended.status.value == "ended"
        assert ended.usage is not None
        assert ended.usage.frames > 0


def test_a_room_that_is_deleted_is_a_normal_end(site: Site) -> None:
    session = site.create("deleted").wait_until_running(poll_interval=0.05)
    delete(site.rooms, "deleted")
    assert over(session).status.value == "ended"


def test_nobody_speaking_is_a_normal_end(site: Site) -> None:
    session = site.create("idle", idle="1").wait_until_running(poll_interval=0.05)
    assert over(session).status.value == "ended"


def test_failures_have_their_codes_and_the_next_session_works(site: Site) -> None:
    (nobody,) = free_ports(1)
    assert failure(site.create("closed", url=f"ws://127.0.0.1:{nobody}")) == "transport.join_failed"
    forged = token(AVATAR, "forged", secret="x" * 32)
    assert failure(site.create("forged", worker_token=forged)) == "transport.token_invalid"
    lost = site.create("lost").wait_until_running(poll_interval=0.05)
    process = site.workers.workers[0].process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    assert failure(lost) == "worker.lost"
    # The room's server would wait for the dead participant when it is to stop.
    delete(site.rooms, "lost")
    session = site.create("after").wait_until_running(poll_interval=0.05)
    assert session.status.value == "running"
    assert site.client.sessions.end(session.id).status.value == "ended"

"""A server with everything that the routes of the contract can be asked about."""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from fractions import Fraction

import httpx
import msgspec
import numpy as np
from fastapi import FastAPI

from tests.api.pictures import portrait
from visavis.films import recordings
from visavis.media.chunk import AVChunk
from visavis.media.containers import Mp4Writer
from visavis.media.spoken import Spoken
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool, FakeSession

PICTURE = portrait(".png")
SOUND = Spoken(b"\x10\x00\xf0\xff" * 8000, 16_000).wav()
SDP = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"

CLONE = {
    "provider": "dashscope",
    "target_model": "qwen3-tts-vc-realtime",
    "display_label": "Ada",
    "preferred_name": "ada",
}

RENDERER = (
    sys.executable,
    "-c",
    """
import struct, sys, msgspec
size, = struct.unpack("!I", sys.stdin.buffer.read(4))
task = msgspec.msgpack.decode(sys.stdin.buffer.read(size))
open(task["film"], "wb").write(b"film")
print('{"progress": 1.0}', flush=True)
""",
)
"""Stands in for the process that renders: done at once."""


@dataclass
class Scene:
    """The server, its session, and the names that paths have."""

    client: httpx.AsyncClient
    app: FastAPI
    pool: FakePool
    session: FakeSession
    settings: Settings
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names |= {"session_id": self.session.id, "avatar_id": "ada"}

    def path(self, template: str) -> str:
        """A path with its names filled in."""
        return template.format(**self.names)


Prepare = Callable[[Scene], Awaitable[None]]


async def nothing(scene: Scene) -> None:
    """It is all there."""


async def custom_avatar(scene: Scene) -> None:
    """An avatar that may be deleted."""
    form = {"name": "Ada", "base_avatar_id": "ada"}
    made = await scene.client.post("/avatars/custom", data=form, files={"image": ("a.png", PICTURE)})
    scene.names["avatar_id"] = made.json()["id"]


async def recorded(scene: Scene) -> None:
    """A recording that is complete."""
    await scene.session.record()
    await scene.session.stop_recording()
    path = recordings(scene.settings).place(scene.session.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Mp4Writer(path, 64, 64, Fraction(25))
    writer.write(AVChunk(0, np.zeros(48_000, np.int16)))
    writer.close()


async def recording(scene: Scene) -> None:
    """A recording that goes on."""
    await scene.session.record()


async def heard(scene: Scene) -> None:
    """A journal that something was heard of."""
    place = scene.settings.data_dir / "journal" / scene.session.id
    place.mkdir(parents=True)
    (place / "turn.json").write_bytes(msgspec.json.encode({"heard_samples": 960}))


async def bundle(scene: Scene) -> None:
    """A bundle that will be rendered."""
    await heard(scene)
    made = await scene.client.post(scene.path("/sessions/{session_id}/flashtalk-offline-bundle"))
    scene.names["job_id"] = made.json()["job_id"]


async def rendered(scene: Scene) -> None:
    """A bundle that is complete."""
    await bundle(scene)
    active = scene.app.state.parts.rendering._active.get(scene.names["job_id"])
    if active is not None:
        await active.over.wait()


async def clone(scene: Scene) -> None:
    """A voice that was cloned."""
    made = await scene.client.post("/voices/clone", data=CLONE, files={"audio": ("a.wav", SOUND)})
    scene.names["entry_id"] = str(made.json()["entry_id"])


async def upload(scene: Scene) -> None:
    """A sample that a service may fetch."""
    scene.names["token"] = scene.app.state.workshop.voices.samples.offer(SOUND)


async def ended(scene: Scene) -> None:
    """The session is over."""
    await scene.session.close()


async def running(scene: Scene) -> None:
    """The session was started."""
    await scene.session.start()


async def busy(scene: Scene) -> None:
    """A turn is in flight."""
    answer = await scene.client.post(scene.path("/sessions/{session_id}/speak"), json={"text": "Hello."})
    assert answer.status_code == 200

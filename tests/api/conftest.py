import json
import struct
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.sockets import serving
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool, FakeSession

BASE = "http://visavis"


def _png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _bundle(root: Path, avatar_id: str, **manifest: object) -> Path:
    path = root / "avatars" / avatar_id
    path.mkdir(parents=True)
    base = {"id": avatar_id, "name": "Somebody", "model_type": "portrait", "width": 512, "height": 512, "fps": 25}
    (path / "manifest.json").write_text(json.dumps(base | manifest), "utf-8")
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (_bundle(tmp_path, "ada", metadata={"mood": "calm"}) / "preview.png").write_bytes(_png())
    _bundle(tmp_path, "bare")
    _bundle(tmp_path, "ghost", metadata={"hidden": True})
    (_bundle(tmp_path, "broken") / "manifest.json").write_text("{", "utf-8")
    chosen: dict[str, Any] = {"max_text_chars": 1000, "cors_origins": "https://kiosk.example"}
    return Settings(data_dir=tmp_path, **chosen)


@pytest.fixture
def pool() -> FakePool:
    return FakePool(avatars=("demo-avatar", "ada"), room=3)


@pytest.fixture
def app(pool: FakePool, settings: Settings) -> FastAPI:
    return create_app(pool, settings, Catalogue(settings))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE) as made:
        yield made


@pytest.fixture
async def session(client: httpx.AsyncClient, pool: FakePool) -> FakeSession:
    answer = await client.post("/sessions", json={"avatar_id": "ada", "model": "portrait"})
    return pool.get(answer.json()["session_id"])


@pytest.fixture
async def port(app: FastAPI) -> AsyncIterator[int]:
    """Where a real server has the application, on 127.0.0.1."""
    async with serving(app) as made:
        yield made

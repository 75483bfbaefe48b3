"""The services' routes over a real pool; what is told of a failing part comes from strict stubs of the parts."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.pool import NewSession, SessionPool
from visavis.pool.inline import InlineHandle, InlinePool
from visavis.settings import Settings


def application(pool: SessionPool, settings: Settings) -> FastAPI:
    return create_app(pool, settings, Catalogue(settings))


class WatchedPool(InlinePool):
    """Tells when a session is there."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, warm=False)
        self.created = asyncio.Event()

    async def __aenter__(self) -> "WatchedPool":
        await super().__aenter__()
        return self

    async def create(self, request: NewSession, session_id: str = "") -> InlineHandle:
        handle = await super().create(request, session_id)
        self.created.set()
        return handle


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, "WatchedPool"]]:
    """A client of the routes, and the pool they work with."""
    async with WatchedPool(settings) as pool:
        transport = httpx.ASGITransport(application(pool, settings), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://visavis", timeout=60) as client:
            yield client, pool


class Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """The base URL of a real server."""
    server = Server(
        uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve())
    await server.listens.wait()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[InlinePool]:
    async with InlinePool(settings, warm=False) as made:
        yield made


@pytest.fixture
async def client(pool: InlinePool, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(pool, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://visavis", timeout=60) as made:
        yield made


def events(text: str) -> list[Any]:
    """The data of a stream's events, as the kiosk reads them; `[DONE]` as it is."""
    return list(_events(text))


def _events(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        if line.startswith("data: "):
            data = line.removeprefix("data: ")
            yield data if data == "[DONE]" else json.loads(data)


def left(settings: Settings) -> list[Path]:
    """Files that a request should not have left behind."""
    return [
        path
        for name in ("clips", "uploads")
        for path in (settings.data_dir / name).rglob("*")
        if path.is_file() or name == "clips"
    ]

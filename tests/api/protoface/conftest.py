import asyncio
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import httpx
import pytest
from fastapi import FastAPI

from tests.api.protoface.tokens import minted
from tests.avatar.faces import astronaut
from visavis.api.app import create_app
from visavis.api.protoface import Agency
from visavis.avatar import Catalogue
from visavis.pool import NewSession
from visavis.settings import Settings
from visavis.store import Store
from visavis.testing.fake_pool import FakePool

URL = "ws://127.0.0.1:7880"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen: dict[str, Any] = {"livekit_hosts": "127.0.0.1", "creates_per_minute": 1000}
    return Settings(data_dir=tmp_path, **chosen)


@pytest.fixture
def pool() -> FakePool:
    return FakePool(room=4)


@pytest.fixture
def app(pool: FakePool, settings: Settings) -> FastAPI:
    return create_app(pool, settings, Catalogue(settings))


@pytest.fixture
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        await agency_of(app).dispatcher.tidied.wait()
        yield app


@pytest.fixture
def agency(running: FastAPI) -> Agency:
    return agency_of(running)


@pytest.fixture
async def client(running: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Of the organisation Acme."""
    async with client_of(running, "Acme") as made:
        yield made


@pytest.fixture
async def stranger(running: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Of another one."""
    async with client_of(running, "Other") as made:
        yield made


def client_of(app: FastAPI, organisation: str, **key: Any) -> "Keyed":
    return Keyed(app, organisation, key)


class Keyed:
    """A client with a key of its own."""

    def __init__(self, app: FastAPI, organisation: str, key: dict[str, Any]) -> None:
        self._app = app
        self._organisation = organisation
        self._key = key
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> httpx.AsyncClient:
        store: Store = self._app.state.parts.store
        secret, _ = await store.keys.create(self._organisation, **self._key)
        transport = httpx.ASGITransport(self._app)
        headers = {"Authorization": f"Bearer {secret}"}
        self._client = httpx.AsyncClient(transport=transport, base_url="http://visavis", headers=headers)
        return await self._client.__aenter__()

    async def __aexit__(self, *exc: object) -> None:
        if self._client is not None:
            await self._client.aclose()


def agency_of(app: FastAPI) -> Agency:
    found: Agency = app.state.protoface
    return found


def wanted(**changes: Any) -> dict[str, Any]:
    """A body for `POST /v1/sessions`; a field that is None is left out."""
    transport = {"type": "livekit", "url": URL, "room_name": "demo-room", "worker_token": minted()}
    transport |= changes.pop("transport", {})
    body = {"avatar_id": "av_demo", "transport": transport, **changes}
    return {key: value for key, value in body.items() if value is not None}


async def reached(client: httpx.AsyncClient, session_id: str, *statuses: str) -> dict[str, Any]:
    """The session, as soon as it has one of `statuses`."""
    async with asyncio.timeout(20):
        while True:
            session: dict[str, Any] = (await client.get(f"/v1/sessions/{session_id}")).json()
            if session["status"] in statuses:
                return session
            await asyncio.sleep(0)


@cache
def portrait(kind: str = ".png") -> bytes:
    """A photograph of a face."""
    picture = cv2.imencode(kind, astronaut())[1]
    return picture.tobytes()


async def settled(client: httpx.AsyncClient, avatar_id: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            avatar: dict[str, Any] = (await client.get(f"/v1/avatars/{avatar_id}")).json()
            if avatar["status"] != "processing":
                return avatar
            await asyncio.sleep(0)


def refusal(answer: httpx.Response) -> dict[str, Any]:
    """The error in an answer, which has to have the family's form."""
    body = answer.json()
    assert body.keys() == {"error"}
    error: dict[str, Any] = body["error"]
    assert error.keys() == {"type", "code", "message", "param", "request_id"}
    assert error["request_id"] == answer.headers["x-request-id"]
    return error


async def created(client: httpx.AsyncClient, **changes: Any) -> str:
    answer = await client.post("/v1/sessions", json=wanted(**changes))
    assert answer.status_code == 201
    session: str = answer.json()["id"]
    return session


async def key_of(client: httpx.AsyncClient, agency: Agency) -> str:
    """The id of the client's organisation."""
    return (await agency.store.keys.organisation("Acme")).id


def request_of(avatar: str) -> Any:
    return NewSession(avatar)

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.api.contract.scene import RENDERER, Scene
from visavis.pool import rendering
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool, FakeSession
from visavis.testing.voice_stubs.dashscope_cloning import CloningStub

KEY = "k3y-of-the-stub"


@pytest.fixture
async def stub() -> AsyncIterator[CloningStub]:
    async with CloningStub(KEY) as made:
        yield made


@pytest.fixture
def settings(settings: Settings, stub: CloningStub, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(rendering, "COMMAND", RENDERER)
    changed: dict[str, Any] = {"dashscope_api_key": KEY, "dashscope_service_url": stub.websocket_url}
    return settings.model_copy(update=changed)


@pytest.fixture
def pool() -> FakePool:
    return FakePool(avatars=("demo-avatar", "ada"), voices=("espeak", "dashscope"), room=3)


@pytest.fixture
async def scene(
    client: httpx.AsyncClient, app: FastAPI, pool: FakePool, session: FakeSession, settings: Settings
) -> Scene:
    return Scene(client, app, pool, session, settings)

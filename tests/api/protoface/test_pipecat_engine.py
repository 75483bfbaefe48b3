"""Pipecat sessions of a real engine, on both pools: what is sent is said, with its pictures."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from tests.api.protoface.conftest import client_of, reached
from tests.api.protoface.media_client import PROTOCOL, MediaClient, bootstrap
from tests.api.sockets import serving
from visavis.api.app import create_app
from visavis.api.protoface.media_records import Kind, MediaRecord
from visavis.avatar import Catalogue
from visavis.pool.inline import InlinePool
from visavis.pool.workers import WorkersPool
from visavis.settings import Settings

RATE = 16_000

TONE = (8000 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)).astype("<i2")
"""A second."""


@pytest.fixture(params=["inline", "workers"])
async def app(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[FastAPI]:
    settings = settings.model_copy(update={"workers": 1})
    pool = InlinePool(settings, warm=False) if request.param == "inline" else WorkersPool(settings)
    app = create_app(pool, settings, Catalogue(settings))
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app, "Acme") as made:
        yield made


@pytest.fixture
async def pipeline(app: FastAPI, made: dict[str, Any]) -> AsyncIterator[MediaClient]:
    token = made["relay"]["media_token"]
    async with (
        serving(app) as port,
        MediaClient.asking(port, made["session"]["id"], "", [PROTOCOL, token]) as pipeline,
    ):
        assert await pipeline.protocol() == PROTOCOL
        yield pipeline


@pytest.fixture
async def made(client: httpx.AsyncClient) -> dict[str, Any]:
    return await bootstrap(client, quality="mock", idle_timeout_seconds=20)


async def say(pipeline: MediaClient) -> None:
    for at in range(0, RATE, 640):
        await pipeline.send(Kind.AUDIO, {"sample_rate": RATE, "num_channels": 1}, TONE[at : at + 640].tobytes())
    await pipeline.send(Kind.FLUSH)


async def heard(pipeline: MediaClient, seconds: float) -> list[MediaRecord]:
    """Sound and pictures until that much was heard."""
    found: list[MediaRecord] = []
    while sum(len(each.blob) for each in found if each.kind == Kind.AUDIO) < seconds * 48_000 * 2:
        found.append(await pipeline.record())
    return found


async def test_what_is_said_comes_with_its_pictures(
    pipeline: MediaClient, client: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    # At once: the engine is still being made.
    await say(pipeline)
    assert (await pipeline.record()).kind == Kind.READY
    media = await heard(pipeline, 0.95)
    sound = [each for each in media if each.kind == Kind.AUDIO]
    pcm = np.concatenate([np.frombuffer(each.blob, "<i2") for each in sound]).astype(float)
    assert np.sqrt(np.mean(pcm**2)) == pytest.approx(8000 / np.sqrt(2), rel=0.05)
    first = media.index(sound[0])
    shown = [each for each in media[first:] if each.kind == Kind.VIDEO]
    # One picture with each piece of sound.
    assert abs(len(shown) - len(sound)) <= 1
    times = [each.header["timestamp_ms"] for each in shown]
    assert times == sorted(times)
    indices = [each.header["frame_index"] for each in shown]
    assert indices == list(range(indices[0], indices[0] + len(indices)))
    await reached(client, made["session"]["id"], "running")
    await pipeline.send(Kind.CLOSE)
    assert await pipeline.ended() == (1000, "")
    session = (await client.get(f"/v1/sessions/{made['session']['id']}")).json()
    assert (session["status"], session["failure"]) == ("ended", None)
    assert session["usage"]["frames"] >= len(shown)


async def test_an_interruption_is_silence_and_the_next_utterance_is_heard(pipeline: MediaClient) -> None:
    await say(pipeline)
    await heard(pipeline, 0.2)
    await pipeline.send(Kind.INTERRUPT)
    # What was on its way comes; then only pictures, until something new is said.
    quiet = 0
    late = 0
    async with asyncio.timeout(20):
        while quiet < 10:
            record = await pipeline.record()
            quiet = quiet + 1 if record.kind == Kind.VIDEO else 0
            late += len(record.blob) if record.kind == Kind.AUDIO else 0
    assert late / 2 / 48_000 <= 0.3
    await say(pipeline)
    await heard(pipeline, 0.95)

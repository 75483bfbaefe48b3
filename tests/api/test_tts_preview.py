"""`POST /tts/preview` (contract opentalking 1.8)."""

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.errors import AtCapacity
from visavis.media.spoken import Spoken
from visavis.pool import NewSession, Say
from visavis.pool.inline import InlinePool
from visavis.session.events import ClipWritten, Failed, TurnEnded, TurnStarted
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool, FakeSession

TEXT = {"text": "Welcome."}


class Watched(FakePool):
    """Tells of each session that is made."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: asyncio.Queue[FakeSession] = asyncio.Queue()

    async def create(self, request: NewSession, session_id: str = "") -> FakeSession:
        session = await super().create(request, session_id)
        self.queue.put_nowait(session)
        return session

    async def speaking(self) -> FakeSession:
        """The next session, when it was told to speak."""
        session = await self.queue.get()
        async for record in session.events():
            if isinstance(record.event, TurnStarted):
                break
        return session


@pytest.fixture
def pool() -> Watched:
    return Watched()


def clip(settings: Settings, session: FakeSession, number: int, pcm: bytes, rate: int) -> ClipWritten:
    path = settings.data_dir / "clips" / session.id / f"response_{number:03d}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(Spoken(pcm, rate).wav())
    return ClipWritten("t", number, "…", str(path))


def clips(settings: Settings) -> list[Path]:
    return list((settings.data_dir / "clips").glob("*"))


async def answered(
    client: httpx.AsyncClient, pool: Watched, settings: Settings, **sent: Any
) -> tuple[httpx.Response, FakeSession]:
    """Have a text said: two sentences, at two rates."""
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("/tts/preview", **sent))
        session = await pool.speaking()
        session.happen(
            clip(settings, session, 1, b"\1\0" * 1600, 16_000), clip(settings, session, 2, b"\2\0" * 800, 8000)
        )
        session.finish()
    return asked.result(), session


async def test_the_sentences_come_as_one_wav(client: httpx.AsyncClient, pool: Watched, settings: Settings) -> None:
    answer, session = await answered(client, pool, settings, json=TEXT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["cache-control"] == "no-store"
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16_000, 1, 2)
        assert file.getnframes() == 1600 + 1600
    assert session.commands == [Say("Welcome.")]
    assert (session.request.voice_only, session.request.clips, session.request.forgiving) == (True, True, False)
    assert pool.sessions() == []
    assert clips(settings) == []


@pytest.mark.parametrize(
    "sent",
    [
        {"json": TEXT | {"voice": "v", "provider": "flite", "model": "m"}},
        {"json": TEXT | {"voice": "v", "tts_provider": "flite", "tts_model": "mock", "indextts_config": {}}},
        {"data": TEXT | {"voice": "v", "tts_provider": "flite", "tts_model": "m"}},
        {
            "data": TEXT | {"voice": "v", "tts_provider": "flite", "model": "m", "indextts_config": "{}"},
            "files": {"indextts_emotion_audio": ("a.wav", b"x")},
        },
    ],
    ids=["json", "deployed json", "form", "multipart"],
)
async def test_both_spellings_as_json_and_as_a_form(
    client: httpx.AsyncClient, pool: Watched, settings: Settings, sent: Any
) -> None:
    answer, session = await answered(client, pool, settings, **sent)
    assert answer.status_code == 200
    asked = session.request
    assert (asked.tts_provider, asked.tts_voice) == ("flite", "v")
    assert asked.tts_model in ("m", "mock")


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"", "body: not valid JSON"),
        (b"{", "body: not valid JSON"),
        (b"[" * 30_000, "body: not valid JSON"),
        (b'"text"', "body: must be a JSON object"),
        (b"{}", "text: field required"),
        (b'{"text": null}', "text: must be a string"),
        (b'{"text": 5}', "text: must be a string"),
        (b'{"text": ""}', "text: must not be empty"),
        (b'{"text": " \\n"}', "text: must not be empty"),
        (b'{"text": "\\u0000"}', "text: must not be empty"),
        (b'{"text": "\\ud800"}', "text: must be valid Unicode"),
        (json.dumps({"text": "x" * 1001}).encode(), "text: at most 1000 characters"),
        (b'{"text": "a", "provider": "nobody"}', "unknown tts provider"),
        (b'{"text": "a", "tts_provider": ["edge"]}', "tts_provider: must be a string"),
        (b'{"text": "a", "voice": "\\u0007"}', "voice: must not contain control characters"),
        (b'{"text": "a", "model": 1}', "model: must be a string"),
        (b'{"text": "\xff"}', "body: not valid JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_requests(client: httpx.AsyncClient, content: bytes, detail: str) -> None:
    answer = await client.post("/tts/preview", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(detail)


@pytest.mark.parametrize("kind", ["text/plain", "", "application/xml", "multipart/form-data", "multipart/mixed"])
async def test_bodies_of_another_type(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post("/tts/preview", content=b'{"text": "a"}', headers={"content-type": kind})
    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


async def test_a_huge_body_is_413(client: httpx.AsyncClient) -> None:
    answer = await client.post("/tts/preview", json={"text": "x" * 100_000})
    assert answer.status_code == 413
    answer = await client.post("/tts/preview", data=TEXT, files={"a": ("a", bytes(100_000))})
    assert answer.status_code == 413


@pytest.mark.parametrize("code", ["upstream_failed", "stage_failed"])
async def test_a_voice_that_fails_is_502(
    client: httpx.AsyncClient, pool: Watched, settings: Settings, code: str
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("/tts/preview", json=TEXT))
        session = await pool.speaking()
        session.happen(clip(settings, session, 1, bytes(32), 16_000), Failed("tts", code, "no voice today", "t"))
        session.finish("failed")
    answer = asked.result()
    assert (answer.status_code, answer.json()) == (502, {"detail": "no voice today"})
    assert pool.sessions() == []
    assert clips(settings) == []


async def test_a_text_without_a_sound_is_400(client: httpx.AsyncClient, pool: Watched) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("/tts/preview", json={"text": "…"}))
        (await pool.speaking()).finish()
    assert asked.result().status_code == 400
    assert asked.result().json()["detail"] == "text: there is nothing in it that can be spoken"


async def test_a_full_server_and_a_closed_session_are_503(client: httpx.AsyncClient, pool: Watched) -> None:
    pool.failure = AtCapacity("no room", retry_after=7)
    answer = await client.post("/tts/preview", json=TEXT)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(client.post("/tts/preview", json=TEXT))
        await (await pool.speaking()).close()
    assert asked.result().status_code == 503


async def test_a_client_that_leaves_ends_the_session(app: FastAPI, pool: Watched, settings: Settings) -> None:
    body = json.dumps(TEXT).encode()
    left = asyncio.Event()
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    headers = [(b"content-type", b"application/json"), (b"host", b"visavis")]
    scope = {"type": "http", "method": "POST", "path": "/tts/preview", "raw_path": b"/tts/preview"}
    scope |= {"query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http"}
    async with app.router.lifespan_context(app), asyncio.TaskGroup() as group:
        group.create_task(app(scope, receive, send))
        session = await pool.speaking()
        session.happen(clip(settings, session, 1, bytes(32), 16_000))
        left.set()
        ended = [record.event async for record in session.events()]
    assert TurnEnded in map(type, ended)
    assert clips(settings) == []


@pytest.fixture
async def speaking(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(data_dir=tmp_path / "data")
    app = create_app(InlinePool(settings, warm=False), settings, Catalogue(settings))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://visavis", timeout=60) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("text", "least"),
    [("欢迎光临。你好，我叫维拉。", 2.0), ("Good morning. How are you?", 1.2), ("Hello. 你好。", 0.8)],
)
async def test_a_real_voice_speaks(speaking: httpx.AsyncClient, text: str, least: float) -> None:
    answer = await speaking.post("/tts/preview", json={"text": text})
    assert answer.status_code == 200
    with wave.open(io.BytesIO(answer.content)) as file:
        assert file.getnframes() / file.getframerate() > least
        assert any(file.readframes(file.getnframes()))


async def test_a_real_server_without_that_provider_or_its_key(speaking: httpx.AsyncClient) -> None:
    answer = await speaking.post("/tts/preview", json=TEXT | {"provider": "dashscope"})
    assert answer.status_code == 400
    assert "VISAVIS_DASHSCOPE_API_KEY" in answer.json()["detail"]
    assert (await speaking.post("/tts/preview", json=TEXT | {"provider": "nobody"})).status_code == 400


async def test_the_document_has_both_bodies(client: httpx.AsyncClient) -> None:
    operation = (await client.get("/openapi.json")).json()["paths"]["/tts/preview"]["post"]
    content = operation["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    assert content["application/json"]["schema"]["required"] == ["text"]
    assert "audio/wav" in operation["responses"]["200"]["content"]
    assert {"400", "502"} <= operation["responses"].keys()

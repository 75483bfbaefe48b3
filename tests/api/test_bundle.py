"""`/sessions/{id}/flashtalk-offline-bundle`, each answer it can give; sessions are fakes, renderers are stubs."""

import asyncio
import sys
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.ids import new_id
from visavis.pool import NewSession, rendering
from visavis.settings import Settings
from visavis.store import SessionRecord, Store
from visavis.testing.fake_pool import FakePool, FakeSession

STUB = """
import struct, sys, msgspec
size, = struct.unpack("!I", sys.stdin.buffer.read(4))
task = msgspec.msgpack.decode(sys.stdin.buffer.read(size))
print('{"progress": 0.625}', flush=True)
"""
FILMING = (sys.executable, "-c", STUB + "open(task['film'], 'wb').write(bytes(range(256)))")
HANGING = (sys.executable, "-c", STUB + "sys.stdin.buffer.read()")
FAILING = (sys.executable, "-c", STUB + """print('{"progress": 0, "error": "the film tore"}'); sys.exit(1)""")


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setattr(rendering, "COMMAND", getattr(request, "param", FILMING))


@pytest.fixture
async def running(command: None, pool: FakePool, settings: Settings) -> AsyncIterator[FastAPI]:
    """The application with its lifespan, and the record of a session that is over."""
    async with Store(settings) as store:
        await store.sessions.add(SessionRecord(PAST, "", "ada", "portrait", "espeak", "", 1.0))
        app = create_app(pool, settings, Catalogue(settings), store)
        async with app.router.lifespan_context(app):
            yield app


@pytest.fixture
async def client(running: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(running), base_url="http://visavis") as made:
        yield made


PAST = new_id()


def heard(settings: Settings, session: str) -> str:
    """Make a journal of which something was heard; returns the path of the session's bundles."""
    place = settings.data_dir / "journal" / session
    place.mkdir(parents=True)
    (place / "turn.json").write_bytes(msgspec.json.encode({"heard_samples": 960}))
    return f"/sessions/{session}/flashtalk-offline-bundle"


@pytest.fixture
def base(settings: Settings, session: FakeSession) -> str:
    return heard(settings, session.id)


async def until(client: httpx.AsyncClient, job: str, *states: str) -> dict[str, object]:
    async with asyncio.timeout(30):
        while (body := (await client.get(job)).json())["status"] not in states:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0)
    assert isinstance(body, dict)
    return body


async def test_a_bundle_from_its_order_to_its_download(
    client: httpx.AsyncClient, session: FakeSession, base: str
) -> None:
    ordered = await client.post(base)
    assert ordered.status_code == 200
    body = ordered.json()
    assert (body["status"], body["session_id"]) == ("pending", session.id)
    job = f"{base}/{body['job_id']}"
    done = await until(client, job, "complete", "failed")
    assert done == {
        "job_id": body["job_id"],
        "status": "complete",
        "progress": 1.0,
        "error": None,
        "session_id": session.id,
    }

    for query in ("", "?artifact=bundle", "?artifact=video"):
        film = await client.get(f"{job}/download{query}")
        assert (film.status_code, film.headers["content-type"]) == (200, "video/mp4")
        assert film.content == bytes(range(256))
    part = await client.get(f"{job}/download", headers={"Range": "bytes=16-31"})
    assert (part.status_code, part.content) == (206, bytes(range(16, 32)))
    assert (await client.get(f"{job}/download?artifact=audio")).status_code == 400

    deleted = await client.delete(job)
    assert (deleted.status_code, deleted.json()) == (200, {"job_id": body["job_id"], "deleted": True})
    for answer in (await client.get(job), await client.get(f"{job}/download"), await client.delete(job)):
        assert (answer.status_code, answer.json()) == (404, {"detail": "job not found"})


@pytest.mark.parametrize("command", [HANGING], indirect=True)
async def test_a_bundle_that_is_not_complete_can_not_be_had(client: httpx.AsyncClient, base: str) -> None:
    job = f"{base}/{(await client.post(base)).json()['job_id']}"
    async with asyncio.timeout(30):
        while (await client.get(job)).json()["progress"] == 0:  # noqa: ASYNC110  # nobody is told of progress
            await asyncio.sleep(0)
    body = (await client.get(job)).json()
    assert (body["status"], body["progress"], body["error"]) == ("running", 0.625, None)
    answer = await client.get(f"{job}/download")
    assert answer.status_code == 409
    assert "not complete" in answer.json()["detail"]
    assert (await client.delete(job)).status_code == 200


@pytest.mark.parametrize("command", [FAILING], indirect=True)
async def test_a_bundle_that_failed_says_why(client: httpx.AsyncClient, base: str) -> None:
    job = f"{base}/{(await client.post(base)).json()['job_id']}"
    assert (await until(client, job, "failed"))["error"] == "the film tore"
    answer = await client.get(f"{job}/download")
    assert (answer.status_code, answer.json()) == (409, {"detail": "the film tore"})


async def test_a_session_of_which_nothing_was_heard_is_a_conflict(
    client: httpx.AsyncClient, session: FakeSession, pool: FakePool, settings: Settings
) -> None:
    answer = await client.post(f"/sessions/{session.id}/flashtalk-offline-bundle")
    assert answer.status_code == 409
    voice = await pool.create(NewSession("", voice_only=True))
    answer = await client.post(heard(settings, voice.id))
    assert answer.status_code == 409
    assert "without a face" in answer.json()["detail"]


async def test_it_is_rendered_after_the_sessions_end_too(client: httpx.AsyncClient, settings: Settings) -> None:
    base = heard(settings, PAST)
    job = (await client.post(base)).json()["job_id"]
    await until(client, f"{base}/{job}", "complete")


@pytest.mark.parametrize("field", ["file", "audio"])
async def test_a_sound_can_be_sent_instead(
    client: httpx.AsyncClient, session: FakeSession, settings: Settings, field: str
) -> None:
    base = f"/sessions/{session.id}/flashtalk-offline-bundle"
    answer = await client.post(base, files={field: ("../../sound.wav", b"sound")})
    assert answer.status_code == 200
    await until(client, f"{base}/{answer.json()['job_id']}", "complete")
    assert list((settings.data_dir / "uploads").iterdir()) == []
    empty = await client.post(base, files={field: ("sound.wav", b"")})
    assert (empty.status_code, empty.json()) == (400, {"detail": "file: must not be empty"})
    large = await client.post(base, files={field: ("sound.wav", b"x" * (16 * 1024 * 1024))})
    assert large.status_code == 413


async def test_a_queue_that_is_full_is_503(
    client: httpx.AsyncClient, base: str, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(rendering, "WAITING", 0)
    answer = await client.post(base, files={"file": ("sound.wav", b"sound")})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert list((settings.data_dir / "uploads").iterdir()) == []


@pytest.mark.parametrize("name", ["nobody", "..", "%2e%2e%2f%2e%2e%2fetc", "%00", "x" * 300, "{job}"])
async def test_what_does_not_exist_is_not_found(
    client: httpx.AsyncClient, session: FakeSession, settings: Settings, base: str, name: str
) -> None:
    job = (await client.post(base)).json()["job_id"]
    other = f"/sessions/{PAST}/flashtalk-offline-bundle"
    for path in (
        f"{other}/{name.format(job=job)}",
        f"{other}/{name.format(job=job)}/download",
        f"/sessions/{name.format(job=job)}/flashtalk-offline-bundle/{job}",
    ):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert isinstance(answer.json()["detail"], str)
    assert (await client.delete(f"{other}/{name.format(job=job)}")).status_code in (404, 405)
    assert (await client.post(f"/sessions/{name.format(job=job)}/flashtalk-offline-bundle")).status_code == 404

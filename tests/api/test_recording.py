"""`/sessions/{id}/flashtalk-recording`, each answer it can give; the session is a fake, the files are real."""

from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.errors import Unavailable, WorkerLost
from visavis.films import recordings
from visavis.ids import new_id
from visavis.media.chunk import AVChunk
from visavis.media.containers import Mp4Writer
from visavis.pool import Recorded
from visavis.settings import Settings
from visavis.store import SessionRecord, Store
from visavis.testing.fake_pool import FakePool, FakeSession

NOBODY = "/sessions/00000000-0000-4000-8000-000000000000/flashtalk-recording"


def put(path: Path) -> bytes:
    """A film of a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Mp4Writer(path, 64, 64, Fraction(25))
    writer.write(AVChunk(0, np.zeros(48_000, np.int16)))
    writer.close()
    return path.read_bytes()


@pytest.fixture
def base(session: FakeSession) -> str:
    return f"/sessions/{session.id}/flashtalk-recording"


@pytest.fixture
async def past_client(pool: FakePool, settings: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A server that has a record of a session, and no more of it."""
    async with Store(settings) as store:
        session = new_id()
        await store.sessions.add(SessionRecord(session, "", "ada", "portrait", "espeak", "", 1.0))
        app = create_app(pool, settings, Catalogue(settings), store)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://visavis") as made:
            yield made, session


async def test_a_recording_from_its_start_to_its_download(
    client: httpx.AsyncClient, session: FakeSession, settings: Settings, base: str
) -> None:
    idle = {"session_id": session.id, "state": "idle", "artifact_url": None, "duration_ms": 0, "error": None}
    assert (await client.get(base)).json() == idle | {"status": "stopped"}
    assert (await client.get(f"{base}/download")).status_code == 404
    assert (await client.get(base, headers={"Accept": "video/mp4"})).status_code == 404

    started = await client.post(f"{base}/start")
    assert (started.status_code, started.json()["state"], started.json()["status"]) == (
        200,
        "recording",
        "recording",
    )
    session.recording = Recorded("recording", 1234.4)
    assert (await client.get(base)).json()["duration_ms"] == 1234
    assert (await client.post(f"{base}/start")).status_code == 409

    data = put(recordings(settings).place(session.id))
    stopped = (await client.post(f"{base}/stop")).json()
    assert stopped["state"] == "complete"
    assert stopped["status"] == "stopped"
    assert stopped["artifact_url"] == f"{base}/download"
    assert stopped["duration_ms"] == pytest.approx(1000, abs=45)

    for answer in (await client.get(f"{base}/download"), await client.get(base, headers={"Accept": "video/mp4"})):
        assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.content == data


async def test_a_part_of_it_can_be_asked_for(
    client: httpx.AsyncClient, session: FakeSession, settings: Settings, base: str
) -> None:
    data = put(recordings(settings).place(session.id))
    for wanted, piece in (("bytes=0-99", data[:100]), ("bytes=100-", data[100:]), ("bytes=-10", data[-10:])):
        answer = await client.get(f"{base}/download", headers={"Range": wanted})
        assert (answer.status_code, answer.content) == (206, piece)
        assert answer.headers["content-range"].endswith(f"/{len(data)}")
    beyond = await client.get(f"{base}/download", headers={"Range": f"bytes={len(data) + 1}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize("call", ["POST start", "POST stop", "GET ", "GET download"])
async def test_an_unknown_session_is_not_found(client: httpx.AsyncClient, call: str) -> None:
    method, _, rest = call.partition(" ")
    for place in (NOBODY, "/sessions/nobody/flashtalk-recording", "/sessions/%2e%2e/flashtalk-recording"):
        answer = await client.request(method, f"{place}/{rest}".rstrip("/"))
        assert answer.status_code == 404
        assert isinstance(answer.json()["detail"], str)


async def test_stopping_what_was_never_started_is_a_conflict(client: httpx.AsyncClient, base: str) -> None:
    assert (await client.post(f"{base}/stop")).status_code == 409


async def test_a_session_that_is_over_can_not_be_recorded(
    client: httpx.AsyncClient, session: FakeSession, base: str
) -> None:
    await session.close()
    assert (await client.post(f"{base}/start")).status_code == 409
    assert (await client.post(f"{base}/stop")).status_code == 409
    assert (await client.get(base)).json()["state"] == "idle"


@pytest.mark.parametrize("failure", [Unavailable("the recording can't be written: full"), WorkerLost("it died")])
async def test_what_fails_below_is_503(
    client: httpx.AsyncClient, session: FakeSession, base: str, failure: Exception
) -> None:
    session.failure = failure
    assert (await client.post(f"{base}/start")).status_code == 503


async def test_a_recording_that_failed_says_why_and_is_not_complete(
    client: httpx.AsyncClient, session: FakeSession, base: str
) -> None:
    session.recording = Recorded("failed", 900.0, "the recording failed and was deleted: No space left on device")
    body = (await client.get(base)).json()
    assert (body["state"], body["artifact_url"]) == ("idle", None)
    assert "No space" in body["error"]


async def test_it_outlives_the_session(past_client: tuple[httpx.AsyncClient, str], settings: Settings) -> None:
    client, session = past_client
    base = f"/sessions/{session}/flashtalk-recording"
    assert (await client.get(base)).json()["state"] == "idle"
    data = put(recordings(settings).place(session))
    body = (await client.get(base)).json()
    assert body["state"] == "complete"
    assert (await client.get(body["artifact_url"])).content == data


def test_the_document_names_the_film(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    for path in ("flashtalk-recording/download", "flashtalk-offline-bundle/{job_id}/download"):
        answer = paths[f"/sessions/{{session_id}}/{path}"]["get"]["responses"]["200"]
        assert list(answer["content"]) == ["video/mp4"]

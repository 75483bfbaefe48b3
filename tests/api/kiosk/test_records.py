"""What outlives a session, and what does not: records over a restart, retention, conversations, traces."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.kiosk.conftest import Kiosk
from visavis.api.app import create_app
from visavis.api.kiosk import desk as desks
from visavis.api.kiosk.desk import STOPPED
from visavis.avatar import Catalogue
from visavis.pool import Exchange
from visavis.session.events import AnswerDelta, TranscriptHeard, TurnEnded, TurnStarted, Understood
from visavis.settings import Settings
from visavis.store import KioskRecord, Store
from visavis.testing.fake_pool import FakePool, FakeSession


@asynccontextmanager
async def server(settings: Settings) -> AsyncIterator[Kiosk]:
    """A server's life; another one is another process, as far as the store knows."""
    pool = FakePool()
    app = create_app(pool, settings, Catalogue(settings))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://visavis") as client,
    ):
        yield Kiosk(app, client, pool)


def answer(session: FakeSession) -> None:
    session.happen(TranscriptHeard("When?", True), Understood("When?", True), TurnStarted("t", "chat", "When?"))
    session.happen(AnswerDelta("t", "At six."), TurnEnded("t", "chat", "completed", "", "", 0.0))


async def test_sessions_are_still_known_after_a_restart(settings: Settings) -> None:
    async with server(settings) as kiosk:
        session = await kiosk.start(conversation_id="c")
        answer(session)
        before = await kiosk.over(session)
        clips = settings.data_dir / "clips" / session.id
        clips.mkdir(parents=True)
        (clips / "response_001.wav").write_bytes(b"RIFF")
    async with server(settings) as kiosk:
        assert await kiosk.get(session) == before
        assert (await kiosk.client.get("/api/v1/sessions")).json() == {"sessions": [before]}
        url = f"/api/v1/sessions/{session.id}"
        assert (await kiosk.client.get(f"{url}/audio/response_001.wav")).content == b"RIFF"
        stopped = await kiosk.client.post(f"{url}/stop")
        assert (stopped.status_code, stopped.json()) == (409, {"detail": "Session is not running: completed"})
        assert (await kiosk.client.post(f"{url}/audio", content=b"ab")).status_code == 409
        history = (await kiosk.client.get(f"{url}/history")).json()["history"]
        assert [each["content"] for each in history] == ["When?", "At six."]
        events = await kiosk.client.get(f"{url}/events")
        assert events.text.startswith("retry: 1000\n\nevent: snapshot\nid: end\ndata: {")
        again = await kiosk.start(conversation_id="c")
        assert again.request.history == (Exchange("user", "When?"), Exchange("assistant", "At six."))
        assert (await kiosk.client.delete(url)).status_code == 200
        assert not clips.exists()


async def test_a_session_that_runs_when_the_server_stops_has_failed(settings: Settings) -> None:
    async with server(settings) as kiosk:
        session = await kiosk.start()
    assert (await session.info()).state == "terminated"
    async with server(settings) as kiosk:
        body = await kiosk.get(session)
    assert (body["status"], body["end_reason"], body["error"]) == ("failed", "error", STOPPED)


async def test_a_session_that_a_crash_left_open_has_failed(settings: Settings) -> None:
    async with server(settings) as kiosk:
        session = await kiosk.start()
        running = await kiosk.get(session)
    record = KioskRecord(session.id, "owner", "", 1.0, None, "[]", json.dumps(running))
    async with Store(settings) as store:
        await store.kiosk_sessions.save(record)
    async with server(settings) as kiosk:
        body = await kiosk.get(session)
        assert (body["status"], body["end_reason"]) == ("failed", "error")
        assert "restarted" in body["error"]
        assert (await kiosk.client.get("/api/v1/sessions")).json()["sessions"][0]["status"] == "failed"
    async with Store(settings) as store:
        kept = await store.kiosk_sessions.find(session.id)
        assert kept is not None
        assert kept.ended_at is not None
        assert await store.kiosk_sessions.open() == []


async def test_what_is_too_old_is_deleted_with_its_clips(settings: Settings) -> None:
    async with server(settings) as kiosk:
        await kiosk.desk.swept.wait()
        old = await kiosk.start()
        answer(old)
        body = await kiosk.over(old)
        running = await kiosk.start()
        clips = settings.data_dir / "clips"
        for name in (old.id, running.id, "of-nobody"):
            (clips / name).mkdir(parents=True)
            os.utime(clips / name, (1.0, 1.0))
        await kiosk.desk.sweep(1.0)
        assert await kiosk.get(old) == body
        await kiosk.desk.sweep(kiosk.follower(old).snapshot.created + 1000)
        assert [path.name for path in clips.iterdir()] == [running.id]
        listed = (await kiosk.client.get("/api/v1/sessions")).json()["sessions"]
        assert [each["session_id"] for each in listed] == [running.id]


async def test_a_sweep_begins_with_the_server(settings: Settings) -> None:
    async with server(settings) as kiosk:
        session = await kiosk.start()
        answer(session)
        await kiosk.over(session)
    async with server(settings.model_copy(update={"kiosk_retention_hours": 0.0})) as kiosk:
        await kiosk.desk.swept.wait()
        assert (await kiosk.client.get("/api/v1/sessions")).json() == {"sessions": []}


async def test_only_the_latest_sessions_stay_in_memory(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "RECENT", 2)
    async with server(settings) as kiosk:
        made = []
        for _ in range(5):
            made.append(await kiosk.start())
            answer(made[-1])
            await kiosk.over(made[-1])
        assert [kiosk.desk.follower(session.id) is None for session in made] == [True, True, True, False, False]
        assert len((await kiosk.client.get("/api/v1/sessions")).json()["sessions"]) == 5
        assert (await kiosk.get(made[0]))["status"] == "completed"


async def test_a_database_that_can_not_be_used_ends_no_session(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with server(Settings(data_dir=tmp_path, database_url="nonsense://somewhere")) as kiosk:
        session = await kiosk.start(conversation_id="c")
        answer(session)
        body = await kiosk.over(session)
        assert body["status"] == "completed"
        assert (await kiosk.client.get("/api/v1/sessions")).json() == {"sessions": [body]}
        again = await kiosk.start(conversation_id="c")
        assert len(again.request.history) == 2
        assert (await kiosk.client.get(f"/api/v1/sessions/{'0' * 36}")).status_code == 503
    assert "not on record" in caplog.text

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from visavis.api.kiosk import Desk
from visavis.api.kiosk.follower import Follower
from visavis.session.events import (
    AnswerDelta,
    CaptureEnded,
    TranscriptHeard,
    TurnEnded,
    TurnStarted,
    Understood,
)
from visavis.settings import Settings
from visavis.testing.fake_pool import FakePool, FakeSession


class Kiosk:
    """The server, and what the engine's side of it is told."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, pool: FakePool) -> None:
        self.app = app
        self.client = client
        self.pool = pool
        self.desk: Desk = app.state.kiosk

    async def start(self, path: str = "sessions/start-stream", **fields: Any) -> FakeSession:
        """Begin a session; returns the engine's side of it."""
        answer = await self.client.post(f"/api/v1/{path}", json=fields)
        assert answer.status_code == 200, answer.text
        return self.pool.get(answer.json()["session_id"])

    def follower(self, session: FakeSession) -> Follower:
        return self.desk.live(session.id)

    async def get(self, session: FakeSession) -> dict[str, Any]:
        answer = await self.client.get(f"/api/v1/sessions/{session.id}")
        assert answer.status_code == 200
        body: dict[str, Any] = answer.json()
        return body

    async def told(self, session: FakeSession, name: str) -> dict[str, Any]:
        """Wait until watchers are told `name`."""
        async for notice in self.follower(session).watch("0"):
            if notice.name == name:
                return notice.data
        raise AssertionError(f"{name} was never told")

    async def over(self, session: FakeSession) -> dict[str, Any]:
        """Wait until nothing of the session is left to do; its last snapshot."""
        await self.follower(session).done.wait()
        return await self.get(session)


@pytest.fixture
def kiosk(app: FastAPI, client: httpx.AsyncClient, pool: FakePool) -> Kiosk:
    return Kiosk(app, client, pool)


def answer(session: FakeSession, transcript: str = "When?", response: str = "At six.") -> None:
    """Let the engine hear and answer a question."""
    session.happen(
        CaptureEnded("silence", 2.5, True),
        TranscriptHeard(transcript, True),
        Understood(transcript, True),
        TurnStarted("t", "chat", transcript),
        AnswerDelta("t", response),
        TurnEnded("t", "chat", "completed", response, response, 900.0),
    )


def clip_on_disk(settings: Settings, session: FakeSession, number: int = 1, content: bytes = b"RIFFclip") -> Path:
    path = settings.data_dir / "clips" / session.id / f"response_{number:03d}.wav"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path

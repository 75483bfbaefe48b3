"""A real server as its clients see it, and questions that flite speaks."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.asr.flite_speech import said
from visavis.media.samples import Samples

PATIENCE = 40.0
"""Seconds after which a session that does not end has failed the test."""

QUESTION = "how do i get the key"
"""What the embedded recogniser understands without a mistake."""

ENDED = "end"


class Told(NamedTuple):
    """A message of a session's event stream."""

    name: str
    id: str
    data: dict[str, Any]


class RealKiosk:
    """The kiosk API of the server at `url`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def start(self, path: str = "sessions/start-stream", **fields: Any) -> dict[str, Any]:
        """Begin a session; its first snapshot."""
        return found(await self.client.post(f"/api/v1/{path}", json=fields))

    async def start_file(self, recording: bytes, name: str = "question.wav", **fields: Any) -> dict[str, Any]:
        """Begin one with a recording, as fast as it can be heard."""
        form = {"realtime_factor": "0"} | {key: str(value) for key, value in fields.items()}
        answer = await self.client.post(
            "/api/v1/sessions/start-file", files={"file": (name, recording)}, data=form
        )
        return found(answer)

    async def answered(self, recording: bytes, name: str = "question.wav", **fields: Any) -> dict[str, Any]:
        """Ask by a recording; the last snapshot."""
        return await self.over(await self.start_file(recording, name, **fields))

    async def stop(self, session: dict[str, Any]) -> dict[str, Any]:
        """Stop it."""
        return found(await self.client.post(f"/api/v1/sessions/{session['session_id']}/stop"))

    async def told(self, session: dict[str, Any]) -> AsyncIterator[Told]:
        """What happens in it, until its last snapshot."""
        url = f"/api/v1/sessions/{session['session_id']}/events"
        async with asyncio.timeout(PATIENCE), self.client.stream("GET", url) as response:
            assert response.status_code == 200
            block: dict[str, str] = {}
            async for line in response.aiter_lines():
                key, _, value = line.partition(": ")
                block[key] = value
                if not line:
                    if "data" in block and block.get("event") != "ping":
                        yield Told(block["event"], block["id"], json.loads(block["data"]))
                    block = {}

    async def until(
        self, session: dict[str, Any], name: str, check: Callable[[dict[str, Any]], bool] = lambda data: True
    ) -> dict[str, Any]:
        """Wait until watchers are told `name` and `check` holds for it; what they are told."""
        async for told in self.told(session):
            if told.name == name and check(told.data):
                return told.data
        raise AssertionError(f"{name} was never told")

    async def becomes(self, session: dict[str, Any], check: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until `check` holds for the session's snapshot; that snapshot."""
        async for _ in self.told(session):
            snapshot = found(await self.client.get(f"/api/v1/sessions/{session['session_id']}"))
            if check(snapshot):
                return snapshot
        raise AssertionError("it never became so")

    async def over(self, session: dict[str, Any]) -> dict[str, Any]:
        """Wait until it is over; its snapshot, which whoever polls gets, too."""
        last = None
        async for told in self.told(session):
            last = told
        assert last is not None
        assert (last.name, last.id) == ("snapshot", ENDED)
        polled = found(await self.client.get(f"/api/v1/sessions/{session['session_id']}"))
        assert polled == last.data
        return polled


@asynccontextmanager
async def real_kiosk(url: str) -> AsyncIterator[RealKiosk]:
    """A client of the server at `url`."""
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, trust_env=False) as client:
        yield RealKiosk(client)


def found(answer: httpx.Response) -> dict[str, Any]:
    """What was answered, with status 200."""
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def wav(pcm: Samples, sample_rate: int = 16_000) -> bytes:
    """A WAV file, int16 mono, with the header of 44 bytes that browsers write."""
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()


async def question(text: str = QUESTION) -> bytes:
    """A question as a WAV file at 16 kHz, with half a second of silence around it."""
    return wav(await said(text))


def clips(snapshot: dict[str, Any]) -> list[tuple[int, str]]:
    """Index and text of the clips, all of which are there."""
    segments = snapshot["tts_audio_segments"]
    assert all(Path(each["audio_file"]).read_bytes()[:4] == b"RIFF" for each in segments)
    return [(each["index"], each["text"]) for each in segments]


def outcome(snapshot: dict[str, Any]) -> tuple[str, str, str, str]:
    """Status, end, transcript and answer."""
    return snapshot["status"], snapshot["end_reason"], snapshot["transcript"], snapshot["response"]

"""What the deployed web client does, in its order (contract opentalking 6), against a real server.

Its offer has no candidates, it reads every answer as JSON, and it fires `/interrupt` and `/speak` at once.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from tests.api.serving import serving
from visavis.api.app import create_app
from visavis.avatar import Catalogue
from visavis.pool.inline import InlinePool
from visavis.settings import Settings

EXTRAS: dict[str, Any] = {
    "tts_voice": None,
    "llm_system_prompt": None,
    "stt_provider": "pocketsphinx",
    "tts_model": None,
    "persona_id": "default",
    "user_id": "u1",
    "agent_enabled": False,
    "memory_enabled": True,
    "memory_profile_id": None,
    "character_id": None,
    "memory_library_id": None,
    "knowledge_enabled": False,
    "knowledge_base_id": None,
    "knowledge_base_ids": [],
    "fasterliveportrait_config": None,
    "wav2lip_postprocess_mode": "easy_improved",
}

LONG = "Tell me a long story about a lighthouse, and do not stop before everybody is asleep. " * 4


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    chosen: dict[str, Any] = {"speak_mode": "chat", "llm": "echo"}
    settings = Settings(data_dir=tmp_path, **chosen)
    with serving(create_app(InlinePool(settings), settings, Catalogue(settings))) as made:
        yield made


class EventSource:
    """A browser's, as far as the client uses it."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def until(self, *names: str) -> tuple[str, dict[str, Any]]:
        """The next event of one of these names."""
        event = ""
        async with asyncio.timeout(60):
            async for line in self._lines:
                key, _, value = line.partition(": ")
                event = value if key == "event" else event
                if key == "data" and event in names:
                    return event, json.loads(value)
        raise AssertionError(f"the events ended without {names}")


@asynccontextmanager
async def event_source(client: httpx.AsyncClient, session: str) -> AsyncIterator[EventSource]:
    async with client.stream("GET", f"/sessions/{session}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield EventSource(answer.aiter_lines())


async def post(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body or None)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_conversation(url: str) -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            await converse(client, peer)
    finally:
        await peer.close()


async def converse(client: httpx.AsyncClient, peer: RTCPeerConnection) -> None:
    first = await asyncio.gather(*(client.get(path) for path in ("/avatars", "/models", "/voices", "/health")))
    assert [answer.status_code for answer in first] == [200] * 4
    avatars, models, voices, health = [answer.json() for answer in first]
    assert isinstance(voices["items"], list)
    assert (await client.get(f"/avatars/{avatars[0]['id']}/preview")).status_code == 200
    assert health["stt_providers"][health["stt_provider"]]["key_set"] is True
    assert health["tts_providers"][health["tts_provider"]]["key_set"] is True
    assert (health["stt_key_set"], health["tts_key_set"]) == (True, True)
    model = next(each["id"] for each in models["statuses"] if each["connected"] and each["id"] == "mock")

    wanted = EXTRAS | {"avatar_id": avatars[0]["id"], "model": model, "tts_provider": health["tts_provider"]}
    made = await post(client, "/sessions", **wanted)
    base = f"/sessions/{made['session_id']}"
    async with event_source(client, made["session_id"]) as events:
        assert (await events.until("session.queued"))[1]["position"] == 0
        await connect(client, base, peer)
        await post(client, f"{base}/start")

        assert "session_id" in await post(client, f"{base}/speak", text="Hello, who are you?", voice=None)
        assert (await events.until("speech.started"))[1]["text"] == "Hello, who are you?"
        assert (await events.until("subtitle.chunk", "speech.media_started"))[0]
        assert (await events.until("speech.ended"))[1]["text"]

        await post(client, f"{base}/speak", text=LONG)
        await events.until("speech.media_started")
        both = await asyncio.gather(
            post(client, f"{base}/interrupt"), post(client, f"{base}/speak", text="Something else.")
        )
        assert both[0]["interrupted"] is True
        assert (await events.until("speech.ended"))[1]["reason"] == "interrupted"
        while (ended := (await events.until("speech.ended", "error"))[1]).get("reason") == "interrupted":
            # The two were on their way at once: the second may have been begun before it was stopped.
            await post(client, f"{base}/speak", text="Something else.")
        assert "omething else" in ended["text"]
        assert (await client.delete(base)).status_code == 200
        await events.until("session.terminated")


async def connect(client: httpx.AsyncClient, base: str, peer: RTCPeerConnection) -> None:
    """Offer to receive, without candidates, and wait for sound and picture."""
    arrived: list[asyncio.Future[None]] = []

    @peer.on("track")
    def on_track(track: Any) -> None:
        async def first() -> None:
            await track.recv()

        arrived.append(asyncio.ensure_future(first()))

    peer.addTransceiver("video", direction="recvonly")
    peer.addTransceiver("audio", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    sdp = re.sub(r"a=(candidate:.*|end-of-candidates)\r\n", "", peer.localDescription.sdp)
    assert "candidate" not in sdp
    answer = await post(client, f"{base}/webrtc/offer", sdp=sdp, type="offer")
    await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
    assert len(arrived) == 2
    async with asyncio.timeout(60):
        await asyncio.gather(*arrived)

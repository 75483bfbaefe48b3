"""Several sessions at once on a real server: watchers, a slow recogniser, a face, a restart."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from av import AudioFrame, VideoFrame

from tests.api.kiosk.real_kiosk import PATIENCE, QUESTION, RealKiosk, found, question, real_kiosk, wav
from tests.asr.flite_speech import said
from tests.browser.conftest import serving
from visavis.media.samples import rms
from visavis.outbound import Outbound, WebSocketClosed
from visavis.settings import Settings
from visavis.testing.kiosk_stubs import AnalyzerStub, Answer

pytestmark = pytest.mark.peers


@dataclass(frozen=True, slots=True)
class Place:
    """A server, and where its analyzer has to be for those that name it."""

    address: str
    analyzer: int


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        analyzer = kept.getsockname()[1]
    settings = {
        "VISAVIS_KIOSK_SESSIONS": "4",
        "VISAVIS_KIOSK_REQUEST_URLS": "map",
        "VISAVIS_KIOSK_URL_MAP": f"analyzer=127.0.0.1:{analyzer}",
    }
    with serving(tmp_path_factory.mktemp("data"), settings) as address:
        yield Place(address, analyzer)


@pytest.fixture
async def kiosk(place: Place) -> AsyncIterator[RealKiosk]:
    async with real_kiosk(place.address) as made:
        yield made


def content(clip: dict[str, Any]) -> bytes:
    """What is in a clip's file."""
    return Path(clip["audio_file"]).read_bytes()


async def watched(address: str, session: dict[str, Any]) -> list[dict[str, Any]]:
    """What a WebSocket is told, to the end."""
    url = f"{address.replace('http', 'ws', 1)}/api/v1/sessions/{session['session_id']}/ws"
    outbound = Outbound(Settings(), [url])
    messages: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(PATIENCE), outbound.websocket(url) as websocket:
            with suppress(WebSocketClosed):
                while True:
                    messages.append(json.loads(await websocket.receive()))
    finally:
        await outbound.aclose()
    return messages


async def test_four_at_once_are_watched_and_one_of_them_is_stopped(kiosk: RealKiosk, place: Place) -> None:
    recording = await question()
    sessions = [await kiosk.start_file(recording) for _ in range(2)]
    live = [await kiosk.start() for _ in range(2)]
    full = await kiosk.client.post("/api/v1/sessions/start-stream", json={})
    assert full.status_code in (200, 409)  # one of the recordings may be over already
    if full.status_code == 200:
        await kiosk.stop(full.json())
    for each in live:
        path = f"/api/v1/sessions/{each['session_id']}/audio"
        await kiosk.client.post(path, content=recording)
    sockets = [asyncio.create_task(watched(place.address, each)) for each in (*sessions, *live)]
    await kiosk.client.post(f"/api/v1/sessions/{live[0]['session_id']}/audio/end")
    await kiosk.stop(live[1])
    over = [await kiosk.over(each) for each in (*sessions, *live)]

    assert [each["status"] for each in over] == ["completed"] * 4
    assert [each["end_reason"] for each in over] == ["completed"] * 3 + ["stopped_by_api"]
    assert [each["transcript"] for each in over] == [QUESTION] * 4
    for snapshot, messages in zip(over, await asyncio.gather(*sockets), strict=True):
        assert messages[0]["event"] == "snapshot"
        assert (messages[-1]["event"], messages[-1]["data"]) == ("snapshot", snapshot)


async def test_hearing_never_waits_for_a_slow_recogniser(kiosk: RealKiosk, place: Place) -> None:
    """The question is heard out before the first of its chunks has been recognised."""
    analyzer = AnalyzerStub("words")
    analyzer.port = place.analyzer
    ready = asyncio.Event()
    analyzer.always(Answer(gates={0: ready}))
    async with analyzer:
        pcm = await said("how do i get the key to the second room of the house")
        session = await kiosk.start_file(
            wav(np.concatenate([pcm, np.zeros(32_000, np.int16)])),
            realtime_factor="4",
            chunk_seconds="1",
            analyzer_url="http://analyzer/v1/audio/transcriptions",
            answer="false",
        )
        seconds: list[float] = []
        async for told in kiosk.told(session):
            seconds += [told.data["captured_audio_seconds"]] if told.name == "progress" else []
            if told.name == "transcript":
                raise AssertionError("nothing can be recognised yet")
            if len(seconds) > 1 and seconds[-1] == seconds[-2]:
                break  # the end of the hearing is told with the length of the last frame
        # Frame by frame: none was held up or left out while the recogniser was at work.
        steps = np.diff(seconds[:-1])
        assert np.allclose(steps, 0.1)
        assert seconds[-1] > 3
        ready.set()
        snapshot = await kiosk.over(session)
    assert (snapshot["end_reason"], snapshot["error"]) == ("silence_timeout", None)
    assert snapshot["transcript_parts"] == ["words"] * len(analyzer.requests)
    assert len(analyzer.requests) >= 3


async def test_a_session_with_a_face_is_seen_and_heard(kiosk: RealKiosk) -> None:
    session = await kiosk.start(avatar_id="demo-avatar")
    viewer = RTCPeerConnection()
    try:
        for kind in ("audio", "video"):
            viewer.addTransceiver(kind, direction="recvonly")
        await viewer.setLocalDescription(await viewer.createOffer())
        path = f"/api/v1/sessions/{session['session_id']}"
        offer = {"sdp": viewer.localDescription.sdp, "type": "offer"}
        answer = found(await kiosk.client.post(f"{path}/offer", json=offer))
        await viewer.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        tracks = {receiver.track.kind: receiver.track for receiver in viewer.getReceivers()}
        async with asyncio.timeout(PATIENCE):
            picture = await tracks["video"].recv()
            assert isinstance(picture, VideoFrame)
            assert picture.width > 100
            await kiosk.client.post(f"{path}/audio", content=await question())
            await kiosk.client.post(f"{path}/audio/end")
            loud = False
            while not loud:
                sound = await tracks["audio"].recv()
                assert isinstance(sound, AudioFrame)
                loud = rms(sound.to_ndarray()[0]) > 300
        await kiosk.becomes(session, lambda snapshot: bool(snapshot["tts_audio_segments"]))
        # The whole answer takes its time to be played; once is enough.
        await kiosk.stop(session)
        snapshot = await kiosk.over(session)
        assert (snapshot["status"], snapshot["transcript"]) == ("completed", QUESTION)
    finally:
        await viewer.close()


async def test_after_a_restart_records_and_clips_are_there(tmp_path: Path) -> None:
    with serving(tmp_path, {}) as address:
        async with real_kiosk(address) as kiosk:
            before = await kiosk.over(await kiosk.start("query/text", text="When do you close?"))
            open_one = await kiosk.start()
    with serving(tmp_path, {}) as address:
        async with real_kiosk(address) as kiosk:
            path = f"/api/v1/sessions/{before['session_id']}"
            assert found(await kiosk.client.get(path)) == before
            (clip, *_) = before["tts_audio_segments"]
            assert (await kiosk.client.get(clip["url"])).content == content(clip)
            left = found(await kiosk.client.get(f"/api/v1/sessions/{open_one['session_id']}"))
            assert (left["status"], left["end_reason"]) == ("failed", "error")
            assert "server was" in left["error"]
            listed = found(await kiosk.client.get("/api/v1/sessions"))["sessions"]
            assert [each["session_id"] for each in listed] == [before["session_id"], open_one["session_id"]]

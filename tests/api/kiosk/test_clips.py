"""Clips over HTTP, and tricks with their names (contract kiosk 1.1, 5)."""

import re

import pytest

from tests.api.kiosk.conftest import Kiosk, clip_on_disk
from visavis.session.events import (
    ClipWritten,
    TurnStarted,
    Understood,
)
from visavis.settings import Settings

MICROSECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
SDP = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
FILE = {"file": ("question.wav", b"RIFF....WAVE")}


async def test_clips(kiosk: Kiosk, settings: Settings) -> None:
    session = await kiosk.start()
    path = clip_on_disk(settings, session)
    session.happen(Understood("x", True), TurnStarted("t", "chat", "x"), ClipWritten("t", 1, "Hi.", str(path)))
    clip = await kiosk.told(session, "clip")
    assert clip["audio_file"] == str(path)
    for url in (clip["url"], f"/api/v1/sessions/{session.id}/response-audio/1"):
        response = await kiosk.client.get(url)
        assert (response.status_code, response.headers["content-type"]) == (200, "audio/wav")
        assert response.content == b"RIFFclip"
    ranged = await kiosk.client.get(clip["url"], headers={"range": "bytes=4-5"})
    assert (ranged.status_code, ranged.content) == (206, b"cl")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("response_002.wav", 404),
        ("response_1.wav", 400),
        ("response_001.wav%00", 400),
        ("response_001.wav%0a", 400),
        ("response_001.WAV", 400),
        ("RESPONSE_001.wav", 400),
        ("response_%EF%BC%90%EF%BC%90%EF%BC%91.wav", 400),
        ("response_001.part", 400),
        ("main.py", 400),
        ("..%2Fresponse_001.wav", 404),
        ("%2e%2e", None),
        ("..%5c..%5cresponse_001.wav", 400),
        ("%2Fetc%2Fpasswd", 404),
        ("response_001.wav%2F..%2F..%2F..%2Fvisavis.sqlite3", 404),
    ],
)
async def test_tricks_with_the_names_of_clips(
    kiosk: Kiosk, settings: Settings, name: str, status: int | None
) -> None:
    session = await kiosk.start()
    clip_on_disk(settings, session)
    response = await kiosk.client.get(f"/api/v1/sessions/{session.id}/audio/{name}")
    assert response.status_code in ((400, 404, 405) if status is None else (status,))
    assert b"RIFF" not in response.content


@pytest.mark.parametrize("session_id", ["%2e%2e", "..", ".", "%2e", "clips", "..%2f..", "%00", "~", "C:"])
@pytest.mark.parametrize("name", ["response_001.wav", "main.py"])
async def test_tricks_with_the_ids_of_sessions(
    kiosk: Kiosk, settings: Settings, session_id: str, name: str
) -> None:
    (settings.data_dir / "clips").mkdir()
    (settings.data_dir / "response_001.wav").write_bytes(b"RIFFsecret")
    (settings.data_dir / "clips" / "response_001.wav").write_bytes(b"RIFFsecret")
    response = await kiosk.client.get(f"/api/v1/sessions/{session_id}/audio/{name}")
    assert response.status_code in (400, 404, 405)
    assert b"RIFF" not in response.content


@pytest.mark.parametrize(("index", "status"), [("0", 404), ("2", 404), ("-1", 404), ("9" * 30, 404), ("x", 422)])
async def test_clips_that_are_not_there(kiosk: Kiosk, settings: Settings, index: str, status: int) -> None:
    session = await kiosk.start()
    clip_on_disk(settings, session)
    response = await kiosk.client.get(f"/api/v1/sessions/{session.id}/response-audio/{index}")
    assert response.status_code == status

"""The server's own microphone, over the API: a real PortAudio without hardware (`tests.transport.pulse`)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.kiosk.real_kiosk import QUESTION, RealKiosk, found, question, real_kiosk
from tests.browser.conftest import serving
from tests.transport.pulse import Pulse, pulse_audio

pytestmark = pytest.mark.peers


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    with pulse_audio(tmp_path_factory.mktemp("pulse")) as found:
        yield found


@pytest.fixture(scope="module")
def address(room: Pulse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("data"), room.environment | {"VISAVIS_KIOSK_SESSIONS": "4"}) as address:
        yield address


@pytest.fixture
async def kiosk(address: str) -> AsyncIterator[RealKiosk]:
    async with real_kiosk(address) as made:
        yield made


@pytest.fixture
async def spoken(tmp_path: Path) -> Path:
    file = tmp_path / "question.wav"
    file.write_bytes(await question())
    return file


def on_disk(snapshot: dict[str, Any]) -> bool:
    return all(Path(clip["audio_file"]).is_file() for clip in snapshot["tts_audio_segments"])


async def test_the_microphones_have_the_keys_of_both_kinds_of_clients(kiosk: RealKiosk) -> None:
    devices = found(await kiosk.client.get("/api/v1/devices"))["devices"]
    (ours,) = [device for device in devices if device["name"] == "kiosk"]
    assert ours["index"] == ours["id"]
    assert ours["channels"] > 0
    assert ours["sample_rate"] == ours["default_samplerate"] > 0
    mode = found(await kiosk.client.get("/api/v1/capture-mode"))
    assert (mode["host_mic_available"], mode["recommended"]) == (True, "host")


async def test_a_spoken_question_is_answered(kiosk: RealKiosk, room: Pulse, spoken: Path) -> None:
    session = await kiosk.start("sessions/start", device="kiosk", silence_timeout_seconds=0.8)
    assert (session["source_kind"], session["status"], session["device"]) == ("microphone", "running", "kiosk")
    busy = await kiosk.client.post("/api/v1/sessions/start", json={"device": "kiosk"})
    assert (busy.status_code, busy.json()["detail"]) == (409, "Another microphone session is already active")
    await room.play(spoken)
    snapshot = await kiosk.over(session)
    assert (snapshot["status"], snapshot["end_reason"], snapshot["error"]) == (
        "completed",
        "silence_timeout",
        None,
    )
    assert snapshot["transcript"] == QUESTION
    assert snapshot["response"]
    assert on_disk(snapshot)
    assert snapshot["tts_audio_segments"]


async def test_by_its_index_and_at_its_own_rate(kiosk: RealKiosk, room: Pulse, spoken: Path) -> None:
    devices = found(await kiosk.client.get("/api/v1/devices"))["devices"]
    (index,) = [device["index"] for device in devices if device["name"] == "kiosk"]
    session = await kiosk.start("sessions/start", device=index, sample_rate=44_100, silence_timeout_seconds=0.8)
    await room.play(spoken)
    snapshot = await kiosk.over(session)
    assert (snapshot["end_reason"], snapshot["transcript"]) == ("silence_timeout", QUESTION)


async def test_stopped_while_nobody_speaks_it_is_free_for_the_next(kiosk: RealKiosk) -> None:
    for _ in range(2):
        session = await kiosk.start("sessions/start", device="kiosk")
        await kiosk.stop(session)
        snapshot = await kiosk.over(session)
        assert (snapshot["status"], snapshot["end_reason"]) == ("completed", "stopped_by_api")
        assert (snapshot["speech_started"], snapshot["transcript"], snapshot["error"]) == (False, "", None)


@pytest.mark.parametrize(
    ("device", "error"),
    [("nothing like it", "No input device matching 'nothing like it'"), (9999, "Error querying device 9999")],
)
async def test_a_device_that_is_not_there(kiosk: RealKiosk, device: int | str, error: str) -> None:
    snapshot = await kiosk.over(await kiosk.start("sessions/start", device=device))
    assert (snapshot["status"], snapshot["end_reason"]) == ("failed", "error")
    assert snapshot["error"].startswith(f"{error}: choose one of those that are there: ")


async def test_a_device_that_goes_away(tmp_path: Path, spoken: Path) -> None:
    """What was heard until then is kept, and answered; the error tells that there is more."""
    (tmp_path / "pulse").mkdir()
    with (
        pulse_audio(tmp_path / "pulse") as room,
        serving(tmp_path / "data", room.environment) as address,
    ):
        async with real_kiosk(address) as kiosk:
            session = await kiosk.start("sessions/start", device="kiosk", silence_timeout_seconds=10)
            playing = asyncio.create_task(room.play(spoken))
            await kiosk.becomes(session, lambda snapshot: snapshot["captured_audio_seconds"] > 2.2)
            await playing
            room.die()
            snapshot = await kiosk.over(session)
            assert "microphone is gone" in snapshot["error"]
            assert (snapshot["status"], snapshot["end_reason"]) == ("completed", "error")
            assert snapshot["transcript"] == QUESTION
            assert snapshot["captured_audio_seconds"] > 2.2

            # Now there is none.
            again = await kiosk.over(await kiosk.start("sessions/start"))
            assert (again["status"], again["end_reason"]) == ("failed", "error")
            assert "microphone" in again["error"]

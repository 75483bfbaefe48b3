import pytest

from tests.api.kiosk.conftest import Kiosk
from visavis.errors import Unavailable
from visavis.transport import local_sound

FOUND = [local_sound.InputDevice(0, "default", 2, 44_100), local_sound.InputDevice(3, "USB", 1, 48_000)]


async def test_devices_have_the_keys_of_the_seed_and_of_deployed_servers(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_sound, "input_devices", lambda: FOUND)
    devices = (await kiosk.client.get("/api/v1/devices")).json()["devices"]
    assert devices[1] == {
        "index": 3,
        "id": 3,
        "name": "USB",
        "channels": 1,
        "sample_rate": 48_000,
        "default_samplerate": 48_000,
    }
    mode = (await kiosk.client.get("/api/v1/capture-mode")).json()
    assert mode == {"host_mic_available": True, "recommended": "host", "host_devices": devices, "note": ""}


async def test_no_hardware(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_sound, "input_devices", list)
    assert (await kiosk.client.get("/api/v1/devices")).json() == {"devices": []}
    mode = (await kiosk.client.get("/api/v1/capture-mode")).json()
    assert (mode["host_mic_available"], mode["recommended"]) == (False, "browser")


async def test_no_library(kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> list[local_sound.InputDevice]:
        raise Unavailable("microphones need PortAudio: apt-get install libportaudio2")

    monkeypatch.setattr(local_sound, "input_devices", missing)
    assert (await kiosk.client.get("/api/v1/devices")).json() == {"devices": []}
    mode = (await kiosk.client.get("/api/v1/capture-mode")).json()
    assert (mode["recommended"], mode["note"]) == (
        "browser",
        "microphones need PortAudio: apt-get install libportaudio2",
    )

"""`/api/v1/devices` and `/api/v1/capture-mode`: the server's microphones."""

from fastapi import APIRouter

from visavis.api.kiosk.errors import Route, refusals
from visavis.api.kiosk.schemas import CaptureMode, Device, Devices
from visavis.errors import Unavailable
from visavis.pool.devices import input_devices

router = APIRouter(route_class=Route, tags=["kiosk"], prefix="/api/v1", responses=refusals())


@router.get("/devices")
async def kiosk_devices() -> Devices:
    """The server's microphones; none without hardware, or without the library that finds it."""
    try:
        return Devices(devices=await _devices())
    except Unavailable:
        return Devices(devices=[])


@router.get("/capture-mode")
async def kiosk_capture_mode() -> CaptureMode:
    """Whether to use the server's microphone or the browser's."""
    try:
        found, note = await _devices(), ""
    except Unavailable as error:
        found, note = [], error.message
    return CaptureMode(
        host_mic_available=bool(found),
        recommended="host" if found else "browser",
        host_devices=found,
        note=note,
    )


async def _devices() -> list[Device]:
    return [
        Device(
            index=device.index,
            id=device.index,
            name=device.name,
            channels=device.channels,
            sample_rate=device.sample_rate,
            default_samplerate=device.sample_rate,
        )
        for device in await input_devices()
    ]

"""The microphones of the machine that the server runs on, for those who may not know any transport."""

import asyncio

import msgspec


class InputDevice(msgspec.Struct, frozen=True):
    """A microphone."""

    index: int
    name: str
    channels: int
    sample_rate: int
    """Its own, in Hz."""


async def input_devices() -> list[InputDevice]:
    """All of them; none without hardware. Raises `Unavailable`, which says what to install, without PortAudio."""
    return await asyncio.to_thread(_input_devices)


def _input_devices() -> list[InputDevice]:
    # PortAudio is loaded where it is used.
    from visavis.transport import local_sound

    return [
        InputDevice(device.index, device.name, device.channels, device.sample_rate)
        for device in local_sound.input_devices()
    ]

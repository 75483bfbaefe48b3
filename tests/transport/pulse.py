"""A sound server of our own: a room with a microphone in it, and a loudspeaker, without any hardware.

PulseAudio as any user, root too, without D-Bus, with a home and a socket of its own. What is played into the sink
`room` is what the default microphone hears; the default loudspeaker is another sink, and its monitor is recorded.
"""

import asyncio
import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from ctypes.util import find_library
from pathlib import Path

import numpy as np
import pytest

from visavis.media.samples import Samples, from_bytes

PATIENCE = 10.0
"""Seconds after which a test that waits for sound has failed."""

LOUDSPEAKER_RATE = 48_000
ROOM_RATE = 16_000

MODULES = [
    # Without norewinds an idle null sink sleeps for two seconds at a time, and so does its monitor.
    f"module-null-sink sink_name=loudspeaker rate={LOUDSPEAKER_RATE} channels=1 channel_map=mono norewinds=1",
    f"module-null-sink sink_name=room rate={ROOM_RATE} channels=1 channel_map=mono norewinds=1",
    f"module-remap-source source_name=microphone master=room.monitor rate={ROOM_RATE} channels=1 channel_map=mono",
]

ALSA = """
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse hint { show on description "default" } }
ctl.!default { type pulse }
pcm.kiosk { type pulse device "microphone" hint { show on description "kiosk" } }
pcm.room { type pulse device "room" hint { show on description "room" } }
"""
"""PortAudio lists every pcm with a hint: these, and one called pulse."""

PLUGIN = "alsa-lib/libasound_module_pcm_pulse.so"


class Recording:
    """What the loudspeaker has played since."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._more = asyncio.Event()

    @property
    def pcm(self) -> Samples:
        """All of it, int16 mono at 48 kHz."""
        return from_bytes(bytes(self._data))

    async def until(self, check: Callable[[Samples], bool]) -> Samples:
        """All of it, as soon as `check` holds for it."""
        async with asyncio.timeout(PATIENCE):
            while not check(self.pcm):
                self._more.clear()
                await self._more.wait()
        return self.pcm

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Take what comes."""
        while data := await stream.read(4096):
            self._data += data
            self._more.set()


class Pulse:
    """A server that runs. `environment` is what a program needs to use it."""

    def __init__(self, process: "subprocess.Popen[str]", environment: dict[str, str]) -> None:
        self.environment = environment
        self._process = process

    async def play(self, path: Path) -> None:
        """Play a WAV file in the room, to its end."""
        player = await asyncio.create_subprocess_exec(
            "paplay", "--device=room", str(path), env=os.environ | self.environment
        )
        assert await player.wait() == 0

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[Recording]:
        """Record the loudspeaker; it has begun when this is entered."""
        recorder = await asyncio.create_subprocess_exec(
            "parec",
            "--device=loudspeaker.monitor",
            "--raw",
            "--format=s16le",
            f"--rate={LOUDSPEAKER_RATE}",
            "--channels=1",
            "--latency-msec=20",
            env=os.environ | self.environment,
            stdout=subprocess.PIPE,
        )
        assert recorder.stdout is not None
        recording = Recording()
        reading = asyncio.create_task(recording.read(recorder.stdout), name="read what is recorded")
        try:
            await recording.until(lambda pcm: len(pcm) > 0)
            yield recording
        finally:
            with suppress(ProcessLookupError):
                recorder.kill()
            await recorder.wait()
            await reading

    def die(self) -> None:
        """End as when a device is unplugged: at once, for everybody."""
        self._process.kill()
        self._process.wait()


@contextmanager
def pulse_audio(directory: Path) -> Iterator[Pulse]:
    """Run a server in an empty directory. The test fails where its parts are not installed."""
    if missing := _missing():
        pytest.fail(f"apt-get install {' '.join(missing)}; ./dev test does it for you")
    socket = directory / "socket"
    alsa = directory / "asound.conf"
    alsa.write_text(ALSA, "utf-8")
    environment = {
        "HOME": str(directory),
        "XDG_RUNTIME_DIR": str(directory),
        "XDG_CONFIG_HOME": str(directory),
        "PULSE_COOKIE": str(directory / "cookie"),
        "PULSE_SERVER": f"unix:{socket}",
        "ALSA_CONFIG_PATH": str(alsa),
        "LC_ALL": "C",
    }
    options = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--realtime=no"]
    options += ["--high-priority=no", "--log-target=stderr", "--log-level=info"]
    for module in [f"module-native-protocol-unix socket={socket} auth-anonymous=1", *MODULES]:
        options += ["-L", module]
    command = ["pulseaudio", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | environment) as process:  # noqa: S603  our own command
        assert process.stderr is not None
        said: deque[str] = deque(maxlen=20)
        try:
            for line in process.stderr:
                said.append(line)
                if "Daemon startup complete" in line:
                    break
            else:
                pytest.fail("PulseAudio did not start:\n" + "".join(said))
            # Read on, or it blocks when the pipe is full.
            reading = threading.Thread(target=said.extend, args=(process.stderr,))
            reading.start()
            try:
                yield Pulse(process, environment)
            finally:
                process.terminate()
                reading.join()
        finally:
            process.terminate()


def lag(sound: Samples, of: Samples) -> int:
    """Where in `sound` it is that `of` begins."""
    size = 1 << (len(sound) + len(of)).bit_length()
    product = np.fft.rfft(sound.astype(float), size) * np.conj(np.fft.rfft(of.astype(float), size))
    return int(np.argmax(np.fft.irfft(product, size)[: len(sound)]))


def _missing() -> list[str]:
    libraries = [Path("/usr/lib"), Path("/usr/lib64"), *Path("/usr/lib").glob("*-linux-gnu")]
    there = {
        "pulseaudio": shutil.which("pulseaudio"),
        "pulseaudio-utils": shutil.which("paplay") and shutil.which("parec"),
        "libportaudio2": find_library("portaudio"),
        "libasound2-plugins": any((library / PLUGIN).exists() for library in libraries),
    }
    return [package for package, found in there.items() if not found]

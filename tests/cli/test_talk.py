"""`visavis talk` with a real PortAudio, in a room without hardware: see `tests.transport.pulse`."""

import asyncio
import os
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.asr.flite_speech import said
from tests.transport.pulse import Pulse, pulse_audio
from visavis.media.samples import rms

pytestmark = pytest.mark.peers


QUESTION = "how do i get the key"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    with pulse_audio(tmp_path_factory.mktemp("pulse")) as found:
        yield found


async def start(data_dir: Path, environment: dict[str, str], *options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "visavis",
        "talk",
        "--data-dir",
        str(data_dir),
        *options,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_a_spoken_question_is_answered_aloud(room: Pulse, tmp_path: Path) -> None:
    question = tmp_path / "question.wav"
    with wave.open(str(question), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((await said(QUESTION)).tobytes())
    async with asyncio.timeout(PATIENCE), room.recording() as loudspeaker:
        talk = await start(tmp_path / "data", room.environment, "--once")
        assert talk.stderr is not None
        assert talk.stdout is not None
        while b"Speak;" not in await talk.stderr.readline():
            assert talk.returncode is None
        await room.play(question)
        shown = (await talk.stdout.read()).decode().splitlines()
        assert await talk.wait() == 0
        answer = await loudspeaker.until(lambda pcm: rms(pcm) > 100)

    assert shown[0] == f"you: {QUESTION}"
    assert shown[1].startswith("visavis: ")
    assert np.abs(answer).max() > 1000


async def test_without_a_microphone_it_says_what_to_do(tmp_path: Path) -> None:
    alsa = tmp_path / "asound.conf"
    alsa.write_text("pcm.nobody { type pulse }", "utf-8")
    nobody = {"ALSA_CONFIG_PATH": str(alsa), "PULSE_SERVER": f"unix:{tmp_path}/nobody"}
    async with asyncio.timeout(PATIENCE):
        talk = await start(tmp_path / "data", nobody)
        _, error = await talk.communicate()

    assert talk.returncode == 1
    assert "Error: " in error.decode()
    assert "microphone" in error.decode()
    assert "Traceback" not in error.decode()


async def test_the_microphones_are_listed(room: Pulse, tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        talk = await start(tmp_path / "data", room.environment, "--list-devices")
        output, _ = await talk.communicate()

    assert talk.returncode == 0
    assert any("kiosk" in line for line in output.decode().splitlines())

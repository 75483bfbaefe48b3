"""The examples of the API's documentation, and its deployed clients, against a real server (contract kiosk 3).

The commands stand here as the documentation has them; only the address and the recording's name are replaced.
"""
# ruff: noqa: E501  # the documentation's own lines

import asyncio
import json
import wave
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.api.kiosk.real_kiosk import QUESTION, RealKiosk, found, question, real_kiosk, wav
from tests.asr.flite_speech import said
from tests.browser.conftest import serving

pytestmark = pytest.mark.peers


START_FILE = r"""curl --noproxy '*' -X POST http://127.0.0.1:8012/api/v1/sessions/start-file \
  -F "file=@/path/to/question.wav" \
  -F "sample_rate=16000" \
  -F "chunk_seconds=4" \
  -F "silence_timeout_seconds=1.5" \
  -F "max_session_seconds=20" \
  -F "silence_threshold=900" \
  -F "language=en" \
  -F "temperature=0.0" \
  -F "realtime_factor=10.0"
"""

START = r"""curl --noproxy '*' -X POST http://127.0.0.1:8012/api/v1/sessions/start \
  -H 'Content-Type: application/json' \
  -d '{
        "language": "en",
        "chunk_seconds": 4,
        "silence_timeout_seconds": 1.5,
        "max_session_seconds": 20,
        "silence_threshold": 900
      }'
"""

STOP = r"""curl --noproxy '*' -X POST http://127.0.0.1:8012/api/v1/sessions/<session_id>/stop
"""

POLLING = r"""# Start
SESSION=$(curl -s --noproxy '*' -X POST http://127.0.0.1:8012/api/v1/sessions/start-file \
  -F "file=@question.wav" -F "realtime_factor=10.0" | python3 -c "import sys,json; print(json.load(sys.stdin)['session_id'])")

# Poll
while true; do
  STATUS=$(curl -s --noproxy '*' http://127.0.0.1:8012/api/v1/sessions/$SESSION | python3 -c "import sys,json; d=json.load(sys.stdin); print(d['status'])")
  echo "Status: $STATUS"
  [[ "$STATUS" == "completed" || "$STATUS" == "failed" ]] && break
  sleep 1
done

# Read result
curl -s --noproxy '*' http://127.0.0.1:8012/api/v1/sessions/$SESSION | python3 -m json.tool
"""

DOCUMENTED = {
    "session_id",
    "source_kind",
    "status",
    "created_at",
    "started_at",
    "completed_at",
    "stop_requested_at",
    "end_reason",
    "error",
    "speech_started",
    "captured_audio_seconds",
    "transcript",
    "partial_transcript",
    "response",
    "tts_audio_segments",
    "tts_errors",
}

PATIENCE = 40.0


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("data")
    alsa = place / "asound.conf"
    alsa.write_text("pcm.nobody { type pulse }", "utf-8")
    no_microphone = {"ALSA_CONFIG_PATH": str(alsa), "PULSE_SERVER": f"unix:{place}/nobody"}
    with serving(place / "data", no_microphone) as address:
        yield address


@pytest.fixture
async def kiosk(address: str) -> AsyncIterator[RealKiosk]:
    async with real_kiosk(address) as made:
        yield made


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    """A directory with a recorded question."""
    (tmp_path / "question.wav").write_bytes(await question())
    return tmp_path


async def shell(script: str, address: str, place: Path) -> str:
    """Run a documented script; what it prints."""
    script = script.replace("http://127.0.0.1:8012", address)
    script = script.replace("/path/to/question.wav", str(place / "question.wav"))
    bash = await asyncio.create_subprocess_exec("bash", "-c", script, cwd=place, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(PATIENCE):
        printed, _ = await bash.communicate()
    assert bash.returncode == 0
    return printed.decode()


def content(file: Path) -> bytes:
    return file.read_bytes()


async def check_answered(kiosk: RealKiosk, snapshot: dict[str, Any]) -> None:
    """A finished session has all that is documented, and its clips are there, on disk and over HTTP."""
    assert snapshot.keys() >= DOCUMENTED
    assert (snapshot["status"], snapshot["error"], snapshot["tts_errors"]) == ("completed", None, [])
    assert snapshot["transcript"] == snapshot["partial_transcript"] == QUESTION
    assert snapshot["response"]
    assert snapshot["tts_audio_segments"]
    for index, segment in enumerate(snapshot["tts_audio_segments"], 1):
        file = Path(segment["audio_file"])
        assert segment["index"] == index
        assert segment["text"] in snapshot["response"]
        assert file.is_absolute()
        assert file.parts[-2:] == (snapshot["session_id"], f"response_{index:03d}.wav")
        sound = content(file)
        for url in (f"audio/{file.name}", f"response-audio/{index}"):
            served = await kiosk.client.get(f"/api/v1/sessions/{snapshot['session_id']}/{url}")
            assert served.headers["content-type"] == "audio/wav"
            assert served.content == sound
        with wave.open(BytesIO(sound)) as clip:
            assert clip.getnframes() > clip.getframerate() / 4


async def test_the_example_of_a_file(kiosk: RealKiosk, address: str, place: Path) -> None:
    first = json.loads(await shell(START_FILE, address, place))
    assert (first["status"], first["source_kind"]) == ("running", "file")
    await check_answered(kiosk, await kiosk.over(first))


async def test_the_example_of_polling(kiosk: RealKiosk, address: str, place: Path) -> None:
    printed = await shell(POLLING, address, place)
    lines, _, result = printed.partition("{")
    assert lines.splitlines()[-1] == "Status: completed"
    assert set(lines.splitlines()[:-1]) <= {"Status: running"}
    await check_answered(kiosk, json.loads("{" + result))


async def test_the_examples_of_a_microphone_and_of_stopping(kiosk: RealKiosk, address: str, place: Path) -> None:
    """There is none here: the session fails with a reason, and then there is nothing to stop."""
    snapshot = await kiosk.over(json.loads(await shell(START, address, place)))
    assert (snapshot["source_kind"], snapshot["status"], snapshot["end_reason"]) == (
        "microphone",
        "failed",
        "error",
    )
    assert snapshot["error"].startswith("Error querying device -1: this server has no microphone.")
    assert found(await kiosk.client.get("/api/v1/devices")) == {"devices": []}
    stopped = json.loads(await shell(STOP.replace("<session_id>", snapshot["session_id"]), address, place))
    assert stopped == {"detail": "Session is not running: failed"}

    live = await kiosk.start()
    stopped = json.loads(await shell(STOP.replace("<session_id>", live["session_id"]), address, place))
    assert (stopped["session_id"], stopped["status"]) == (live["session_id"], "stopping")
    assert stopped["stop_requested_at"].endswith("Z")
    assert (await kiosk.over(live))["end_reason"] == "stopped_by_api"


async def test_the_terminal_client(kiosk: RealKiosk) -> None:
    """mic_session.py: its calls and the keys it reads, but for its microphone."""
    assert found(await kiosk.client.get("/health"))["status"] == "ok"
    for device in found(await kiosk.client.get("/api/v1/devices"))["devices"]:
        assert f"{device['id']}: {device['name']} ({device['default_samplerate']} Hz)"
    session = await kiosk.start_file(await question(), realtime_factor="20", max_session_seconds="12")
    async with asyncio.timeout(PATIENCE):
        while (polled := found(await kiosk.client.get(f"/api/v1/sessions/{session['session_id']}")))["status"] in (
            "running",
            "stopping",
        ):
            pass
    assert (polled["status"], len(polled.get("transcript_parts", []))) == ("completed", 1)
    assert all(each["text"] and content(Path(each["audio_file"])) for each in polled["tts_audio_segments"])


async def test_the_touch_screen_client(kiosk: RealKiosk) -> None:
    """The React UI: sound in WAVs of their own, each with its header, then polling and clips by their names."""
    pcm = await said(QUESTION)
    session = await kiosk.start(
        sample_rate=16_000, chunk_seconds=2.5, silence_timeout_seconds=1.5, max_session_seconds=20, language="en"
    )
    assert session["source_kind"] == "browser"
    path = f"/api/v1/sessions/{session['session_id']}"
    for begin in range(0, len(pcm), 4096):
        piece = wav(pcm[begin : begin + 4096])
        sent = await kiosk.client.post(f"{path}/audio", content=piece, headers={"Content-Type": "audio/wav"})
        assert found(sent) == {"status": "accepted"}
    assert found(await kiosk.client.post(f"{path}/audio/end")) == {"status": "eos_accepted"}
    assert found(await kiosk.client.post(f"{path}/audio/end")) == {"status": "eos_accepted"}

    snapshot = await kiosk.over(session)
    await check_answered(kiosk, snapshot)
    # Headers are not heard: what was captured is no longer than what was said.
    assert 0 < snapshot["captured_audio_seconds"] <= len(pcm) / 16_000 + 0.1
    trace = found(await kiosk.client.get("/api/v1/pipeline/latest"))["trace"]
    assert trace["session_id"] == session["session_id"]
    assert trace["total_ms"] > 0


async def test_a_conversation(kiosk: RealKiosk) -> None:
    """A question after another is told of it, typed or spoken."""
    first = await kiosk.answered(await question(), conversation_id="visitor")
    second = await kiosk.over(
        await kiosk.start("query/text", text="And without a network?", conversation_id="visitor")
    )
    assert second["status"] == "completed"
    history = found(await kiosk.client.get(f"/api/v1/sessions/{second['session_id']}/history"))["history"]
    assert [said["content"] for said in history[:3]] == [QUESTION, first["response"], "And without a network?"]

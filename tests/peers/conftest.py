"""The whole server as an operator runs it, and the programs of customers that use it."""

import asyncio
import json
import subprocess
import sys
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.browser.conftest import serving
from tests.peers.livekit.company import tone
from tests.peers.livekit.conftest import Server
from tests.peers.livekit.conftest import server as server
from tests.transport.livekit.minting import KEY, SECRET

SECONDS = 3.0
"""Length of what the programs say."""

CLIENTS = Path(__file__).parent / "clients"


DROPPED = "ignore:Exception ignored in. <function FfiHandle:pytest.PytestUnraisableExceptionWarning"
"""LiveKit's client lets go of a track's handle twice when its room closes at the same moment, and then asserts."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(DROPPED))


@dataclass(frozen=True, slots=True)
class Site:
    """`visavis serve`, and a key for it."""

    url: str
    key: str

    @property
    def environment(self) -> dict[str, str]:
        """What customers set."""
        return {"PROTOFACE_API_URL": self.url, "PROTOFACE_API_KEY": self.key}

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=20)


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """What the server's environment has besides ours."""
    return {}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str]) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("data")
    command = [sys.executable, "-m", "visavis", "key", "create", "--data-dir", str(data)]
    made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603  our own
    usual = {"VISAVIS_LIVEKIT_HOSTS": "127.0.0.1", "VISAVIS_WORKERS": "1"}
    with serving(data, usual | settings) as url:
        yield Site(url, made.stdout.strip())


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Something to say, of a length that can be heard to the hundredth."""
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(tone(SECONDS, 16_000).tobytes())
    return path


class Program:
    """A customer's program that runs, and what it has told so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.told: list[dict[str, Any]] = []

    async def until(self, event: str, seconds: float = 60) -> dict[str, Any]:
        """Wait for it to tell of `event` once more."""
        stdout = self._process.stdout
        assert stdout is not None
        async with asyncio.timeout(seconds):
            async for line in stdout:
                if line.startswith(b"{"):
                    self.told.append(json.loads(line))
                    if self.told[-1]["event"] == event:
                        return self.told[-1]
        raise AssertionError(f"it ended before {event!r}: {self.told}")

    async def done(self) -> None:
        """Wait for its end, which has to be a good one."""
        async with asyncio.timeout(30):
            assert await self._process.wait() == 0

    def all(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.told if each["event"] == event]


@asynccontextmanager
async def program(site: Site, rooms: Server | None, name: str, *arguments: str) -> AsyncIterator[Program]:
    """A program of `clients`, in the environment that `./dev test --peers` has made for it."""
    python = Path(sys.prefix) / "peers" / "bin" / "python"
    assert python.exists(), "the customers' clients are not installed: ./dev test --peers gets them"
    environment = site.environment
    if rooms is not None:
        environment |= {"LIVEKIT_URL": rooms.url, "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}
    process = await asyncio.create_subprocess_exec(
        python, CLIENTS / name, *arguments, stdout=subprocess.PIPE, env=environment
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def session_of(site: Site, session_id: str, *statuses: str) -> dict[str, Any]:
    """A session as the API tells of it, as soon as it has one of `statuses`."""
    path = f"/v1/sessions/{session_id}/events"
    async with asyncio.timeout(30), site.client() as client, client.stream("GET", path) as stream:
        async for line in stream.aiter_lines():
            if line.startswith('data: {"') and (told := json.loads(line[6:])).get("status") in statuses:
                found: dict[str, Any] = told
                return found
    raise AssertionError("its events ended")

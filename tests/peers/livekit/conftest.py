"""A real LiveKit server for these tests, and a pool whose sessions may go there."""

import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.transport.livekit.minting import KEY, SECRET
from visavis.pool.inline import InlinePool
from visavis.settings import Settings

CONFIG = """
port: {port}
bind_addresses: ["127.0.0.1"]
rtc:
  tcp_port: {tcp}
  udp_port: {udp}
  use_external_ip: false
  node_ip: 127.0.0.1
  enable_loopback_candidate: true
keys:
  {key}: {secret}
logging:
  level: error
"""


@dataclass(frozen=True, slots=True)
class Server:
    """Where it is."""

    port: int

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    binary = shutil.which("livekit-server")
    assert binary, "livekit-server is not on the PATH: ./dev test --peers gets it"
    port, tcp, udp = free_ports(3)
    config = tmp_path_factory.mktemp("livekit") / "server.yaml"
    config.write_text(CONFIG.format(port=port, tcp=tcp, udp=udp, key=KEY, secret=SECRET))
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([binary, "--config", str(config)], stdout=quiet, stderr=quiet)  # noqa: S603  # our own server
    try:
        _wait_for(port, process)
        yield Server(port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            # It waits for participants whose test has failed.
            process.kill()
            process.wait()


@pytest.fixture
async def pool(server: Server, tmp_path: Path) -> AsyncIterator[InlinePool]:
    settings = Settings(data_dir=tmp_path, livekit_hosts="127.0.0.1", default_model="mock")
    async with InlinePool(settings, warm=False) as pool:
        yield pool


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        assert process.poll() is None, "livekit-server has ended"
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("livekit-server does not listen")

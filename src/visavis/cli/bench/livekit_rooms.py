"""The LiveKit server of `bench livekit`: one that runs already, or one that is started for the bench."""

import asyncio
import base64
import hashlib
import hmac
import json
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

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
"""Of a server that is reached from this machine only."""

STARTING = 20.0
"""Seconds it may take to listen."""

STOPPING = 10.0
"""Seconds it may take to end; it waits for participants."""

LIFE = 3600
"""Seconds a token is good for."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """A LiveKit server, and who may make tokens for it."""

    url: str
    """`ws://…` or `wss://…`."""
    key: str
    secret: str = field(repr=False)

    def token(self, identity: str, room: str, attributes: Mapping[str, str] | None = None) -> str:
        """A token that lets `identity` into `room`: a JWT with HS256, as LiveKit's own tools mint it."""
        grants = {"roomJoin": True, "room": room, "canPublish": True, "canSubscribe": True, "canPublishData": True}
        now = int(time.time())
        claims = {
            "iss": self.key,
            "sub": identity,
            "name": identity,
            "nbf": now - 10,
            "exp": now + LIFE,
            "video": grants,
        }
        told = {"attributes": dict(attributes)} if attributes else {}
        signed = ".".join(
            _base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims | told)
        )
        return f"{signed}.{_base64(hmac.digest(self.secret.encode(), signed.encode(), hashlib.sha256))}"


@asynccontextmanager
async def started() -> AsyncIterator[Rooms]:
    """A server of our own on the loopback interface, until the block ends. Raises `click.ClickException`."""
    binary = shutil.which("livekit-server")
    if binary is None:
        raise click.ClickException("livekit-server is not on the PATH: put it there, or name a server with --url")
    port, tcp, udp = _free_ports(3)
    key, secret = "bench", hashlib.sha256(str(time.time_ns()).encode()).hexdigest()
    with tempfile.TemporaryDirectory(prefix="visavis-bench-livekit-") as folder:
        config = Path(folder) / "server.yaml"
        config.write_text(CONFIG.format(port=port, tcp=tcp, udp=udp, key=key, secret=secret), "utf-8")
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(binary, "--config", str(config), stdout=quiet, stderr=quiet)
        try:
            await _listening(port, process)
            yield Rooms(f"ws://127.0.0.1:{port}", key, secret)
        finally:
            await _stop(process)


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    try:
        async with asyncio.timeout(STARTING):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return
    except TimeoutError:
        raise click.ClickException(f"livekit-server did not listen within {STARTING:g} s") from None
    raise click.ClickException("livekit-server ended before it listened")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOPPING):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

"""The server under test: started, found and ended by a bench, or somebody else's."""

import asyncio
import os
import re
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click

READY = re.compile(r"Visavis is ready: (http://\S+?)/?\s")

START_TIMEOUT = 60.0
"""Seconds a server may take to say that it is ready."""

STOP_TIMEOUT = 15.0
"""Seconds it may take to end after SIGTERM."""

LAST_LINES = 20
"""Lines of its log that are shown if it fails."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that can be measured."""

    url: str
    pid: int | None = None
    """Its first process; None if it is unknown, then nothing is said about processor and memory."""
    started: float = 0.0
    """`time.monotonic()` just before its process was made."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a server is started."""

    data_dir: Path
    pin: int | None = None
    """The only core it may use."""
    workers: int | None = None
    """Its media processes; None leaves it to the server."""
    max_sessions: int | None = None
    """Live sessions it takes for each of them; None leaves it to the server."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Further variables of its environment; they count more than ours."""

    def command(self) -> list[str]:
        """The command line."""
        command = [sys.executable, "-m", "visavis", "serve", "--port", "0", "--data-dir", str(self.data_dir)]
        return [*command, "--workers", str(self.workers)] if self.workers is not None else command

    def environment(self) -> dict[str, str]:
        """Ours, with what the command line has no option for."""
        more = {} if self.max_sessions is None else {"VISAVIS_MAX_SESSIONS": str(self.max_sessions)}
        return {"VISAVIS_LOG_LEVEL": "WARNING", **os.environ, **more, **self.more}


@asynccontextmanager
async def running(start: Start) -> AsyncIterator[Server]:
    """A server of our own, from its start until it has ended."""
    started = time.monotonic()
    with _only(start.pin):
        process = await asyncio.create_subprocess_exec(
            *start.command(),
            env=start.environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    reading: asyncio.Task[None] | None = None
    try:
        url = await _ready(process)
        reading = asyncio.create_task(_pass_on(process), name="read the server's log")
        yield Server(url, process.pid, started)
    finally:
        await _stop(process)
        if reading is not None:
            await reading


@contextmanager
def _only(core: int | None) -> Iterator[None]:
    """What is started meanwhile may use only this core."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {core})
    except OSError:
        raise click.BadParameter(f"this machine has no core {core} for us", param_hint="--pin") from None
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _lines(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    if process.stderr is None:
        raise RuntimeError("the server's log is not piped")
    return process.stderr


async def _ready(process: asyncio.subprocess.Process) -> str:
    """Read the log up to the line that says where the server listens."""
    log: deque[str] = deque(maxlen=LAST_LINES)
    try:
        async with asyncio.timeout(START_TIMEOUT):
            while line := (await _lines(process).readline()).decode("utf-8", "replace"):
                log.append(line)
                if found := READY.search(line):
                    return found[1]
    except TimeoutError:
        raise click.ClickException(f"the server was not ready in {START_TIMEOUT:g} s:\n{''.join(log)}") from None
    raise click.ClickException(f"the server ended before it was ready:\n{''.join(log)}")


async def _pass_on(process: asyncio.subprocess.Process) -> None:
    """Show what the server complains about; a full pipe would hold it up, too."""
    while line := await _lines(process).readline():
        click.echo(b"server: " + line, err=True, nl=False)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()

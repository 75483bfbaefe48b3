"""`visavis bench livekit`: an avatar in a LiveKit room, as its agent and a viewer have it."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
import numpy as np

from visavis.cli.bench import options
from visavis.cli.bench.figures import Report
from visavis.cli.bench.film_speech import lines
from visavis.cli.bench.lip_speech import ENGLISH
from visavis.cli.bench.livekit_api import Api
from visavis.cli.bench.livekit_findings import Findings
from visavis.cli.bench.livekit_rooms import Rooms, started
from visavis.cli.bench.livekit_signal import RATE
from visavis.cli.bench.machine import describe
from visavis.cli.bench.server import Server, Start, running
from visavis.cli.configuration import settings as read_settings
from visavis.media.samples import Resampler
from visavis.media.timeline import SAMPLE_RATE
from visavis.store import Store

MAX_SESSIONS = 64
"""Of our own server."""

SAID = 6
"""Sentences that are said over and over."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    visits: int
    turns: int
    seconds: float
    sessions: int


@click.command()
@click.option("--url", help="A LiveKit server: ws://127.0.0.1:7880.  [default: livekit-server, started for this]")
@click.option("--key", default="devkey", show_default=True, help="With --url: a key of that server.")
@click.option("--secret", default="secret", show_default=True, help="With --url: the key's secret.")
@click.option("--server-url", help="A server with the Protoface API that runs already.  [default: our own]")
@click.option("--api-key", default="", help="With --server-url: sk_live_…")
@click.option("--pid", type=click.IntRange(1), help="With --server-url: its first process on this machine.")
@click.option("--visits", default=10, show_default=True, help="Sessions that are made, for the first picture.")
@click.option("--turns", default=20, show_default=True, help="Utterances that are cleared.")
@click.option(
    "--seconds", default=20.0, show_default=True, help="How long skew, pictures and processor are measured."
)
@click.option("--sessions", default=2, show_default=True, help="At a time, for the processor; 0 leaves it out.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here."
)
def livekit(
    url: str | None,
    key: str,
    secret: str,
    server_url: str | None,
    api_key: str,
    pid: int | None,
    visits: int,
    turns: int,
    seconds: float,
    sessions: int,
    json_file: Path | None,
) -> None:
    """How soon an avatar is seen in a LiveKit room, how soon it is silent, and what it takes."""
    rooms = Rooms(url, key, secret) if url else None
    server = Server(server_url, pid) if server_url else None
    plan = Plan(visits, turns, seconds, sessions)
    options.run(measure(rooms, server, api_key, plan), json_file)


async def measure(rooms: Rooms | None, server: Server | None, api_key: str, plan: Plan) -> Report:
    """Measure `server` in `rooms`; None for either starts one of our own."""
    async with AsyncExitStack() as stack:
        where = rooms
        if where is None:
            where = await stack.enter_async_context(started())
        if server is None:
            measured, key = await stack.enter_async_context(_own(where))
        else:
            measured, key = server, api_key
        api = await stack.enter_async_context(Api(measured.url, key))
        findings = await _measured(where, measured, api, plan)
    name = "visavis serve" if server is None else server.url
    return Report("livekit", describe(name), findings.measures(), findings.left_out)


async def _measured(rooms: Rooms, server: Server, api: Api, plan: Plan) -> Findings:
    # LiveKit's client is a library of 28 MB: not for those who only ask for --help.
    from visavis.cli.bench import livekit_visits as visits

    findings, place = Findings(), visits.Place(rooms, api)
    async with visits.visit(place, "first", "standard"):
        # Whatever is loaded and drawn once, is now.
        pass
    await visits.arrivals(place, plan.visits, findings)
    await visits.clears(place, plan.turns, findings)
    await visits.skew(place, plan.seconds, findings)
    if plan.sessions:
        settings = read_settings(data_dir=None)
        said = await lines(settings, ENGLISH[:SAID])
        resampler = Resampler(SAMPLE_RATE, RATE)
        speech = np.concatenate([*(resampler.push(line.pcm) for line in said), resampler.flush()])
        await visits.load(place, server.pid, plan.sessions, plan.seconds, speech, findings)
        if server.pid is None:
            findings.left_out["livekit cpu"] = "the server's process is not known here; --pid names it"
    return findings


@asynccontextmanager
async def _own(rooms: Rooms) -> AsyncIterator[tuple[Server, str]]:
    """A server that may go to these rooms, and a key for it."""
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as temporary:
        data = Path(temporary)
        async with Store(read_settings(data_dir=data)) as store:
            key, _ = await store.keys.create("bench")
        more = {
            "VISAVIS_LIVEKIT_HOSTS": urlsplit(rooms.url).hostname or "",
            "VISAVIS_CREATES_PER_MINUTE": "100000",
            "VISAVIS_PROTOFACE_CONCURRENCY": str(MAX_SESSIONS),
            "VISAVIS_MOCK_COUNTER": "1",
        }
        async with running(Start(data, None, 1, MAX_SESSIONS, more)) as server:
            yield server, key

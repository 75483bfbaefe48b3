"""`visavis bench bundle`: how fast an offline bundle is rendered, and whether live sessions notice."""

import asyncio
import math
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import click

from visavis.cli.bench import options
from visavis.cli.bench.client import Client
from visavis.cli.bench.density import CHARACTERS, SETTLE, TEXT, Findings, cadence, speak
from visavis.cli.bench.figures import Report
from visavis.cli.bench.machine import describe
from visavis.cli.bench.server import Server, Start, running
from visavis.cli.bench.visit import Visit, visit
from visavis.films import seconds

POLL = 0.1
"""Seconds between two looks at a job."""

QUIET = 10.0
"""Seconds the live sessions are watched before the bundle is asked for."""

SLOWEST = 1.0
"""Times real time below which a bundle counts as stuck."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    avatar: str
    model: str
    seconds: float
    live: int
    bundles: int


@click.command()
@options.shared
@click.option(
    "--seconds", default=60.0, show_default=True, help="Speech in the bundle; it is spoken in real time first."
)
@click.option("--live", default=3, show_default=True, help="Sessions that speak meanwhile.")
@click.option("--bundles", default=3, show_default=True, help="Times that it is rendered.")
@click.option("--workers", type=click.IntRange(0), help="Media processes of our own server.")
def bundle(
    url: str | None,
    avatar: str,
    model: str,
    data_dir: Path | None,
    json_file: Path | None,
    seconds: float,
    live: int,
    bundles: int,
    workers: int | None,
) -> None:
    """How fast a session's offline bundle is rendered while others speak, and how even their pictures come."""
    plan = Plan(avatar, model, seconds, live, bundles)
    if url:
        options.run(_measure(Server(url), url, plan), json_file)
    else:
        options.run(_measure_own(data_dir, workers, plan), json_file)


async def _measure_own(data_dir: Path | None, workers: int | None, plan: Plan) -> Report:
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as temporary:
        async with running(Start(data_dir or Path(temporary), None, workers, plan.live + 1)) as server:
            return await _measure(server, "visavis serve", plan)


async def _measure(server: Server, name: str, plan: Plan) -> Report:
    findings = Findings()
    async with Client(server.url) as client:
        await client.healthy()
        session = await _spoken(client, plan)
        async with AsyncExitStack() as stack:
            visits = [
                await stack.enter_async_context(visit(client, plan.avatar, plan.model)) for _ in range(plan.live)
            ]
            for each in visits:
                await each.connect()
            await asyncio.gather(*(each.viewer.connected() for each in visits))
            await speak(visits, QUIET + plan.bundles * plan.seconds / SLOWEST)
            await asyncio.sleep(SETTLE)
            await _before(visits, findings)
            await _during(client, session, visits, plan, findings)
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return Report("bundle", {**describe(name), "load": load}, findings.measures, findings.left_out)


async def _spoken(client: Client, plan: Plan) -> str:
    """A session that has said its text and has ended."""
    session = await client.create(plan.avatar, plan.model)
    # What a voice says of it takes about as long as asked for: the film's length is measured.
    text = TEXT * math.ceil(plan.seconds * CHARACTERS / 2 / len(TEXT))
    await client.speak(session, text[: round(plan.seconds * CHARACTERS / 2)])
    async for name, _ in client.events(session):
        if name == "speech.ended":
            break
    await client.delete(session)
    return session


async def _before(visits: Sequence[Visit], findings: Findings) -> None:
    for each in visits:
        each.viewer.packets.clear()
    await asyncio.sleep(QUIET)
    cadence(visits, QUIET, "before", findings)


async def _during(client: Client, session: str, visits: Sequence[Visit], plan: Plan, findings: Findings) -> None:
    for each in visits:
        each.viewer.packets.clear()
    began = time.monotonic()
    rates, waits = [], []
    length = 0.0
    for _ in range(plan.bundles):
        asked = time.monotonic()
        job = await client.bundle(session)
        while not await client.rendered(session, job):  # noqa: ASYNC110  # another process tells only who asks
            await asyncio.sleep(POLL)
        waits.append(time.monotonic() - asked)
        length = seconds(await client.film(session, job))
        rates.append(length / waits[-1])
    span = time.monotonic() - began
    findings.add("bundle", f"POST bundle → status complete, {length:.1f} s of film", "s", *waits)
    findings.add("bundle rate", "length of the film / that time, process start included", "x", *rates)
    cadence(visits, span, "bundle", findings)

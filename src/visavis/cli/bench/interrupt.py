"""`visavis bench interrupt`: how soon an interrupted turn is silent, and whether it stays so."""

import asyncio
import random
import tempfile
from pathlib import Path

import click

from visavis.cli.bench import options
from visavis.cli.bench.client import Client
from visavis.cli.bench.figures import Measure, Report
from visavis.cli.bench.machine import describe
from visavis.cli.bench.server import Server, Start, running
from visavis.cli.bench.targets import TARGETS
from visavis.cli.bench.visit import Visit, visit

TEXT = (
    "This answer is much too long, and nobody will hear the end of it, because somebody is going to press the "
    "button while it is being said; it goes on and on about opening hours, about the way to the lift on the "
    "left, about breakfast, and about the weather of the day before yesterday, which was rather pleasant. "
)

AFTER = 0.5
"""Seconds that are watched after the answer: longer than any queue between a voice and the network."""


@click.command()
@options.shared
@click.option("--turns", default=40, show_default=True, help="Turns that are interrupted.")
def interrupt(
    url: str | None, avatar: str, model: str, data_dir: Path | None, json_file: Path | None, turns: int
) -> None:
    """How soon an interrupted turn is silent, and that nothing of it comes later."""
    options.run(measure(url, data_dir, avatar, model, turns), json_file)


async def measure(url: str | None, data_dir: Path | None, avatar: str, model: str, turns: int) -> Report:
    """Measure the server at `url`, or one of our own."""
    if url:
        return await _measure(Server(url), url, avatar, model, turns)
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as temporary:
        async with running(Start(data_dir or Path(temporary))) as server:
            return await _measure(server, "visavis serve", avatar, model, turns)


async def _measure(server: Server, name: str, avatar: str, model: str, turns: int) -> Report:
    silent: list[float] = []
    answered: list[float] = []
    late: list[float] = []
    async with Client(server.url) as client:
        await client.healthy()
        async with visit(client, avatar, model) as first:
            await first.connect()
            await first.viewer.connected()
            for _ in range(turns):
                last, answer, packets = await _interrupted(first)
                silent.append(last)
                answered.append(answer)
                late.append(packets)
    measures = [
        Measure(
            "interrupt", "POST /interrupt → last sound packet of the turn", "ms", silent, TARGETS["interrupt"]
        ),
        Measure("interrupt, answer", "POST /interrupt → answer", "ms", answered),
        Measure(
            "interrupt, after",
            f"sound packets of the turn read in the {AFTER:g} s after the answer",
            "packets",
            late,
            TARGETS["interrupt, after"],
        ),
    ]
    return Report("interrupt", describe(name), measures)


async def _interrupted(first: Visit) -> tuple[float, float, int]:
    """Interrupt one turn; returns ms from the call to its last sound and to the answer, and packets after that.

    "After" counts what is read once the answer has been: what lay in the client's sockets by then was sent
    before it, and the event loop hands out sockets in no particular order, so those are emptied first.
    """
    heard = asyncio.create_task(first.sound())
    await first.speak(TEXT)
    await heard
    await asyncio.sleep(random.uniform(0.1, 0.6))  # noqa: S311  # any moment of a sentence, no secret
    packets = first.viewer.packets
    packets.clear()
    called, answered = await first.interrupt()
    read = -1
    while read != len(packets):
        read = len(packets)
        await asyncio.sleep(0)
    await asyncio.sleep(AFTER)
    last = max((packet.at for packet in packets if packet.audible), default=called)
    late = sum(packet.audible for packet in packets[read:])
    await first.quiet()
    return max(last - called, 0.0) * 1000, (answered - called) * 1000, late

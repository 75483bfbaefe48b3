"""`visavis bench density`: what many sessions take together, and whether each still gets its pictures in time."""

import asyncio
import io
import math
import os
import tempfile
import wave
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np

from visavis.cli.bench import options
from visavis.cli.bench.client import Client
from visavis.cli.bench.familiar import pictures
from visavis.cli.bench.figures import Measure, Report
from visavis.cli.bench.film_speech import lines
from visavis.cli.bench.machine import describe
from visavis.cli.bench.processes import Tree
from visavis.cli.bench.server import Server, Start, running
from visavis.cli.bench.targets import TARGETS
from visavis.cli.bench.visit import Visit, visit
from visavis.cli.configuration import settings as read_settings
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE

TEXT = (
    "The museum opens at nine and closes at six, except on Mondays, when it stays closed all day. "
    "Tickets are sold at the desk behind you, and children under twelve come in for free. "
    "The café on the second floor has soup, sandwiches and a very good view of the river. "
)

CHARACTERS = 30
"""Of the text above for each second of speech: more than any voice says."""

SETTLE = 3.0
"""Seconds from the last connection, or the last speak, to the first sample."""

RETURNED = 5.0
"""Seconds after the last session has closed until memory is read again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    avatar: str
    model: str
    idle: int
    speaking: int
    seconds: float
    record: bool
    from_sound: bool


@dataclass(slots=True)
class Findings:
    """What has been measured so far."""

    measures: list[Measure] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, span: str, unit: str, *values: float) -> None:
        """Note one measure."""
        self.measures.append(Measure(name, span, unit, values, TARGETS.get(name, ())))


@click.command()
@options.shared
@click.option("--idle", default=8, show_default=True, help="Sessions that only watch; 0 leaves them out.")
@click.option("--speaking", default=4, show_default=True, help="Sessions that speak; 0 leaves them out.")
@click.option("--seconds", default=20.0, show_default=True, help="How long each of the two is measured.")
@click.option("--record", is_flag=True, help="The sessions that speak are recorded.")
@click.option("--from-sound", is_flag=True, help="They speak twice: a text, then the same sound as a recording.")
@click.option("--pin", type=click.IntRange(0), help="The only core our own server may use; we then keep off it.")
@click.option("--workers", type=click.IntRange(0), help="Media processes of our own server.")
@click.option("--pid", type=click.IntRange(1), help="With --url: the server's first process on this machine.")
def density(
    url: str | None,
    avatar: str,
    model: str,
    data_dir: Path | None,
    json_file: Path | None,
    idle: int,
    speaking: int,
    seconds: float,
    record: bool,
    from_sound: bool,
    pin: int | None,
    workers: int | None,
    pid: int | None,
) -> None:
    """What many sessions take together: processor, memory, and how even their pictures come."""
    plan = Plan(avatar, model, idle, speaking, seconds, record, from_sound)
    if url:
        options.run(_measure(Server(url, pid), url, plan), json_file)
        return
    if pin is not None and (others := os.sched_getaffinity(0) - {pin}):
        # Before the event loop is made, so that all of our threads keep off.
        os.sched_setaffinity(0, others)
    options.run(_measure_own(data_dir, pin, workers, plan), json_file)


async def _measure_own(data_dir: Path | None, pin: int | None, workers: int | None, plan: Plan) -> Report:
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as temporary:
        room = max(plan.idle, plan.speaking)
        async with running(Start(data_dir or Path(temporary), pin, workers, room)) as server:
            where = "visavis serve" if pin is None else f"visavis serve on core {pin} alone"
            return await _measure(server, where, plan)


async def _measure(server: Server, name: str, plan: Plan) -> Report:
    findings = Findings()
    if server.pid is None:
        findings.left_out["cpu, memory"] = "the server's process is not known here; --pid names it"
    async with Client(server.url) as client:
        await client.healthy()
        await _one(client, plan)
        before = await _rested(server)
        if before is not None:
            _memory_after_one(before, findings)
        if plan.idle:
            await _load(client, server, plan, plan.idle, "idle", findings)
        if plan.speaking:
            await _load(client, server, plan, plan.speaking, "speaking", findings)
        if plan.speaking and plan.from_sound:
            await _load(client, server, plan, plan.speaking, "from sound", findings)
            _compare(findings)
        after = await _rested(server)
        if before is not None and after is not None and (plan.idle or plan.speaking):
            grown = (after.own_mib / before.own_mib - 1) * 100
            findings.add("memory after", "growth of own memory, one session closed → all closed", "%", grown)
    return Report("density", describe(name), findings.measures, findings.left_out)


async def _one(client: Client, plan: Plan) -> None:
    """One whole session, so that everything is loaded that a session needs."""
    async with visit(client, plan.avatar, plan.model) as first:
        await first.connect()
        await first.viewer.connected()
        await first.speak("This is the first session.")
        await first.sound()
        await first.quiet()


async def _rested(server: Server) -> Tree | None:
    if server.pid is None:
        return None
    await asyncio.sleep(RETURNED)
    return Tree.read(server.pid)


def _memory_after_one(tree: Tree, findings: Findings) -> None:
    span = "resident, one voice session made and closed"
    findings.add("memory, api", f"{span}: the process that answers", "MiB", tree.root.rss_mib)
    if tree.workers:
        largest = max(use.rss_mib for use in tree.workers)
        findings.add("memory, worker", f"{span}: the largest media worker", "MiB", largest)


async def _load(client: Client, server: Server, plan: Plan, count: int, kind: str, findings: Findings) -> None:
    """Measure `count` sessions that idle or speak."""
    # Read anew, so that what earlier sessions have left behind is not counted as these sessions'.
    before = await _rested(server)
    async with AsyncExitStack() as stack:
        visits = [await stack.enter_async_context(visit(client, plan.avatar, plan.model)) for _ in range(count)]
        for each in visits:
            await each.connect()
        await asyncio.gather(*(each.viewer.connected() for each in visits))
        if kind != "idle" and plan.record:
            for each in visits:
                await client.record(each.session)
        if kind == "speaking":
            await speak(visits, plan.seconds)
        elif kind == "from sound":
            await recite(visits, plan.seconds)
        await asyncio.sleep(SETTLE)
        for each in visits:
            each.viewer.packets.clear()
        began = Tree.read(server.pid) if server.pid else None
        await asyncio.sleep(plan.seconds)
        ended = Tree.read(server.pid) if server.pid else None
        cadence(visits, plan.seconds, kind, findings)
    if before is not None and began is not None and ended is not None:
        used = (ended.cpu_seconds - began.cpu_seconds) / plan.seconds * 100
        span = f"{count} {kind} sessions, all processes of the server"
        findings.add(f"{kind} cpu", f"processor per session: {span}", "%", used / count)
        findings.add(f"{kind} cpu, all", f"processor: {span}", "%", used)
        grown = (ended.own_mib - before.own_mib) / count
        name = "memory per session" if kind == "speaking" else f"memory per {kind} session"
        findings.add(name, f"growth of own memory per session: none → {count} {kind}", "MiB", grown)


async def speak(visits: Iterable[Visit], seconds: float) -> None:
    """Have all of them speak for longer than they are measured, and not in step."""
    text = TEXT * math.ceil((seconds + 2 * SETTLE) * CHARACTERS / len(TEXT))
    for each in visits:
        await each.speak(text)
        await asyncio.sleep(0.13)


async def recite(visits: Iterable[Visit], seconds: float) -> None:
    """The same with what the default voice makes of the text, as a recording: visemes then come from the sound."""
    said = await lines(read_settings(data_dir=None), TEXT.strip().split(". "))
    pcm = np.resize(np.concatenate([line.pcm for line in said]), round((seconds + 2 * SETTLE) * SAMPLE_RATE))
    for each in visits:
        await each.speak_sound(wav(pcm))
        await asyncio.sleep(0.13)


def wav(pcm: Samples) -> bytes:
    """48 kHz mono sound as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(pcm.tobytes())
    return file.getvalue()


def _compare(findings: Findings) -> None:
    """How much more it takes when visemes come from the sound."""
    cpu = {measure.name: measure.values[0] for measure in findings.measures if measure.name.endswith(" cpu")}
    if {"speaking cpu", "from sound cpu"} <= cpu.keys():
        more = (cpu["from sound cpu"] / cpu["speaking cpu"] - 1) * 100
        span = "from sound cpu against speaking cpu, whose phonemes the voice knows"
        findings.add("from sound, more", span, "%", more)


def cadence(visits: Iterable[Visit], seconds: float, kind: str, findings: Findings) -> None:
    """Note how even the pictures came that the viewers have."""
    gaps: list[float] = []
    rates: list[float] = []
    mute = 0
    for each in visits:
        times = [shown.at for shown in pictures(each.viewer.packets)]
        gaps += [(later - earlier) * 1000 for earlier, later in zip(times, times[1:], strict=False)]
        rates.append(len(times) / seconds)
        mute += kind != "idle" and not any(packet.audible for packet in each.viewer.packets)
    if gaps:
        findings.add(f"{kind} picture gap", f"one picture → the next, {len(rates)} sessions", "ms", *gaps)
    findings.add(
        f"{kind} pictures", f"pictures a second, one value per session, {len(rates)} sessions", "fps", *rates
    )
    if mute:
        findings.left_out[f"{kind} (in part)"] = f"{mute} of {len(rates)} sessions were not heard"

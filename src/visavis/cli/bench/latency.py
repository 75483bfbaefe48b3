"""`visavis bench latency`: how long one user waits, from the server's start to the first moving picture.

With `--voice` it measures the voice loop instead.
"""

import asyncio
import random
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import click

from visavis.cli.bench import options, voice
from visavis.cli.bench.client import Client
from visavis.cli.bench.familiar import Familiar, pictures
from visavis.cli.bench.figures import Measure, Report
from visavis.cli.bench.machine import describe
from visavis.cli.bench.server import Server, Start, running
from visavis.cli.bench.targets import TARGETS
from visavis.cli.bench.visit import Visit, visit

TEXTS = (
    "Good morning, how can I help you today?",
    "The next train to the airport leaves in twelve minutes.",
    "Please take a seat, somebody will be with you shortly.",
    "Yes, breakfast is served until half past ten.",
)

LEARN = 20.0
"""Seconds an idle session is watched at most, until its pictures repeat."""

SETTLE = 3.0
"""Seconds after a turn within which an idle loop should be back."""

PICTURE = 2.0
"""Seconds within which a picture of the turn should come."""

SPANS = {
    "healthy": "`visavis serve` → GET /health 200, empty data directory",
    "healthy again": "the same, with the data directory of an earlier run",
    "cold first sound": "POST /sessions → first sound of a speak, right after the start, empty data directory",
    "cold first sound again": "the same, with the data directory of an earlier run",
    "create": "POST /sessions → answer, warm",
    "first picture": "POST webrtc/offer → first video packet",
    "speak": "POST /speak → first sound packet that is not silence",
    "speak, picture": "POST /speak → first picture that was not seen while idle, complete",
}


@dataclass(slots=True)
class Findings:
    """What has been measured so far, in ms and s."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    left_out: dict[str, str] = field(default_factory=dict)

    def report(self, server: str) -> Report:
        """Everything that was found."""
        measures = [
            Measure(name, span, _unit(name), values, TARGETS.get(name, ()))
            for name, span in SPANS.items()
            if (values := self.values.get(name))
        ]
        return Report("latency", describe(server), measures, self.left_out)


def _unit(name: str) -> str:
    return "s" if name.startswith(("healthy", "cold")) else "ms"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for, and how often."""

    avatar: str
    model: str
    starts: int
    visits: int
    turns: int


@click.command()
@options.shared
@click.option("--starts", default=3, show_default=True, help="Starts of the server, of each kind.")
@click.option("--visits", default=20, show_default=True, help="Sessions made and offers answered.")
@click.option("--turns", default=30, show_default=True, help="Texts spoken; with --voice: turns of each kind.")
@click.option(
    "--voice",
    "by_voice",
    is_flag=True,
    help="Speak to the server instead: what is measured then is the way from speech to speech, and barge-in.",
)
@click.option("--sounds", default=10, show_default=True, help="With --voice: backchannels, and as many coughs.")
def latency(
    url: str | None,
    avatar: str,
    model: str,
    data_dir: Path | None,
    json_file: Path | None,
    starts: int,
    visits: int,
    turns: int,
    by_voice: bool,
    sounds: int,
) -> None:
    """How long one user waits: for the server, a session, the first picture, the first sound."""
    if by_voice:
        options.run(voice.measure(url, data_dir, voice.VoicePlan(avatar, model, turns, sounds)), json_file)
        return
    options.run(measure(url, data_dir, Plan(avatar, model, starts, visits, turns)), json_file)


async def measure(url: str | None, data_dir: Path | None, plan: Plan) -> Report:
    """Measure the server at `url`, or one of our own."""
    findings = Findings()
    if url:
        findings.left_out["healthy, cold first sound"] = "the server was running already"
        await _warm(Server(url), plan, findings)
        return findings.report(url)
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as temporary:
        for count in range(plan.starts):
            place = Path(temporary) / str(count)
            await _cold(place, plan, findings, "")
            await _cold(place, plan, findings, " again")
        async with running(Start(data_dir or Path(temporary) / "warm")) as server:
            await _warm(server, plan, findings)
    return findings.report("visavis serve")


async def _cold(data_dir: Path, plan: Plan, findings: Findings, again: str) -> None:
    """Start a server, and at once have its first session speak."""
    async with running(Start(data_dir)) as server, Client(server.url) as client:
        await client.healthy()
        findings.values[f"healthy{again}"].append(time.monotonic() - server.started)
        began = time.monotonic()
        async with visit(client, plan.avatar, plan.model) as first:
            await first.connect()
            await first.viewer.connected()
            sound = asyncio.create_task(first.sound())
            await first.speak(TEXTS[0])
            findings.values[f"cold first sound{again}"].append((await sound).at - began)


async def _warm(server: Server, plan: Plan, findings: Findings) -> None:
    async with Client(server.url) as client:
        await client.healthy()
        async with visit(client, plan.avatar, plan.model) as first:
            await first.connect()
            await first.picture()
            await _turns(first, plan.turns, findings)
        for _ in range(plan.visits):
            await _visit(client, plan, findings)


async def _visit(client: Client, plan: Plan, findings: Findings) -> None:
    began = time.monotonic()
    session = await client.create(plan.avatar, plan.model)
    findings.values["create"].append((time.monotonic() - began) * 1000)
    await client.delete(session)
    async with visit(client, plan.avatar, plan.model) as next_one:
        seen = asyncio.create_task(next_one.picture())
        offered = await next_one.connect()
        findings.values["first picture"].append(((await seen).at - offered) * 1000)


async def _turns(first: Visit, count: int, findings: Findings) -> None:
    await first.speak(TEXTS[0])
    await first.sound()
    await first.interrupt()
    await first.quiet()
    familiar = await _learned(first)
    if familiar is None:
        findings.left_out["speak, picture"] = (
            "the idle pictures do not repeat, so a new one can't be told from them without decoding"
        )
    unseen = 0
    for turn in range(count):
        await _settled(first, familiar)
        first.viewer.packets.clear()
        heard = asyncio.create_task(first.sound())
        began = await first.speak(TEXTS[turn % len(TEXTS)])
        findings.values["speak"].append(((await heard).at - began) * 1000)
        if familiar is not None:
            seen = await _new_picture(first, familiar)
            if seen is None:
                unseen += 1
            else:
                findings.values["speak, picture"].append((seen - began) * 1000)
        await first.interrupt()
        await first.quiet()
    if unseen:
        findings.left_out["speak, picture"] = f"{unseen} of {count} turns showed no new picture in {PICTURE:g} s"


async def _learned(first: Visit) -> Familiar | None:
    """Watch the session idle until its pictures repeat; None if they never do."""
    familiar = Familiar()
    give_up = time.monotonic() + LEARN
    while time.monotonic() < give_up:
        first.viewer.packets.clear()
        await asyncio.sleep(0.5)
        if familiar.learn(first.viewer.packets):
            return familiar
    return None


async def _settled(first: Visit, familiar: Familiar | None) -> None:
    """Wait for the idle loop, then for a moment that has nothing to do with its rhythm."""
    give_up = time.monotonic() + SETTLE
    while familiar is not None and time.monotonic() < give_up:
        first.viewer.packets.clear()
        await asyncio.sleep(0.2)
        if all(familiar.knows(shown) for shown in pictures(first.viewer.packets)):
            break
    await asyncio.sleep(random.uniform(0, 0.2))  # noqa: S311  # spreads the turns over the grid, no secret


async def _new_picture(first: Visit, familiar: Familiar) -> float | None:
    """When the first picture came that is not the idle loop's; None if none has."""
    give_up = time.monotonic() + PICTURE
    while time.monotonic() < give_up:
        for shown in pictures(first.viewer.packets):
            if not familiar.knows(shown):
                return shown.at
        await asyncio.sleep(0.02)
    return None

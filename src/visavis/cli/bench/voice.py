"""`visavis bench latency --voice`: how long somebody who speaks waits for an answer, or for silence."""

import asyncio
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from os import environ, pathsep
from pathlib import Path

import click

from visavis.cli.bench import barge_in
from visavis.cli.bench.client import Client
from visavis.cli.bench.figures import Measure, Report
from visavis.cli.bench.machine import describe
from visavis.cli.bench.microphone import Microphone, Said, Sound
from visavis.cli.bench.recognition import word_errors
from visavis.cli.bench.server import Start, running
from visavis.cli.bench.targets import TARGETS
from visavis.cli.bench.told import told
from visavis.cli.bench.utterances import DOCUMENT, QUESTIONS, spoken
from visavis.cli.bench.viewer import Packet
from visavis.cli.bench.visit import Visit, visit
from visavis.cli.configuration import settings as read_settings
from visavis.errors import VisavisError
from visavis.session.ear import WINDOW
from visavis.testing.stub_providers import Stamp, Stamps, install

PATIENCE = 5.0
"""Seconds after a question within which the answer has to begin."""

LEAD = 0.5
"""Seconds of silence, at least, before somebody speaks."""

TRIES = 20
"""Questions a new server may leave unanswered before its recogniser has to be ready."""

START = "end of the user's speech (its last sample above -40 dBFS leaves)"
FIRST = "first sound packet that is not silence"

SPANS = {
    "voice, stubs": f"{START} → {FIRST}; stub providers, preemptive off",
    "voice, endpointing": f"{START} → the packet leaves with which the server has heard enough silence",
    "voice, providers": "stub asr, llm and tts: given its last input → gave its first output, summed",
    "voice, overhead": "voice, stubs - voice, endpointing - voice, providers",
    "overhead, ear": "of that: the packet that decides leaves → asr is told that the sound is over",
    "overhead, llm": "of that: asr gave the transcript → llm is asked",
    "overhead, tts": "of that: llm gave the first sentence → tts is asked",
    "overhead, sound": f"of that: tts gave the first piece → {FIRST}",
    "voice": f"{START} → {FIRST}; embedded providers",
    "voice, not preemptive": "the same, with VISAVIS_PREEMPTIVE=false",
}


@dataclass(frozen=True, slots=True)
class VoicePlan:
    """What is asked for, and how often."""

    avatar: str
    model: str
    turns: int
    """Of each kind."""
    sounds: int
    """Backchannels, and as many coughs."""


@dataclass(slots=True)
class Findings:
    """What has been measured so far; times in ms."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: list[Measure] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        """One more value."""
        self.values[name].append(seconds * 1000)

    def report(self, server: str) -> Report:
        """Everything that was found."""
        spans = SPANS | barge_in.SPANS
        times = [
            Measure(name, span, "ms", values, TARGETS.get(name, ()))
            for name, span in spans.items()
            if (values := self.values.get(name))
        ]
        return Report("latency --voice", describe(server), [*times, *self.counts], self.left_out)


async def measure(url: str | None, data_dir: Path | None, plan: VoicePlan) -> Report:
    """Measure the server at `url`, or some of our own, each with one media process.

    Raises `ClickException` without flite.
    """
    findings = Findings()
    try:
        questions = await spoken(read_settings(), QUESTIONS)
    except VisavisError as error:
        raise click.ClickException(error.message) from None
    if url:
        findings.left_out["voice, overhead; voice, not preemptive"] = (
            "not a server of our own, which can be set up"
        )
        async with Client(url) as client:
            await _whole(client, plan, questions, "voice", findings)
            await _barge_ins(client, plan, findings)
        return findings.report(url)
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as temporary:
        place = data_dir or Path(temporary) / "data"
        if data_dir is None:
            await _add_document(Path(temporary), place)
        await _overhead(Path(temporary), place, plan, questions, findings)
        async with _server(place, {"VISAVIS_PREEMPTIVE": "false"}) as client:
            await _whole(client, plan, questions, "voice, not preemptive", findings)
        async with _server(place, {"VISAVIS_PREEMPTIVE": "true"}) as client:
            await _whole(client, plan, questions, "voice", findings)
            await _barge_ins(client, plan, findings)
    return findings.report("visavis serve --workers 1")


async def _add_document(temporary: Path, data_dir: Path) -> None:
    """As a user does it."""
    file = temporary / "museum.md"
    file.write_text(DOCUMENT, "utf-8")
    command = [sys.executable, "-m", "visavis", "knowledge", "add", str(file), "--data-dir", str(data_dir)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    if await process.wait():
        raise click.ClickException("the document with the answers could not be added")


@asynccontextmanager
async def _server(data_dir: Path, more: Mapping[str, str]) -> AsyncIterator[Client]:
    """One media process, so that there is one recogniser, which is warm once it has been used."""
    async with running(Start(data_dir, workers=1, more=more)) as server, Client(server.url) as client:
        await client.healthy()
        yield client


async def _overhead(
    temporary: Path, data_dir: Path, plan: VoicePlan, questions: list[Sound], findings: Findings
) -> None:
    """What a turn takes besides its providers: those are stubs, found as any installed package's are."""
    stamps = Stamps(temporary / "stamps")
    install(temporary / "stubs")
    more = {
        **{f"VISAVIS_{kind}": "stub" for kind in ("ASR", "LLM", "TTS")},
        "VISAVIS_PREEMPTIVE": "false",
        "VISAVIS_OPTIONS__STUB__STAMPS": str(temporary / "stamps"),
        "PYTHONPATH": pathsep.join(filter(None, (str(temporary / "stubs"), environ.get("PYTHONPATH")))),
    }
    microphone = Microphone()
    async with _server(data_dir, more) as client, visit(client, plan.avatar, plan.model, microphone) as first:
        await first.connect()
        await first.viewer.connected()
        await _warm(first, microphone, questions[0])
        lost = 0
        for question in islice(cycle(questions), plan.turns):
            stamps.take()
            said, heard = await _ask(first, microphone, question)
            found = stamps.take()
            if heard is None or not _add_overhead(said, heard, found, findings):
                lost += 1
            await first.interrupt()
            await first.quiet()
    if lost:
        findings.left_out["voice, overhead"] = f"{lost} of {plan.turns} utterances were not answered in one turn"


def _add_overhead(said: Said, heard: Packet, stamps: list[Stamp], findings: Findings) -> bool:
    """Take a turn apart; False if it was not one turn."""
    stages = {stamp.stage: stamp for stamp in reversed(stamps)}
    if len(stages) < 3 or sum(stamp.stage == "asr" for stamp in stamps) > 1:
        return False
    asr, llm, tts = stages["asr"], stages["llm"], stages["tts"]
    # The ear gives the recogniser every window but the one that ends the utterance.
    decided = said.sent[said.sound.deciding(asr.quiet + WINDOW)]
    providers = sum(stamp.gave - stamp.given for stamp in (asr, llm, tts))
    findings.add("voice, stubs", heard.at - said.ended)
    findings.add("voice, endpointing", decided - said.ended)
    findings.add("voice, providers", providers)
    findings.add("voice, overhead", heard.at - decided - providers)
    findings.add("overhead, ear", asr.given - decided)
    findings.add("overhead, llm", llm.given - asr.gave)
    findings.add("overhead, tts", tts.given - llm.gave)
    findings.add("overhead, sound", heard.at - tts.gave)
    return True


async def _whole(client: Client, plan: VoicePlan, questions: list[Sound], name: str, findings: Findings) -> None:
    """Ask each question in a conversation of its own."""
    microphone = Microphone()
    async with visit(client, plan.avatar, plan.model, microphone) as first:
        await first.connect()
        await first.viewer.connected()
        await _warm(first, microphone, questions[0])
    misheard = unanswered = 0
    for question in islice(cycle(questions), plan.turns):
        microphone = Microphone()
        async with (
            visit(client, plan.avatar, plan.model, microphone) as one,
            told(client, one.session) as news,
        ):
            await one.connect()
            await one.viewer.connected()
            said, heard = await _ask(one, microphone, question)
            understood = await news.until_understood(PATIENCE)
        if word_errors(question.words, understood):
            misheard += 1
        elif heard is None:
            unanswered += 1
        else:
            findings.add(name, heard.at - said.ended)
    failed = f"of {plan.turns} questions, not in the figures: {misheard} misheard, {unanswered} not answered"
    findings.counts.append(Measure(f"{name}: failed", failed, "questions", [misheard + unanswered]))


async def _barge_ins(client: Client, plan: VoicePlan, findings: Findings) -> None:
    values, counts = await barge_in.measure(client, plan.avatar, plan.model, plan.turns, plan.sounds)
    findings.values["barge-in"] += values
    findings.counts += counts


async def _ask(first: Visit, microphone: Microphone, question: Sound) -> tuple[Said, Packet | None]:
    """Say something, at a moment that has nothing to do with anybody's rhythm; the first sound of the answer."""
    await asyncio.sleep(LEAD + random.uniform(0, 0.2))  # noqa: S311  # spreads over the windows, no secret
    said = await microphone.say(question)
    return said, await first.viewer.first(lambda packet: packet.audible, PATIENCE)


async def _warm(first: Visit, microphone: Microphone, question: Sound) -> None:
    """Ask until there is an answer: the first time the recogniser is being loaded."""
    for _ in range(TRIES):
        _, heard = await _ask(first, microphone, question)
        if heard is not None:
            await first.interrupt()
            await first.quiet()
            return
    raise click.ClickException("the server does not answer what is said to it")

"""`visavis bench kiosk`: how long somebody at a kiosk waits, how fast it stops, and how well it understands."""

import asyncio
import tempfile
import time
import wave
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click
import numpy as np

from visavis.cli.bench import options
from visavis.cli.bench.figures import Measure, Report
from visavis.cli.bench.kiosk_client import KioskClient, Told
from visavis.cli.bench.machine import describe
from visavis.cli.bench.recognition import SENTENCES, VOICES, say, word_errors
from visavis.cli.bench.server import Start, running
from visavis.cli.bench.targets import TARGETS
from visavis.cli.configuration import settings as read_settings
from visavis.errors import VisavisError
from visavis.media.samples import Samples
from visavis.media.timeline import HEARD_RATE
from visavis.testing.kiosk_stubs import AnalyzerStub, Answer, RagStub, SpeechStub, tokens

SILENCE = np.zeros(3 * HEARD_RATE, np.int16)
"""After a question: more than the silence timeout."""

SLOW = 3.0
"""Seconds that the slow recogniser takes for each chunk."""

REACHED = "the silence timeout is reached (the last progress is read)"

SPANS = {
    "kiosk transcript": f"{REACHED} → the full transcript is read",
    "kiosk first clip": f"{REACHED} → the first clip is there",
    "kiosk terminal": f"{REACHED} → the last snapshot is read",
    "kiosk stop, ASR": "POST stop, the recogniser stalls → the last snapshot is read",
    "kiosk stop, RAG": "POST stop, the RAG service stalls in mid-answer → the last snapshot is read",
    "kiosk stop, TTS": "POST stop, the speech service stalls in mid-answer → the last snapshot is read",
    "kiosk capture, lag": f"a frame of sound is due → its progress is read; recogniser takes {SLOW:g} s a chunk",
}


@dataclass(slots=True)
class Findings:
    """What has been measured so far; times in ms."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    rates: list[Measure] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        """One more value."""
        self.values[name].append(seconds * 1000)

    def report(self) -> Report:
        """Everything that was found."""
        times = [
            Measure(name, span, "ms", values, TARGETS.get(name, ()))
            for name, span in SPANS.items()
            if (values := self.values.get(name))
        ]
        return Report("kiosk", describe("visavis serve"), [*times, *self.rates], self.left_out)


@click.command()
@click.option("--turns", type=click.IntRange(1), default=20, show_default=True, help="Questions in real time.")
@click.option("--stops", type=click.IntRange(1), default=20, show_default=True, help="Stops in each stage.")
@click.option(
    "--seconds",
    type=click.IntRange(1, 20),
    default=15,
    show_default=True,
    help="Of sound that is heard beside a slow recogniser.",
)
@click.option(
    "--sentences", type=click.IntRange(1, len(SENTENCES)), default=len(SENTENCES), help="To count wrong words in."
)
@click.option(
    "--recording",
    type=(click.Path(path_type=Path, exists=True, dir_okay=False), str),
    help="A recording of a person, and the words that are said in it.",
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here."
)
def kiosk(
    turns: int,
    stops: int,
    seconds: int,
    sentences: int,
    recording: tuple[Path, str] | None,
    json_file: Path | None,
) -> None:
    """Kiosk sessions: silence to transcript, clip and end; stop; capture beside a slow recogniser; wrong words."""
    options.run(measure(turns, stops, seconds, sentences, recording), json_file)


async def measure(
    turns: int, stops: int, seconds: int, sentences: int, recording: tuple[Path, str] | None
) -> Report:
    """Measure two servers of our own: as it is, and with stubs for its services. Needs flite."""
    findings = Findings()
    settings = read_settings()
    try:
        spoken = [await say(settings, text, VOICES[0]) for text in SENTENCES]
    except VisavisError as error:
        raise click.ClickException(error.message) from None
    questions = [each.sound for each in spoken]
    async with _server({}) as client:
        # The recogniser is loaded by the first question.
        await client.over(await client.start(_wav(questions[0]), realtime_factor=0))
        for question in islice(cycle(questions), turns):
            await _turn(client, question, findings)
        wrong = said = 0
        for each in spoken[:sentences]:
            snapshot = await client.over(await client.start(_wav(each.sound), realtime_factor=0, answer=False))
            wrong += word_errors(each.words, snapshot["transcript"])
            said += len(each.words.split())
        _add_rate(f"flite {VOICES[0]}", wrong, said, findings)
        if recording is not None:
            await _recording(client, *recording, findings)
    await _with_stubs(questions, stops, seconds, findings)
    return findings.report()


async def _turn(client: KioskClient, question: Samples, findings: Findings) -> None:
    """A question at the pace it is spoken."""
    session = await client.start(_wav(np.concatenate([question, SILENCE])), realtime_factor=1, language="en")
    reached = transcript = clip = 0.0
    last: Told | None = None
    async for last in client.told(session):
        match last.name:
            case "progress":
                reached = last.at
            case "transcript" if last.data["final"]:
                transcript = last.at
            case "clip":
                clip = clip or last.at
    if last is None or last.data["end_reason"] != "silence_timeout" or not transcript or not clip:
        findings.left_out[f"kiosk session {session}"] = "it was not understood, or not answered"
        return
    findings.add("kiosk transcript", transcript - reached)
    findings.add("kiosk first clip", clip - reached)
    findings.add("kiosk terminal", last.at - reached)


async def _recording(client: KioskClient, file: Path, words: str, findings: Findings) -> None:
    """Louder and softer passages count as speech, and so do pauses: it is one long question."""
    content = await asyncio.to_thread(file.read_bytes)
    session = await client.start(
        content,
        file.name,
        realtime_factor=0,
        answer=False,
        silence_timeout_seconds=10,
        max_session_seconds=300,
        silence_threshold=100,
        chunk_seconds=30,
    )
    snapshot = await client.over(session)
    _add_rate(file.name, word_errors(words, snapshot["transcript"]), len(words.split()), findings)


def _add_rate(name: str, wrong: int, said: int, findings: Findings) -> None:
    measure = Measure(f"kiosk words: {name}", f"wrong words of {said}", "%", [100 * wrong / said])
    findings.rates.append(measure)


async def _with_stubs(questions: list[Samples], stops: int, seconds: int, findings: Findings) -> None:
    """Stop where a service stalls, and hear beside one that is slow."""
    answer = tokens("We open at nine. ", "We close at six. ", "Until then ", "we are here. ", done=False)
    stalled = Answer(list(answer.pieces or ())[:3], ending="stall")
    async with AnalyzerStub() as asr, RagStub() as rag, SpeechStub() as tts:
        more = {
            "KIOSK_CORE_ANALYZER_URL": asr.url,
            "KIOSK_CORE_RAG_URL": rag.url,
            "KIOSK_CORE_TTS_URL": tts.url,
        }
        async with _server(more) as client:
            for question in islice(cycle(questions), stops):
                asr.then("stall")
                await _stop(client, question, asr.arrived, 1, "kiosk stop, ASR", findings)
                rag.then(stalled)
                await _stop(client, question, tts.arrived, 2, "kiosk stop, RAG", findings)
                tts.then(Answer(), "stall")
                await _stop(client, question, tts.arrived, 2, "kiosk stop, TTS", findings)
            while not asr.arrived.empty():
                asr.arrived.get_nowait()
            answering = asyncio.create_task(_answer_late(asr), name="slow recogniser")
            await _lag(client, np.concatenate(questions), seconds, findings)
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)


async def _answer_late(asr: AnalyzerStub) -> None:
    """Let every transcript take `SLOW` seconds."""
    while True:
        ready = asyncio.Event()
        asr.then(Answer(gates={0: ready}))
        await asr.arrived.get()
        asyncio.get_running_loop().call_later(SLOW, ready.set)


async def _lag(client: KioskClient, sound: Samples, seconds: int, findings: Findings) -> None:
    """How far the capture is behind the sound, against the least that it is."""
    fields: dict[str, Any] = {"realtime_factor": 1, "chunk_seconds": 1, "silence_timeout_seconds": 10}
    session = await client.start(_wav(sound), max_session_seconds=seconds, **fields)
    ahead = []
    async for told in client.told(session):
        if told.name == "progress":
            ahead.append(told.at - told.data["captured_audio_seconds"])
            if told.data["captured_audio_seconds"] >= seconds:
                break
    await client.stop(session)
    await client.over(session)
    for each in ahead:
        findings.add("kiosk capture, lag", each - min(ahead))


async def _stop(
    client: KioskClient,
    question: Samples,
    arrived: "asyncio.Queue[Any]",
    requests: int,
    name: str,
    findings: Findings,
) -> None:
    """Stop a session when a service has had so many requests of it."""
    while not arrived.empty():
        arrived.get_nowait()
    session = await client.start(_wav(question), realtime_factor=0)
    for _ in range(requests):
        await arrived.get()
    began = time.perf_counter()
    await client.stop(session)
    await client.over(session)
    findings.add(name, time.perf_counter() - began)


@asynccontextmanager
async def _server(more: Mapping[str, str]) -> AsyncIterator[KioskClient]:
    """With an empty data directory."""
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as place:
        # One media process, so that there is one recogniser, which is warm once it has been used.
        start = Start(Path(place) / "data", workers=1, more=more)
        async with running(start) as server, KioskClient(server.url) as client:
            yield client


def _wav(pcm: Samples) -> bytes:
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(HEARD_RATE)
        writer.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()

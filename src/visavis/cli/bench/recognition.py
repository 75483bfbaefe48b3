"""`visavis bench recognition`: how well and how dearly each usable recogniser understands; whom it disturbs."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np

from visavis import registry
from visavis.asr import SAMPLE_RATE
from visavis.asr.pool import RecognizerPool
from visavis.cli.bench import options
from visavis.cli.bench.figures import Measure, Report, Target
from visavis.cli.bench.machine import describe
from visavis.cli.bench.processes import Tree
from visavis.cli.configuration import settings as read_settings
from visavis.media.recordings import read_file
from visavis.media.samples import Resampler, Samples
from visavis.settings import Settings

SENTENCES = (
    "What time does the shop open tomorrow morning?",
    "Please tell me where I can park my car.",
    "How much does a ticket to the city cost?",
    "I would like to talk to somebody about my order.",
    "Where is the nearest train station?",
    "Can you help me find a good restaurant?",
    "The meeting starts at half past nine.",
    "What is the weather going to be like today?",
    "How many minutes is it to the airport?",
    "Thank you very much for your help.",
    "Is there a doctor in the building?",
    "My name is Peter and I come from London.",
)
"""Everyday questions and answers, without names and figures that can be written in several ways."""

VOICES = ("slt", "rms", "awb", "kal16")

PIECE = SAMPLE_RATE * 32 // 1000

BEFORE, AFTER = np.zeros(SAMPLE_RATE * 32 // 100, np.int16), np.zeros(SAMPLE_RATE * 6 // 10, np.int16)
"""What the ear gives before the onset, and the pause that ends an utterance."""

TICK = 0.005
"""Seconds between two ticks of the clock that must not be late."""


@dataclass(slots=True)
class Findings:
    """What has been measured so far."""

    measures: list[Measure] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, span: str, unit: str, values: Sequence[float], *targets: Target) -> None:
        """One more measure."""
        self.measures.append(Measure(name, span, unit, values, targets))


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech, and what was said."""

    words: str
    sound: Samples


@click.command()
@click.option(
    "--recording",
    type=(click.Path(path_type=Path, exists=True, dir_okay=False), str),
    help="A recording of a person, and the words that are said in it.",
)
@click.option("--provider", "only", multiple=True, help="Only these recognisers.  [default: all that can be used]")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here."
)
def recognition(recording: tuple[Path, str] | None, only: tuple[str, ...], json_file: Path | None) -> None:
    """Word error rates on flite speech, processor time, memory, and how late a media loop beside it runs."""
    options.run(measure(read_settings(), recording, only), json_file)


async def measure(settings: Settings, recording: tuple[Path, str] | None, only: Sequence[str]) -> Report:
    """Measure every recogniser that can be used here."""
    findings = Findings()
    speech = {voice: [await say(settings, text, voice) for text in SENTENCES] for voice in VOICES}
    if recording is not None:
        file, words = recording
        speech[file.name] = [Spoken(words, await asyncio.to_thread(read_file, file, 600.0))]
    for name in only or registry.names("asr"):
        if missing := registry.provider("asr", name, settings).missing():
            findings.left_out[name] = missing
        else:
            await _recogniser(settings, name, speech, findings)
    return Report("recognition", describe("recogniser processes"), findings.measures, findings.left_out)


async def _recogniser(settings: Settings, name: str, speech: dict[str, list[Spoken]], findings: Findings) -> None:
    async with RecognizerPool(settings, name, 1, language="en", model=settings.asr_model) as recognizers:
        await recognizers.warm()
        (pid,) = recognizers.pids
        used = Tree.read(pid).cpu_seconds
        for voice, spoken in speech.items():
            wrong = said = 0
            for each in spoken:
                text = await _hear(recognizers, _pieces(each.sound))
                wrong += word_errors(each.words, text)
                said += len(_words(each.words))
            findings.add(f"{name}: {voice}", f"wrong words of {said}", "%", [100 * wrong / said])
        seconds = sum(len(each.sound) for spoken in speech.values() for each in spoken) / SAMPLE_RATE
        after = Tree.read(pid)
        share = 100 * (after.root.cpu_seconds - used) / seconds
        findings.add(f"{name}: processor", "of a core while somebody speaks", "%", [share])
        findings.add(f"{name}: memory", "resident, without files", "MiB", [after.root.own_mib], Target("max", 150))
        delays = [await _delay(recognizers, each) for each in speech[VOICES[0]][:6]]
        findings.add(
            f"{name}: delay", "end of the sound → final transcript, 0.6 s after the last word", "ms", delays
        )
    late = await _two(settings, name, speech[VOICES[0]])
    findings.add(f"{name}: loop beside two", "how late a 5 ms timer is", "ms", late, Target("max", 10))


async def _two(settings: Settings, name: str, spoken: list[Spoken]) -> list[float]:
    """How late a timer of this process was, in ms, while two recognisers worked in real time."""
    late: list[float] = []
    async with RecognizerPool(settings, name, 2, language="en", model=settings.asr_model) as recognizers:
        await recognizers.warm()
        ticking = asyncio.create_task(_tick(late))
        sound = np.concatenate([each.sound for each in spoken[:3]])
        await asyncio.gather(*(_hear(recognizers, _paced(sound)) for _ in range(2)))
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
    return late


async def _tick(late: list[float]) -> None:
    while True:
        due = time.perf_counter() + TICK
        await asyncio.sleep(TICK)
        late.append(max(time.perf_counter() - due, 0.0) * 1000)


async def _delay(recognizers: RecognizerPool, spoken: Spoken) -> float:
    sent = time.perf_counter() + len(spoken.sound) / SAMPLE_RATE
    await _hear(recognizers, _paced(spoken.sound))
    return (time.perf_counter() - sent) * 1000


async def _hear(recognizers: RecognizerPool, sound: AsyncIterator[Samples]) -> str:
    text = ""
    async for transcript in recognizers.transcribe(sound, "en"):
        text = transcript.text
    return text


async def _pieces(sound: Samples) -> AsyncIterator[Samples]:
    for start in range(0, len(sound), PIECE):
        yield sound[start : start + PIECE]


async def _paced(sound: Samples) -> AsyncIterator[Samples]:
    """As a microphone gives it."""
    began = time.perf_counter()
    async for piece in _pieces(sound):
        yield piece
        began += len(piece) / SAMPLE_RATE
        await asyncio.sleep(max(began - time.perf_counter(), 0))


async def say(settings: Settings, text: str, voice: str) -> Spoken:
    """A text in one of flite's voices, with silence around it."""
    pieces = [piece async for piece in registry.provider("tts", "flite", settings).voice(voice, "en").speak(text)]
    resampler = Resampler(pieces[0].sample_rate, SAMPLE_RATE)
    sound = [resampler.push(piece.pcm) for piece in pieces]
    return Spoken(text, np.concatenate([BEFORE, *sound, resampler.flush(), AFTER]))


def word_errors(said: str, heard: str) -> int:
    """Words that have to be put in, left out or changed to make `heard` of `said` (Levenshtein)."""
    wanted, given = _words(said), _words(heard)
    row = list(range(len(given) + 1))
    for count, word in enumerate(wanted, 1):
        before, row[0] = row[0], count
        for column, other in enumerate(given, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (word != other))
    return row[-1]


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())

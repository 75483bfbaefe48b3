"""`visavis bench lipsync`: how well lips that only hear the sound move as those would that know the words."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt

from visavis import registry
from visavis.cli.bench import lip_speech, options
from visavis.cli.bench.figures import Measure, Report, Target
from visavis.cli.bench.lip_baseline import Baseline
from visavis.cli.bench.lip_scores import Scores
from visavis.cli.bench.lip_speech import Utterance
from visavis.cli.bench.machine import describe
from visavis.cli.configuration import settings as read_settings
from visavis.lipsync import Reader
from visavis.lipsync.spectrum import STEP
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE
from visavis.settings import Settings

PICTURE = SAMPLE_RATE // 25
"""Media time of a picture."""

NOISES = (0, 100, 1000, 5000)
"""RMS of white noise in which nobody speaks, out of 32768."""


@click.command()
@click.option(
    "--recording", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A recording of a person."
)
@click.option("--text", default="", help="The words that are said in it, in English.")
@click.option("--development", is_flag=True, help="Only the voice that may choose between trainings.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here."
)
def lipsync(recording: Path | None, text: str, development: bool, json_file: Path | None) -> None:
    """Visemes from sound: macro-F1, closures, openings in silence, against a baseline; and what they cost."""
    if (recording is None) != (not text):
        raise click.UsageError("--recording and --text belong together")
    options.run(measure(read_settings(), recording, text, development=development), json_file)


async def measure(settings: Settings, recording: Path | None, text: str, *, development: bool = False) -> Report:
    """Measure on everything that can be had here."""
    left_out: dict[str, str] = {}
    tests: dict[str, Sequence[Utterance]] = {}
    for voice in (lip_speech.DEVELOPMENT,) if development else lip_speech.FLITE:
        if missing := registry.provider("tts", "flite", settings).missing():
            left_out[f"flite {voice}"] = missing
        else:
            tests[f"flite {voice}"] = await lip_speech.flite(settings, voice)
    if not development:
        tests = {**await lip_speech.held_out(settings), **tests}
    synthetic = set(tests)
    if recording is not None:
        tests[recording.name] = [await lip_speech.recorded(recording, text)]
    elif not development:
        left_out["a person"] = "needs --recording and --text"
    measures: list[Measure] = []
    for name, utterances in tests.items():
        measures += await asyncio.to_thread(_test, name, utterances, synthetic=name in synthetic)
    measures.append(_noise())
    measures.append(_cost(next(iter(tests.values()))))
    return Report("lipsync", describe("visemes from sound"), measures, left_out)


def read(pcm: Samples) -> npt.NDArray[np.float32]:
    """The weights each 10 ms, (n, 15), as a face reads them: piece by piece."""
    reader = Reader()
    times = range(0, len(pcm), STEP)
    found = []
    pushed = 0
    for time_ in times:
        while pushed < min(time_ + Reader.LOOK_AHEAD, len(pcm)):
            reader.push(pcm[pushed : pushed + PICTURE])
            pushed += PICTURE
        if pushed >= len(pcm):
            reader.end()
        found.append(reader.at(time_))
    return np.array(found)


def _test(name: str, utterances: Sequence[Utterance], *, synthetic: bool) -> list[Measure]:
    baseline = Baseline()
    ours, theirs = Scores(), Scores()
    for utterance in utterances:
        ours.add(read(utterance.pcm), utterance.labels)
        theirs.add(baseline.read(utterance.pcm), utterance.labels)
    plain, bar = ours.macro_f1(), theirs.macro_f1()
    figures: Mapping[str, tuple[str, str, float, tuple[Target, ...]]] = {
        "F1": ("macro-F1 over 12 classes of visemes, each 10 ms", "%", plain, ()),
        "baseline": ("the same, of the viseme that is most frequent at that loudness", "%", bar, ()),
        "F1 / baseline": ("how many times the baseline's it is", "×", plain / bar, (_at_least(2),)),
        "closures": (
            f"of {ours.closures} p, b, m: closed lips were read", "%", ours.closure_recall(),
            (_at_least(70),) if synthetic else (),
        ),
        "closed rightly": (f"of {ours.shut} times closed: near p, b, m", "%", ours.closure_precision(), ()),
        "open in silence": (
            f"of {ours.silent / 100:.1f} s of silence, 60 ms at its edges left out", "%", ours.false_openings(),
            (Target("max", 2),) if synthetic else (),
        ),
        "opening": ("correlation with the opening by the phonemes", "r", ours.opening_correlation(), ()),
        "opening, baseline": ("the same, of the baseline", "r", theirs.opening_correlation(), ()),
    }  # fmt: skip
    return [
        Measure(f"{name}: {figure}", span, unit, [value], targets)
        for figure, (span, unit, value, targets) in figures.items()
    ]


def _at_least(bound: float) -> Target:
    return Target("max", bound, at_least=True)


def _noise() -> Measure:
    """Nobody speaks."""
    scores, rng = Scores(), np.random.default_rng(0)
    for level in NOISES:
        pcm = (rng.normal(0, 1, 4 * SAMPLE_RATE) * level).clip(-32768, 32767).astype(np.int16)
        scores.add(read(pcm), np.zeros(len(range(0, len(pcm), STEP)), np.int64))
    span = (
        f"of {scores.silent / 100:.1f} s: nothing, and white noise of {NOISES[1]}, {NOISES[2]} and {NOISES[3]} RMS"
    )
    return Measure("noise: open", span, "%", [scores.false_openings()], (Target("max", 2),))


def _cost(utterances: Sequence[Utterance]) -> Measure:
    """Processor time of each picture; what comes first warms up."""
    spent = []
    for utterance in utterances[:4]:
        reader = Reader()
        for start in range(0, len(utterance.pcm) - PICTURE, PICTURE):
            began = time.thread_time()
            reader.push(utterance.pcm[start : start + PICTURE])
            if (time_ := start + PICTURE - Reader.LOOK_AHEAD) >= 0:
                reader.at(time_)
            spent.append((time.thread_time() - began) * 1000)
    return Measure(
        "cost", "processor time for a picture's 40 ms of sound", "ms", spent[25:], (Target("p50", 0.5),)
    )

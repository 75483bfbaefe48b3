"""Speech that knows what is said when: espeak-ng's, through the project's own voice provider."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visavis.lipsync.alignment import visemes, with_closures
from visavis.lipsync.spectrum import HOP, Floats
from visavis.media.samples import Resampler, Samples
from visavis.media.timeline import HEARD_RATE, SAMPLE_RATE
from visavis.settings import Settings
from visavis.tts import Mark
from visavis.tts.espeak import EspeakProvider

Labels = npt.NDArray[np.int64]
Generator = np.random.Generator

SENTENCES = Path(__file__).with_name("sentences.toml")

MEN = (
    "",
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "m7",
    "m8",
    "Andy",
    "Lee",
    "Mario",
    "Michael",
    "Alex",
    "Gene",
    "max",
)
WOMEN = ("f1", "f2", "f3", "f4", "f5", "Annie", "linda", "anika", "steph", "belinda", "Alicia", "aunty")
OTHERS = ("klatt", "klatt2", "klatt3", "klatt4", "croak", "whisper", "whisperf", "grandma", "grandpa")
"""Variants of the voices: of men, of women, and by other ways of synthesis."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech and the viseme of each of its frames."""

    sound: Floats = field(repr=False)
    """16 kHz, -1 to 1; a whole number of hops."""
    labels: Labels = field(repr=False)
    """One index in `VISEMES` for each hop."""


def sentences(part: str) -> Mapping[str, Sequence[str]]:
    """The sentences of a part, by espeak's name of the language."""
    found: Mapping[str, Sequence[str]] = tomllib.loads(SENTENCES.read_text("utf-8"))[part]
    return found


async def utterances(part: str, count: int, seed: int) -> list[Utterance]:
    """`count` utterances, each in a language, a voice, a rate and a pitch drawn by lot."""
    texts = sentences(part)
    found = []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        language = list(texts)[index % len(texts)]
        settings = Settings(
            options={"espeak": {"rate": int(rng.integers(110, 230)), "pitch": int(rng.integers(15, 90))}}
        )
        variant = rng.choice(({0: MEN, 1: WOMEN, 2: OTHERS})[int(rng.choice(3, p=(0.4, 0.4, 0.2)))])
        voice = EspeakProvider(settings).voice(f"{language}+{variant}" if variant else language, language)
        pieces = [piece async for piece in voice.speak(_text(texts[language], rng))]
        pcm = np.concatenate([piece.pcm for piece in pieces])
        found.append(labelled(pcm, pieces[0].sample_rate, [mark for piece in pieces for mark in piece.marks]))
    return found


def labelled(pcm: Samples, sample_rate: int, marks: Sequence[Mark]) -> Utterance:
    """Sound with marks as an utterance."""
    whole = _resampled(pcm, sample_rate, SAMPLE_RATE)
    phonemes = [(m.start * SAMPLE_RATE // sample_rate, m.value) for m in marks if m.kind == "phoneme"]
    labels = visemes(with_closures(phonemes, whole), len(whole))
    sound = _resampled(pcm, sample_rate, HEARD_RATE).astype(np.float32) / 32768
    length = len(labels) * HOP
    padded = np.pad(sound, (0, max(length - len(sound), 0)))
    return Utterance(padded[:length].astype(np.float32), labels)


def _text(choices: Sequence[str], rng: Generator) -> str:
    """A sentence, or words of several of them in any order: the network is to know sounds, not sentences."""
    if rng.random() < 0.3:
        return str(rng.choice(choices))
    words = " ".join(choices).split()
    if len(words) < 2 * len(choices):
        # Chinese and Japanese have no spaces; a few characters of each sentence do as well.
        return "，".join(text[(start := int(rng.integers(len(text) // 2))) : start + 6] for text in choices[:3])
    chosen = rng.choice(words, int(rng.integers(4, 11)))
    return " ".join(word.strip(".,?!:;") + ("," if rng.random() < 0.15 else "") for word in chosen)


def _resampled(pcm: Samples, source: int, target: int) -> Samples:
    resampler = Resampler(source, target)
    return np.concatenate((resampler.push(pcm), resampler.flush()))

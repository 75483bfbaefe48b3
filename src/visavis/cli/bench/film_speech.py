"""The speech of `bench film`: sentences, what they ask of a mouth, and where a film has them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.cli.bench.lip_scores import KERNEL, OPENING
from visavis.face.portrait.track import Track
from visavis.lipsync.alignment import visemes, with_closures
from visavis.lipsync.spectrum import STEP
from visavis.media.samples import Resampler, Samples
from visavis.media.timeline import SAMPLE_RATE, from_seconds
from visavis.pool.studio import Studio
from visavis.pool.verbs import NewSession
from visavis.session.casting import VoiceChoice
from visavis.settings import Settings
from visavis.speech_text.visemes import VISEMES
from visavis.tts import Mark, Speech

Floats: TypeAlias = npt.NDArray[np.float64]

PAUSE = SAMPLE_RATE
"""Silence between the sentences of a recital. Media time."""

PIECE = from_seconds(0.1)
"""How much sound a recital gives at a time. Media time."""

EDGE = from_seconds(0.12)
"""Of a sentence's surroundings, how much is compared too: there the mouth opens and closes. Media time."""

CUT = from_seconds(0.3)
"""How much of a sentence may be missing at either end. Media time."""

SURE = 0.5
"""The likeness from which a sentence counts as found. The same process says it twice with other phases: 0.63, at a
place that differs by 0.4 ms; another sentence has less than 0.1."""

_OPENING = np.array([OPENING[name] for name in VISEMES])


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence as the default voice says it."""

    text: str
    pcm: Samples = field(repr=False)
    """48 kHz."""
    marks: tuple[Mark, ...] = field(repr=False)
    """Its phonemes, in media time; none if the voice does not know them."""
    closures: bool = False
    """Whether stops are marked at their bursts, as espeak-ng does."""

    def track(self) -> Floats:
        """How far a portrait's mouth opens by the marks, 0 to 1, each 10 ms from `EDGE` before the sentence."""
        track = Track()
        track.add(self.marks)
        track.end(len(self.pcm))
        mouths = [track.mouth(time) for time in self._times()]
        return np.array([(mouth.jaw + mouth.part / 3) * (1 - mouth.press) for mouth in mouths])

    def phonemes(self) -> Floats:
        """The same by the phonemes alone: each opens the mouth while it sounds, gliding evenly to both sides."""
        said = [(mark.start, mark.value) for mark in self.marks]
        if self.closures:
            said = with_closures(said, self.pcm)
        labels = visemes(
            [*((start + EDGE, value) for start, value in said), (len(self.pcm) + EDGE, "")], self._span()
        )
        return np.convolve(_OPENING[labels], KERNEL, mode="same")

    def found(self, sound: Samples) -> int | None:
        """Where `sound` holds it: the sample at which it begins, perhaps before the first; None if it does not."""
        around = np.zeros(CUT, np.int16)
        place, likeness = best_match(np.concatenate((around, sound, around)), self.pcm)
        return place - CUT if likeness >= SURE else None

    def _span(self) -> int:
        return len(self.pcm) + 2 * EDGE

    def _times(self) -> range:
        return range(-EDGE, self._span() - EDGE, STEP)


async def lines(settings: Settings, texts: Sequence[str]) -> list[Line]:
    """The sentences in the voice that `visavis say` gives them."""
    studio = Studio(settings)
    try:
        cast = studio.casting(NewSession("")).check(VoiceChoice())
        found = []
        for text in texts:
            voice = cast.voice(text)
            found.append(_line(text, [piece async for piece in voice.speak(text)], voice.info.provider))
        return found
    finally:
        await studio.close()


async def recital(said: Sequence[Line], *, marked: bool) -> AsyncIterator[Speech]:
    """The sentences, each followed by `PAUSE`; if not `marked`, nothing is told of their phonemes."""
    start = 0
    for line in said:
        pcm = np.concatenate((line.pcm, np.zeros(PAUSE, np.int16)))
        marks = (*line.marks, Mark("phoneme", len(line.pcm), "")) if marked else ()
        for first in range(0, len(pcm), PIECE):
            inside = [mark for mark in marks if first <= mark.start < first + PIECE]
            placed = tuple(Mark(mark.kind, mark.start + start, mark.value) for mark in inside)
            yield Speech(pcm[first : first + PIECE], SAMPLE_RATE, placed, marked)
        start += len(pcm)


def best_match(sound: Samples, part: Samples) -> tuple[int, float]:
    """Where `sound` is most like `part`, and how much: normalised correlation, 0 to 1."""
    if not 0 < len(part) <= len(sound):
        return 0, 0.0
    size = 1 << (len(sound) + len(part) - 1).bit_length()
    whole = sound.astype(np.float64)
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part.astype(np.float64), size))
    match = np.fft.irfft(spectrum, size)[: len(sound) - len(part) + 1]
    sums = np.concatenate(([0.0], np.cumsum(whole * whole)))
    energy = sums[len(part) :] - sums[: len(sums) - len(part)]
    own = float(np.square(part, dtype=np.float64).sum())
    # What is nearly silent is like nothing.
    likeness = match / np.sqrt(np.maximum(energy, own / 100) * max(own, 1.0))
    place = int(likeness.argmax())
    return place, float(likeness[place])


def _line(text: str, pieces: Sequence[Speech], provider: str) -> Line:
    rate = pieces[0].sample_rate
    resampler = Resampler(rate, SAMPLE_RATE)
    pcm = np.concatenate([*(resampler.push(piece.pcm) for piece in pieces), resampler.flush()])
    marks = tuple(
        Mark(mark.kind, mark.start * SAMPLE_RATE // rate, mark.value)
        for mark in chain.from_iterable(piece.marks for piece in pieces)
        if mark.kind == "phoneme"
    )
    return Line(text, pcm, marks, provider == "espeak")

"""`Track`: phoneme marks → the mouth at any time, with coarticulation.

Each phoneme pulls towards its viseme while it sounds, and a little before and after; the mouth is the
average of all that pull, weighed by how firmly each viseme insists (after Cohen and Massaro, "Modeling
coarticulation in synthetic visual speech", 1993, with a kernel of finite reach, so that the mouth can be
drawn while the rest of the sentence is still being spoken).
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from visavis.face.portrait.pose import REST, Mouth
from visavis.face.portrait.visemes import VISEMES, Viseme, spoken
from visavis.media.timeline import from_seconds
from visavis.speech_text.visemes import GLIDE
from visavis.tts import Mark

AHEAD = from_seconds(0.060)
"""How early the lips begin to move towards a sound. Media time."""
BEHIND = from_seconds(0.040)
"""How late they have left the last one. Media time."""
LAG = from_seconds(0.040)
"""How far behind the lips the jaw, which is heavier, is drawn back to. Media time."""
INERTIA = 0.4
"""How much it is drawn back."""


class Track:
    """The mouth of one stream of speech. Needs the marks up to `time + AHEAD` to know the mouth at `time`."""

    def __init__(self) -> None:
        self._starts: list[int] = [-(1 << 40)]
        self._visemes: list[Viseme] = [VISEMES["sil"]]

    def add(self, marks: Iterable[Mark]) -> None:
        """Take further marks, in order, in media time; those that are no phonemes are passed over."""
        for mark in marks:
            if mark.kind != "phoneme":
                continue
            while self._starts[-1] > mark.start:
                self._starts.pop()
                self._visemes.pop()
            for part, viseme in enumerate(spoken(mark.value)):
                self._starts.append(mark.start + part * GLIDE)
                self._visemes.append(viseme)

    def end(self, time: int) -> None:
        """Say that the speech is over at media time `time`."""
        self.add((Mark("phoneme", time, ""),))

    def mouth(self, time: int) -> Mouth:
        """The mouth at media time `time`."""
        mouth, before = self._pulled(time), self._pulled(time - LAG)
        return mouth if mouth == before else replace(mouth, jaw=mouth.jaw + INERTIA * (before.jaw - mouth.jaw))

    def _pulled(self, time: int) -> Mouth:
        first = bisect_right(self._starts, time - BEHIND) - 1
        total, weight = np.zeros(len(_NONE)), np.zeros(len(_NONE))
        silent = True
        for index in range(first, len(self._starts)):
            start = self._starts[index]
            if start >= time + AHEAD:
                break
            end = self._starts[index + 1] if index + 1 < len(self._starts) else 1 << 40
            viseme = self._visemes[index]
            pull = (_before(end - time) - _before(start - time)) * viseme.firmness()
            total += pull * viseme.mouth.weights()
            weight += pull
            silent = silent and viseme.name == "sil"
        return REST if silent else Mouth.of(total / np.maximum(weight, 1e-9))


_NONE = REST.weights()


def _before(delay: int) -> float:
    """The share of the kernel that lies earlier than `delay` (samples, positive is to come): 0 to 1."""
    place = min(max((delay + BEHIND) / (AHEAD + BEHIND), 0.0), 1.0)
    return place - float(np.sin(2 * np.pi * place)) / (2 * np.pi)

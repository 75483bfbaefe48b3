"""`Track`: phoneme marks → the mouth at any time, with coarticulation.

Each phoneme pulls towards its viseme while it sounds, and a little before and after; the mouth is the
average of all that pull, weighed by how firmly each viseme insists (after Cohen and Massaro, "Modeling
coarticulation in synthetic visual speech", 1993, with kernels of finite reach, so that the mouth can be
drawn while the rest of the sentence is still being spoken). Over that average, lips that must meet do.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.face.portrait.pose import REST, Mouth, Weights
from visavis.face.portrait.visemes import CONTACTS, VISEMES, Viseme, spoken
from visavis.media.timeline import from_seconds
from visavis.speech_text.visemes import GLIDE
from visavis.tts import Mark


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a phoneme's pull goes beyond its own time. Media time."""

    ahead: int
    """How early it begins."""
    behind: int
    """How late it ends."""


LIPS = Reach(from_seconds(0.060), from_seconds(0.040))
JAW = Reach(from_seconds(0.080), from_seconds(0.060))
"""It is heavier: it moves less from sound to sound, and later than the lips."""
ROUNDING = Reach(from_seconds(0.080), from_seconds(0.050))
"""Lips are rounded for a vowel before the consonants that lead to it."""

AHEAD = max(LIPS.ahead, JAW.ahead, ROUNDING.ahead)
"""How far beyond a time the marks must be known. Media time."""
BEHIND = max(LIPS.behind, JAW.behind, ROUNDING.behind)
"""When the mouth has left the last sound. Media time."""
TOUCH = from_seconds(0.044)
"""How long lips that meet stay so, at least: longer than any picture from 24 a second on. Media time."""
APPROACH = from_seconds(0.035)
"""How long they take to meet, and to part. Media time."""

_REACH = (JAW, LIPS, ROUNDING, ROUNDING, LIPS, LIPS, LIPS, LIPS, LIPS, LIPS)
"""For each field of `Mouth`."""
_AHEAD = np.array([reach.ahead for reach in _REACH], dtype=np.float64)
_BEHIND = np.array([reach.behind for reach in _REACH], dtype=np.float64)


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
        first = bisect_right(self._starts, time - BEHIND) - 1
        total, weight = np.zeros(len(_REACH)), np.zeros(len(_REACH))
        contacts: dict[str, float] = {}
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
            if viseme.name in CONTACTS:
                contacts[viseme.name] = max(contacts.get(viseme.name, 0.0), _contact(start, end, time))
        if silent:
            return REST
        mouth = total / np.maximum(weight, 1e-9)
        for name, amount in contacts.items():
            mouth = touched(mouth, name, amount)
        return Mouth.of(mouth)


def touched(mouth: Weights, viseme: str, amount: float) -> Weights:
    """`mouth` with lips that meet as in `viseme`, one of `CONTACTS`, so far: 0 to 1."""
    low, high = CONTACTS[viseme]
    return np.asarray(mouth + amount * (np.clip(mouth, low, high) - mouth))


def _before(delay: int) -> npt.NDArray[np.float64]:
    """The share of each kernel that lies earlier than `delay` (samples, positive is to come): 0 to 1."""
    place = np.clip((delay + _BEHIND) / (_AHEAD + _BEHIND), 0.0, 1.0)
    return np.asarray(place - np.sin(2 * np.pi * place) / (2 * np.pi))


def _contact(start: int, end: int, time: int) -> float:
    """How far lips have met at `time` for a sound from `start` to `end`."""
    # A little early, so that a short one does not hold up the vowel after it.
    begin = start - TOUCH // 4
    away = max(begin - time, time - max(end, begin + TOUCH), 0) / APPROACH
    return 0.5 + 0.5 * float(np.cos(np.pi * away)) if away < 1 else 0.0

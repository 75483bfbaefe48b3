"""How well visemes that were read from a sound agree with what is known to be said in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt

from visavis.speech_text.visemes import VISEMES

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

CLASSES = {
    "silence": ("sil",),
    "lips closed": ("PP",),
    "lip to teeth": ("FF",),
    "tongue at the teeth": ("TH", "DD", "nn"),
    "tongue at the back": ("kk",),
    "sh": ("CH",),
    "s": ("SS",),
    "r": ("RR",),
    "a": ("aa",),
    "e": ("E",),
    "i": ("I",),
    "rounded": ("O", "U"),
}
"""What is told apart: visemes are one that differ by the tongue behind the lips, or in how round they are."""

OPENING = dict(
    zip(
        VISEMES,
        (0.0, 0.0, 0.17, 0.37, 0.29, 0.4, 0.33, 0.2, 0.35, 0.32, 1.0, 0.63, 0.34, 0.6, 0.27),
        strict=True,
    )
)
"""How far each viseme opens the mouth, 0 to 1: the jaw and a third of the lips' parting, as portraits have it."""

NEAR = 2
"""Frames around a closure in which it may be found: 20 ms."""
EDGE = 6
"""Frames at both ends of a silence in which the mouth may be closing or opening: 60 ms."""
OPEN = 0.12
"""The opening from which a mouth is seen to be open."""
KERNEL = np.hanning(12)[1:-1] / np.hanning(12).sum()
"""How a mouth glides from one target to the next: 100 ms."""

_CLASS = np.array([next(i for i, held in enumerate(CLASSES.values()) if name in held) for name in VISEMES])
_MERGE = np.eye(len(CLASSES))[_CLASS]
_OPENING = np.array([OPENING[name] for name in VISEMES])
_CLOSED = VISEMES.index("PP")


def classes(weights: npt.NDArray[np.float32]) -> Labels:
    """The class that has the greatest share: `weights` (n, 15) → (n,)."""
    chosen: Labels = (weights @ _MERGE).argmax(axis=1).astype(np.int64)
    return chosen


@dataclass(slots=True)
class Scores:
    """Counts over the utterances of a test set."""

    found: list[Labels] = field(default_factory=list)
    wanted: list[Labels] = field(default_factory=list)
    closures: int = 0
    closures_found: int = 0
    shut: int = 0
    shut_rightly: int = 0
    silent: int = 0
    silent_open: int = 0
    openings: list[tuple[Floats, Floats]] = field(default_factory=list)

    def add(self, weights: npt.NDArray[np.float32], labels: Labels) -> None:
        """Count an utterance: `weights` (n, 15) as they were read, `labels` (n,) as they should be, each 10 ms."""
        self.found.append(classes(weights))
        self.wanted.append(_CLASS[labels])
        best = weights.argmax(axis=1)
        for start, stop in runs(labels, _CLOSED):
            self.closures += 1
            self.closures_found += bool((best[max(start - NEAR, 0) : stop + NEAR] == _CLOSED).any())
        for start, stop in runs(best, _CLOSED):
            self.shut += 1
            self.shut_rightly += bool((labels[max(start - NEAR, 0) : stop + NEAR] == _CLOSED).any())
        opening = weights @ _OPENING
        for start, stop in runs(labels, 0):
            last = stop - EDGE * (stop < len(labels))
            inner = opening[start + EDGE * (start > 0) : max(last, 0)]
            self.silent += len(inner)
            self.silent_open += int((inner > OPEN).sum())
        self.openings.append((_gliding(opening), _gliding(_OPENING[labels])))

    def macro_f1(self) -> float:
        """Mean F1 of the classes that occur, per cent."""
        return macro_f1(np.concatenate(self.found), np.concatenate(self.wanted))

    def closure_recall(self) -> float:
        """Of the bilabial closures, those in which `PP` comes first at least once, per cent."""
        return 100 * self.closures_found / max(self.closures, 1)

    def closure_precision(self) -> float:
        """Of the closures that were read, those that are near one, per cent."""
        return 100 * self.shut_rightly / max(self.shut, 1)

    def false_openings(self) -> float:
        """Of the silence, its edges left out, that with an open mouth, per cent."""
        return 100 * self.silent_open / max(self.silent, 1)

    def opening_correlation(self) -> float:
        """Pearson's r between the opening that was read and the one that the labels ask for."""
        read, asked = (np.concatenate(each) for each in zip(*self.openings, strict=True))
        return float(np.corrcoef(read, asked)[0, 1])


def macro_f1(found: Labels, wanted: Labels) -> float:
    """Mean F1 of the classes that occur in `wanted`, per cent."""
    scores = []
    for each in np.unique(wanted):
        hits = int(((found == each) & (wanted == each)).sum())
        scores.append(2 * hits / (int((found == each).sum()) + int((wanted == each).sum())))
    return 100 * sum(scores) / len(scores)


def runs(labels: Labels, label: int) -> Iterator[tuple[int, int]]:
    """Where `labels` stay at `label`: (first, after the last)."""
    start = 0
    for value, same in groupby(labels.tolist()):
        stop = start + len(list(same))
        if value == label:
            yield start, stop
        start = stop


def _gliding(opening: Floats) -> Floats:
    return np.convolve(opening, KERNEL, mode="same")

"""Phonemes with their times → the viseme of each frame: what the network is taught, and judged by."""

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from visavis.lipsync.spectrum import STEP
from visavis.media.samples import Samples
from visavis.media.timeline import from_seconds
from visavis.speech_text.visemes import GLIDE, VISEMES, sounds


def visemes(phonemes: Iterable[tuple[int, str]], length: int) -> npt.NDArray[np.int64]:
    """The index in `VISEMES` of what is said at each frame of a sound of `length` (media time).

    `phonemes` are (media time of its start, IPA; empty for a pause), ascending. Before the first there is silence.
    """
    starts, found = [-1], [0]
    for start, phoneme in phonemes:
        # A short diphthong ends before its second vowel has begun.
        while starts[-1] > start:
            starts.pop()
            found.pop()
        for part, sound in enumerate(sounds(phoneme)):
            starts.append(start + part * GLIDE)
            found.append(VISEMES.index(sound.viseme))
    return np.array([found[bisect_right(starts, time) - 1] for time in range(0, length, STEP)], dtype=np.int64)


CLOSED_FOR = from_seconds(0.13)
"""The longest silence that is taken for the closure of a stop; in a longer one there is a pause before it."""
CLOSING = from_seconds(0.06)
"""How long the closure is where there is a pause before it."""
BLOCK = from_seconds(0.0025)
STILL = 100
"""Samples up to this are silence (int16), in sound that was made by a program and has no noise."""

STOPS = frozenset("pbtdʈɖcɟkgɡqɢʔɓɗʦʣʨʥʧʤ")


def with_closures(phonemes: Iterable[tuple[int, str]], pcm: Samples) -> list[tuple[int, str]]:
    """The same, but stops begin with their silent closure. `pcm` is the sound they are about, 48 kHz.

    espeak-ng gives the time of a stop's burst, and counts the closure to the sound before it.
    """
    loud = np.abs(pcm[: len(pcm) // BLOCK * BLOCK].astype(np.int32)).reshape(-1, BLOCK).max(axis=1) > STILL
    result: list[tuple[int, str]] = []
    for start, phoneme in phonemes:
        if phoneme and phoneme[0] in STOPS:
            # The burst may have begun within the block before its time.
            last = max(start // BLOCK - 1, 0)
            before = np.flatnonzero(loud[:last])
            silent = int(before[-1]) + 1 if len(before) else 0
            if silent < last:
                start = silent * BLOCK if start - silent * BLOCK <= CLOSED_FOR else start - CLOSING
            while result and not result[-1][1] and result[-1][0] >= start:
                result.pop()
            if result:
                start = max(start, result[-1][0])
        result.append((start, phoneme))
    return result

"""`Reader`: the sound of one utterance → viseme weights at any time of it."""

from functools import cache
from pathlib import Path
from typing import ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.lipsync import network, spectrum
from visavis.lipsync.level import Level
from visavis.lipsync.network import Network, Parameters
from visavis.lipsync.spectrum import STEP, Mel, Thirds
from visavis.media.samples import Samples
from visavis.media.timeline import from_seconds
from visavis.speech_text.visemes import VISEMES

Weights: TypeAlias = npt.NDArray[np.float32]
"""How much of each viseme: shape (15,), 0 to 1, sums to 1, in the order of `speech_text.visemes.VISEMES`."""

SILENT = -15.5
"""Natural logarithm of a power below which nobody is heard: -67 dB of full scale."""
AROUND = 5
"""Frames on both sides that have to be silent, too: a stop's closure is no silence."""


class Reader:
    """Listens to one utterance. Some 0.2 ms of work for each 40 ms of sound."""

    LOOK_AHEAD: ClassVar[int] = from_seconds(0.080)
    """How much sound beyond a time is needed to know the visemes at that time. Media time."""

    def __init__(self) -> None:
        self._thirds = Thirds()
        self._mel = Mel()
        self._level = Level()
        self._network = Network(parameters())
        self._powers = np.full(AROUND, -np.inf, np.float32)
        self._weights = np.zeros((0, len(VISEMES)), np.float32)
        self._first = 0
        self._length = 0
        self._ended = False

    def push(self, pcm: Samples) -> None:
        """Take the next piece: int16 mono, 48 kHz, any length."""
        if self._ended:
            raise ValueError("the utterance has ended")
        self._length += len(pcm)
        self._listen(pcm)

    def end(self) -> None:
        """Say that this was all; what follows counts as silence."""
        if not self._ended:
            self._ended = True
            self._listen(np.zeros(self.LOOK_AHEAD + STEP, np.int16))

    def at(self, time: int) -> Weights:
        """The visemes at media time `time`, 0 for the first sample; to be called with rising times.

        Raises `ValueError` if the sound up to `time + LOOK_AHEAD` has not come yet.
        """
        if not self._ended and self._length < time + self.LOOK_AHEAD:
            raise ValueError("the sound up to the look-ahead has not come yet")
        frame = (max(time, 0) + STEP // 2) // STEP
        old = min(frame - self._first, len(self._weights))
        if old > 0:
            self._weights = self._weights[old:]
            self._first += old
        known = len(self._weights) > 0 and time <= self._length
        weights: Weights = self._weights[0] if known else _SILENCE
        return weights.copy()

    def _listen(self, pcm: Samples) -> None:
        frames = self._mel.push(self._thirds.push(pcm))
        if not len(frames):
            return
        self._powers = np.concatenate((self._powers, np.log(np.exp(frames).sum(axis=1))))
        scores = self._network.push(self._level.push(frames))
        count = len(scores)
        if not count:
            return
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        around = spectrum.windows(self._powers, count, 2 * AROUND + 1, 1)
        shares[around.max(axis=1) < SILENT] = _SILENCE
        self._powers = self._powers[count:]
        self._weights = np.concatenate((self._weights, shares))


@cache
def parameters() -> Parameters:
    """What was learned; made by `training/lipsync`."""
    return stored(Path(__file__).with_name("weights.npz"))


def stored(path: Path) -> Parameters:
    """What was learned, from a file."""
    with np.load(path, allow_pickle=False) as file:
        count = len(network.OFFSETS) + 1
        return Parameters(
            [file[f"weights{index}"].astype(np.float32) for index in range(count)],
            [file[f"bias{index}"].astype(np.float32) for index in range(count)],
        )


_SILENCE = np.eye(len(VISEMES), dtype=np.float32)[0]
_SILENCE.flags.writeable = False

# From a time to its frame is half a step; then come the network's frames, and the window of the last one.
assert STEP // 2 + network.AHEAD * STEP + spectrum.AHEAD <= Reader.LOOK_AHEAD  # noqa: S101  # checked when imported

"""Sound → log-mel frames: one frame of 40 bands every 10 ms, computed as the sound comes in.

Frame `k` is about the 25 ms around media time `k * STEP`.
"""

from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.media.samples import Samples
from visavis.media.timeline import HEARD_RATE, SAMPLE_RATE, from_seconds

Floats: TypeAlias = npt.NDArray[np.float32]

STEP = from_seconds(0.010)
"""From one frame to the next. Media time."""
BANDS = 40
LOWEST, HIGHEST = 70.0, 7000.0
"""Hz: the range of the bands."""
HOP, WINDOW, SIZE = 160, 400, 512
"""Samples at 16 kHz: between frames, in a frame, in its Fourier transform."""
TAPS = 48
"""Length of the filter before 48 kHz become 16 kHz."""
AHEAD = TAPS // 2 + WINDOW // 2 * 3
"""How much sound beyond the time of a frame it is made of. Media time."""
FAINTEST = 1e-10
"""Power that counts as nothing; 1 is full scale. Far below what 16 bits can hold."""


class Thirds:
    """Streams sound from 48 to 16 kHz, as floats from -1 to 1."""

    def __init__(self) -> None:
        self._rest: Floats = np.zeros(TAPS // 2 - 1, np.float32)

    def push(self, pcm: Samples) -> Floats:
        """What can be computed with the next piece; half a millisecond stays inside."""
        sound: Floats = np.concatenate((self._rest, pcm.astype(np.float32) / 32768))
        count = max((len(sound) - TAPS) // 3 + 1, 0)
        self._rest = sound[count * 3 :]
        if not count:
            return np.zeros(0, np.float32)
        return windows(sound, count, TAPS, 3) @ _low_pass()


class Mel:
    """Streams sound at 16 kHz to frames of log power in each band, shape (n, BANDS), natural logarithm."""

    def __init__(self) -> None:
        self._rest: Floats = np.zeros(WINDOW // 2, np.float32)

    def push(self, sound: Floats) -> Floats:
        """The frames that are complete with the next piece."""
        sound = np.concatenate((self._rest, sound))
        count = max((len(sound) - WINDOW) // HOP + 1, 0)
        self._rest = sound[count * HOP :]
        if not count:
            return np.zeros((0, BANDS), np.float32)
        return log_bands(power(sound, count), bank())


def windows(sound: Floats, count: int, size: int, hop: int) -> Floats:
    """The first `count` stretches of `size` samples, each `hop` after the last: (count, size), to be read only.

    A tenth of what `sliding_window_view` takes, which counts here.
    """
    if not count:
        return np.zeros((0, size), np.float32)
    sound = np.ascontiguousarray(sound, np.float32)[: (count - 1) * hop + size]
    return np.ndarray((count, size), np.float32, sound, 0, (hop * 4, 4))


def power(sound: Floats, count: int) -> Floats:
    """Power spectra of the first `count` windows: (count, SIZE // 2 + 1)."""
    cut = windows(sound, count, WINDOW, HOP)
    # The mean is taken off, so that a constant offset is not heard as a deep voice.
    spectrum = np.fft.rfft((cut - cut.mean(axis=1, keepdims=True)) * _hann(), SIZE, axis=1)
    return np.square(spectrum.real) + np.square(spectrum.imag)


def log_bands(powers: Floats, filters: Floats) -> Floats:
    """Power spectra in the bands of `filters` (see `bank`), as natural logarithms."""
    return np.log(powers @ filters + FAINTEST)  # type: ignore[no-any-return]  # numpy's stubs


@cache
def bank(warp: float = 1.0) -> Floats:
    """Triangular filters, even on the mel scale: (SIZE // 2 + 1, BANDS).

    `warp` stretches the frequency axis, as a shorter (above 1) or longer throat does.
    """
    low, high = (2595 * np.log10(1 + hertz / 700) for hertz in (LOWEST, HIGHEST))
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1) * warp
    bins = np.arange(SIZE // 2 + 1)[:, None] * (HEARD_RATE / SIZE)
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    shape = np.minimum((bins - left) / (middle - left), (right - bins) / (right - middle)).clip(0)
    # A narrow band may lie between two bins.
    shape[np.abs(bins[:, 0, None] - middle).argmin(axis=0), np.arange(BANDS)] += 1e-3
    found = shape / shape.sum(axis=0) * (4 / WINDOW**2)
    return found.astype(np.float32)  # type: ignore[no-any-return]  # numpy's stubs


@cache
def _hann() -> Floats:
    return np.hanning(WINDOW + 2)[1:-1].astype(np.float32)


@cache
def _low_pass() -> Floats:
    """A windowed sinc, down by half at 7.3 kHz."""
    place = np.arange(TAPS) - TAPS / 2 + 0.5
    shape = np.sinc(place * 2 * 7300 / SAMPLE_RATE) * np.hamming(TAPS)
    return (shape / shape.sum()).astype(np.float32)  # type: ignore[no-any-return]  # numpy's stubs

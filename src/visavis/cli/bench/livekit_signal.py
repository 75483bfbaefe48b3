"""A sound from whose samples can be read which part of it was heard: noise that is nowhere like itself."""

import numpy as np

from visavis.cli.bench.film_speech import best_match
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE, from_seconds

RATE = 24_000
"""Hz at which it is sent, as agents do."""
LEVEL = 6000
"""Its root mean square."""
LOW, HIGH = 300, 3000
"""Hz: what every codec for speech keeps as it is."""

LAST = from_seconds(0.2)
"""How much of the end of what was heard is looked up: a receiver that catches up stretches what is longer."""
BLOCK = from_seconds(0.0025)
"""Steps in which the end is looked for."""
SURE = 0.5
"""The likeness from which it was found."""
HALF = 0.5
"""The share of the level, just before the end, at which the end is."""
AUDIBLE = 600
"""Samples above this are sound; a codec leaves less of silence."""


def noise(seconds: float, rate: int = RATE, seed: int = 7) -> Samples:
    """The signal, at `rate`; the same for the same seed and length."""
    count = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / rate)
    spectrum[(hertz < LOW) | (hertz > HIGH)] = 0
    wave = np.fft.irfft(spectrum, count)
    scaled: Samples = (wave * (LEVEL / wave.std())).clip(-32768, 32767).astype(np.int16)
    return scaled


def end_of(heard: Samples) -> int | None:
    """The sample, 48 kHz, with which the last sound in `heard` ends; None if there is none."""
    loud = np.flatnonzero(np.abs(heard.astype(np.int32)) > AUDIBLE)
    if not len(loud):
        return None
    last = int(loud[-1]) + 1
    # A codec's ringing goes on for a few milliseconds: the end is where half of the level is left.
    before = heard[max(last - LAST, 0) : max(last - LAST // 10, 0)].astype(np.float64)
    level = float(np.sqrt(np.mean(before * before))) if len(before) else 0.0
    for stop in range(last, max(last - LAST // 4, BLOCK), -1):
        block = heard[stop - BLOCK : stop].astype(np.float64)
        if float(np.sqrt(np.mean(block * block))) >= HALF * level:
            return stop - BLOCK // 2
    return last


def position(heard: Samples, sent: Samples) -> float | None:
    """How many seconds of `sent`, 48 kHz as `heard`, were played when that ended; None if it is not clear."""
    end = end_of(heard)
    if end is None or end < LAST:
        return None
    place, likeness = best_match(sent, heard[end - LAST : end])
    return (place + LAST) / SAMPLE_RATE if likeness >= SURE else None

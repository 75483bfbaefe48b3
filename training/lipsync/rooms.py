"""What happens to a voice on its way: rooms, microphones, noise, music, telephones."""

from dataclasses import dataclass

import numpy as np
from training.lipsync.speech import Generator, Labels, Utterance

from visavis.lipsync.level import Level
from visavis.lipsync.spectrum import BANDS, HOP, WINDOW, Floats, bank, log_bands, power
from visavis.media.timeline import HEARD_RATE

WARPS = tuple(float(warp) for warp in np.linspace(0.82, 1.22, 9))
"""Lengths of the throat."""


@dataclass(frozen=True, slots=True)
class Example:
    """What the network is given, and what it should say."""

    frames: Floats
    """(n, level.WIDTH)."""
    labels: Labels
    """(n,)."""


def heard(utterance: Utterance, rng: Generator) -> Example:
    """The utterance as somebody may hear it: another throat, microphone, room, level and background."""
    spoken = _articulated(utterance, rng) if rng.random() < 0.6 else utterance.sound
    if rng.random() < 0.5:
        spoken = _breathy(spoken, rng)
    before, after = int(rng.integers(0, 100)), int(rng.integers(20, 100))
    if rng.random() < 0.3:
        before = 0
    sound = np.pad(spoken, (before * HOP, after * HOP))
    labels = np.pad(utterance.labels, (before, after))
    if rng.random() < 0.85:
        sound = _equalised(sound, rng, 10.0)
    if rng.random() < 0.45:
        sound = _in_a_room(sound, rng)
    sound = _with_background(sound, rng) if rng.random() < 0.65 else sound
    return _example(_recorded(sound, rng), labels, rng, bank(float(rng.choice(WARPS))))


def background(rng: Generator) -> Example:
    """Nobody speaks: noise, music, clicks, or nothing at all."""
    count = int(rng.integers(150, 400))
    kind = rng.random()
    sound = np.zeros(count * HOP, np.float32)
    if kind < 0.55:
        sound = _noise(len(sound), rng)
    elif kind < 0.8:
        sound = _music(len(sound), rng)
    elif kind < 0.9:
        for place in rng.integers(0, len(sound) - 400, int(rng.integers(1, 12))):
            size = int(rng.integers(2, 400))
            sound[place : place + size] += rng.normal(0, 1, size) * np.exp(-np.arange(size) / size * 4)
    # A background that stops or begins is none the less one.
    if rng.random() < 0.3:
        sound[: int(rng.integers(len(sound)))] = 0
    return _example(_recorded(sound, rng), np.zeros(count, np.int64), rng, bank())


def plain(utterance: Utterance) -> Example:
    """The utterance as it is."""
    return _example(utterance.sound, utterance.labels, None, bank())


def _articulated(utterance: Utterance, rng: Generator) -> Floats:
    """Each sound of it louder or softer, brighter or darker: espeak-ng's bursts are always the same ones."""
    sound = utterance.sound
    before = np.concatenate((sound[:1], sound[:-1]))
    bright, dark = sound - 0.9 * before, sound + 0.9 * before
    level = max(float(sound.std()), 1e-9)
    versions = [
        sound,
        bright * (level / max(float(bright.std()), 1e-9)),
        dark * (level / float(dark.std() + 1e-9)),
    ]
    starts = np.flatnonzero(np.diff(utterance.labels, prepend=-1))
    lengths = np.diff(starts, append=len(utterance.labels)) * HOP
    result = np.zeros_like(sound)
    shares = rng.dirichlet((1.0, 0.4, 0.4), len(starts)) * 10 ** (rng.normal(0, 5, (len(starts), 1)) / 20)
    for version, share in zip(versions, shares.T, strict=True):
        result += version * np.convolve(np.repeat(share, lengths), np.ones(80) / 80, mode="same")
    return result


def _breathy(sound: Floats, rng: Generator) -> Floats:
    """With breath in it and an unsteady strength, as living voices have and espeak-ng's have not."""
    steady = np.convolve(np.abs(sound), np.ones(320) / 320, mode="same")
    breath = rng.normal(0, 1, len(sound)) * steady * 10 ** (rng.uniform(-25, -6) / 20)
    knots = rng.normal(0, rng.uniform(0.5, 2.5), len(sound) // 800 + 2)
    unsteady = 10 ** (np.interp(np.arange(len(sound)), np.arange(len(knots)) * 800, knots) / 20)
    return ((sound + breath) * unsteady).astype(np.float32)  # type: ignore[no-any-return]  # numpy's stubs


def _masked(frames: Floats, rng: Generator) -> Floats:
    """Without a few bands for a while: no band is to be relied on alone."""
    frames = frames.copy()
    for _ in range(int(rng.integers(0, 4))):
        start, band = int(rng.integers(len(frames))), int(rng.integers(BANDS))
        frames[start : start + int(rng.integers(5, 60)), band : band + int(rng.integers(1, 7))] += rng.normal(0, 3)
    return frames


def _example(sound: Floats, labels: Labels, rng: Generator | None, filters: Floats) -> Example:
    padded: Floats = np.pad(sound, (WINDOW // 2, WINDOW // 2))
    if rng is not None:
        # 16 bits.
        dither = rng.uniform(-0.5, 0.5, len(padded)).astype(np.float32)
        padded = (np.round(padded * 32768 + dither).clip(-32768, 32767) / 32768).astype(np.float32)
    frames = log_bands(power(padded, len(labels)), filters)
    if rng is not None and labels.any():
        frames = _masked(frames, rng)
    return Example(Level().push(frames), labels)


def _recorded(sound: Floats, rng: Generator) -> Floats:
    """By something with a band, a level, an offset and limits of its own."""
    if rng.random() < 0.3:
        low = rng.uniform(60, 350) if rng.random() < 0.6 else 0.0
        high = rng.uniform(3300, 7500)
        hertz = np.fft.rfftfreq(len(sound), 1 / HEARD_RATE)
        passed = 1 / (1 + (low / np.maximum(hertz, 1)) ** 8) / (1 + (hertz / high) ** 30)
        sound = np.fft.irfft(np.fft.rfft(sound) * passed, len(sound)).astype(np.float32)
    peak = float(np.abs(sound).max())
    if peak > 0:
        sound = sound * (10 ** (rng.uniform(-38, 0) / 20) / peak)
    if rng.random() < 0.06:
        sound = (sound * rng.uniform(1.5, 4)).clip(-0.9, 0.9)
    if rng.random() < 0.1:
        sound = sound + np.float32(rng.uniform(-0.02, 0.02))
    return sound


def _equalised(sound: Floats, rng: Generator, most: float) -> Floats:
    """Each range of frequencies a little louder or softer, by up to `most` dB or so."""
    hertz = np.fft.rfftfreq(len(sound), 1 / HEARD_RATE)
    knots = np.linspace(np.log(80), np.log(8000), int(rng.choice((6, 8, 16))))
    gains = rng.normal(0, most / 2.5, len(knots)) + np.linspace(-1, 1, len(knots)) * rng.normal(0, most / 1.5)
    gain = 10 ** (np.interp(np.log(np.maximum(hertz, 80)), knots, gains) / 20)
    return np.fft.irfft(np.fft.rfft(sound) * gain, len(sound)).astype(np.float32)


def _in_a_room(sound: Floats, rng: Generator) -> Floats:
    """With echoes that die away in 0.1 to 0.9 s, 15 dB below the voice to as loud as it."""
    seconds = rng.uniform(0.1, 0.9)
    times = np.arange(int(seconds * HEARD_RATE)) / HEARD_RATE
    echoes = rng.normal(0, 1, len(times)) * np.exp(-6.9 * times / seconds) * (times > rng.uniform(0.001, 0.02))
    echoes *= 10 ** (rng.uniform(-15, 1) / 20) / np.sqrt(np.sum(echoes**2))
    echoes[0] += 1
    size = 1 << (len(sound) + len(echoes)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(echoes, size), size)[: len(sound)]
    return wet.astype(np.float32)


def _with_background(sound: Floats, rng: Generator) -> Floats:
    other = _noise(len(sound), rng) if rng.random() < 0.65 else _music(len(sound), rng)
    voice = float(np.sqrt(np.mean(sound**2)))
    below = rng.uniform(2, 40)
    return sound + other * (voice * 10 ** (-below / 20) / max(float(np.sqrt(np.mean(other**2))), 1e-9))


def _noise(length: int, rng: Generator) -> Floats:
    """Of any colour, perhaps with hum, perhaps swelling."""
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / HEARD_RATE), 20)
    spectrum = np.fft.rfft(rng.normal(0, 1, length)) * hertz ** (
        rng.uniform(-1.0, 0.2) if rng.random() < 0.7 else 0.0
    )
    noise = np.fft.irfft(spectrum, length).astype(np.float32)
    noise /= max(float(noise.std()), 1e-9)
    times = np.arange(length) / HEARD_RATE
    if rng.random() < 0.25:
        mains = rng.choice((50, 60))
        noise += sum(rng.uniform(0, 0.7) * np.sin(2 * np.pi * mains * n * times) for n in (1, 2, 3, 5))
    if rng.random() < 0.3:
        noise *= 1 + 0.7 * np.sin(2 * np.pi * rng.uniform(0.2, 3) * times + rng.uniform(0, 6))
    return _equalised(noise.astype(np.float32), rng, 8.0 if rng.random() < 0.7 else 1.0)


def _music(length: int, rng: Generator) -> Floats:
    """Chords with overtones, plucked or held, and sometimes a drum."""
    result = np.zeros(length)
    beat = int(rng.uniform(0.15, 0.6) * HEARD_RATE)
    held = rng.random() < 0.5
    for start in range(0, length, beat):
        count = min(beat * (2 if held else 1), length - start)
        times = np.arange(count) / HEARD_RATE
        root = 110 * 2 ** (rng.integers(0, 24) / 12)
        shape = np.minimum(times / 0.02, 1) * (1 if held else np.exp(-times * rng.uniform(3, 12)))
        for interval in rng.choice((0, 3, 4, 5, 7, 9, 12), int(rng.integers(1, 4)), replace=False):
            for overtone in range(1, int(rng.integers(2, 9))):
                pitch = root * 2 ** (interval / 12) * overtone
                if pitch < HEARD_RATE / 2:
                    tone = np.sin(2 * np.pi * pitch * times + rng.uniform(0, 6))
                    result[start : start + count] += tone * shape / overtone ** rng.uniform(0.7, 2)
        if rng.random() < 0.3:
            result[start : start + count] += rng.normal(0, 2, count) * np.exp(-times * 40)
    return result.astype(np.float32)

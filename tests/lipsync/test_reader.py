"""What the lips do with sounds of every kind. The sounds are espeak's, which is part of every installation."""

import asyncio

import numpy as np
import numpy.typing as npt
import pytest

from visavis.lipsync import Reader
from visavis.lipsync.alignment import visemes, with_closures
from visavis.lipsync.spectrum import STEP
from visavis.media.samples import Resampler, Samples
from visavis.media.timeline import SAMPLE_RATE
from visavis.settings import Settings
from visavis.speech_text.visemes import VISEMES
from visavis.tts import Speech
from visavis.tts.espeak import EspeakProvider

Weights = npt.NDArray[np.float32]

TEXT = "Mamma, papà e il bambino parlano, poi vanno a casa."
"""Italian, which the training does not know."""
PAUSE = SAMPLE_RATE // 2


@pytest.fixture(scope="module")
def speech() -> tuple[Samples, list[int]]:
    """The sound, half a second of silence around it, and its visemes every 10 ms."""
    pieces = asyncio.run(said())
    resampler = Resampler(pieces[0].sample_rate)
    pcm = np.concatenate([*(resampler.push(piece.pcm) for piece in pieces), resampler.flush()])
    marks = [mark for piece in pieces for mark in piece.marks if mark.kind == "phoneme"]
    phonemes = [(mark.start * SAMPLE_RATE // pieces[0].sample_rate, mark.value) for mark in marks]
    phonemes = [(start + PAUSE, value) for start, value in with_closures(phonemes, pcm)]
    whole = np.pad(pcm, PAUSE)
    return whole, visemes([*phonemes, (PAUSE + len(pcm), "")], len(whole)).tolist()


async def said() -> list[Speech]:
    return [piece async for piece in EspeakProvider(Settings()).voice("it", "it").speak(TEXT)]


def read(pcm: Samples, piece: int = 1920) -> Weights:
    """The weights every 10 ms."""
    reader = Reader()
    for start in range(0, len(pcm), piece):
        reader.push(pcm[start : start + piece])
    reader.end()
    return np.array([reader.at(time) for time in range(0, len(pcm), STEP)])


def agreement(one: Weights, other: Weights) -> float:
    return float((one.argmax(axis=1) == other.argmax(axis=1)).mean())


def louder(pcm: Samples, decibels: float) -> Samples:
    return (pcm * 10 ** (decibels / 20)).clip(-32768, 32767).astype(np.int16)


def through(pcm: Samples, rate: int) -> Samples:
    """As it comes back from something that works at another rate."""
    there, back = Resampler(SAMPLE_RATE, rate), Resampler(rate, SAMPLE_RATE)
    narrow = np.concatenate((there.push(pcm), there.flush()))
    wide = np.concatenate((back.push(narrow), back.flush()))
    return np.pad(wide, (0, max(len(pcm) - len(wide), 0)))[: len(pcm)]


def test_the_weights_are_shares(speech: tuple[Samples, list[int]]) -> None:
    weights = read(speech[0])
    assert weights.dtype == np.float32
    assert weights.shape[1] == len(VISEMES)
    assert (weights >= 0).all()
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_most_of_what_is_said_is_read(speech: tuple[Samples, list[int]]) -> None:
    pcm, labels = speech
    right = read(pcm).argmax(axis=1) == labels
    spoken = np.array(labels) != 0
    assert right[spoken].mean() > 0.5
    assert right[~spoken].mean() > 0.9


def test_lips_close_for_m_p_and_b(speech: tuple[Samples, list[int]]) -> None:
    pcm, labels = speech
    closed = np.array(labels) == VISEMES.index("PP")
    edges = np.diff(closed.astype(int), prepend=0, append=0)
    read_closed = read(pcm).argmax(axis=1) == VISEMES.index("PP")
    found = [
        read_closed[start:stop].any()
        for start, stop in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True)
    ]
    assert len(found) >= 7
    assert sum(found) >= 0.7 * len(found)


def test_silence_is_silence() -> None:
    weights = read(np.zeros(SAMPLE_RATE, np.int16))
    assert (weights[:, 0] == 1).all()


@pytest.mark.parametrize("level", [3, 30, 300, 3000])
@pytest.mark.parametrize("seed", [0, 1])
def test_noise_opens_no_mouth(level: float, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, level, 3 * SAMPLE_RATE).astype(np.int16)
    closed = read(noise)[:, [0, VISEMES.index("PP")]].sum(axis=1)
    assert (closed > 0.5).mean() > 0.98


def test_hum_and_an_offset_open_no_mouth() -> None:
    times = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    hum = (500 + 300 * np.sin(2 * np.pi * 50 * times)).astype(np.int16)
    assert (read(hum).argmax(axis=1) == 0).mean() > 0.98


@pytest.mark.parametrize("decibels", [-20, -10, 6, 20])
def test_gain_changes_little(speech: tuple[Samples, list[int]], decibels: float) -> None:
    soft = louder(speech[0], -18)
    assert agreement(read(soft), read(louder(soft, decibels))) > 0.85


def test_a_constant_offset_changes_little(speech: tuple[Samples, list[int]]) -> None:
    soft = louder(speech[0], -6)
    assert agreement(read(soft), read(soft + np.int16(600))) > 0.9


@pytest.mark.parametrize("rate", [44_100, 24_000, 22_050, 16_000])
def test_resampling_changes_little(speech: tuple[Samples, list[int]], rate: int) -> None:
    assert agreement(read(speech[0]), read(through(speech[0], rate))) > 0.85


def test_a_telephone_leaves_most_of_it(speech: tuple[Samples, list[int]]) -> None:
    pcm, labels = speech
    right = read(through(pcm, 8000)).argmax(axis=1) == labels
    assert right[np.array(labels) != 0].mean() > 0.35
    assert right[np.array(labels) == 0].mean() > 0.9


def test_noise_behind_a_voice_leaves_most_of_it(speech: tuple[Samples, list[int]]) -> None:
    pcm, labels = speech
    voice = float(np.sqrt(np.mean(pcm.astype(float) ** 2)))
    noise = np.random.default_rng(3).normal(0, voice / 10, len(pcm))
    right = read((pcm + noise).clip(-32768, 32767).astype(np.int16)).argmax(axis=1) == labels
    assert right[np.array(labels) != 0].mean() > 0.3
    assert right[np.array(labels) == 0].mean() > 0.9


@pytest.mark.parametrize("piece", [1, 37, 480, 960, 100_000])
def test_pieces_of_any_size_give_the_same(speech: tuple[Samples, list[int]], piece: int) -> None:
    pcm = speech[0][PAUSE - 4800 : PAUSE + 14_400]
    assert np.allclose(read(pcm), read(pcm, piece), atol=1e-4)


@pytest.mark.parametrize("length", [1, 100, 479, 481, 2000, 3841])
def test_a_blip_is_read_to_its_end(length: int) -> None:
    weights = read(np.full(length, 9000, np.int16))
    assert len(weights) == -(-length // STEP)
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-5)


def test_the_loudest_square_wave_is_only_a_sound() -> None:
    pcm = np.where(np.arange(SAMPLE_RATE) // 60 % 2, 32767, -32768).astype(np.int16)
    assert np.isfinite(read(pcm)).all()


def test_no_sound_at_all_is_silence() -> None:
    reader = Reader()
    reader.push(np.zeros(0, np.int16))
    reader.end()
    reader.end()
    assert reader.at(0)[0] == 1
    assert reader.at(SAMPLE_RATE)[0] == 1


def test_after_the_end_the_mouth_is_closed(speech: tuple[Samples, list[int]]) -> None:
    reader = Reader()
    reader.push(speech[0])
    reader.end()
    assert reader.at(len(speech[0]) + SAMPLE_RATE)[0] == 1


def test_a_time_needs_its_look_ahead_and_no_more(speech: tuple[Samples, list[int]]) -> None:
    assert Reader.LOOK_AHEAD <= SAMPLE_RATE * 80 // 1000
    pcm, whole = speech[0], read(speech[0])
    reader = Reader()
    with pytest.raises(ValueError, match="look-ahead"):
        reader.at(0)
    for index in range(60, 90):
        known = index * STEP + Reader.LOOK_AHEAD
        early = Reader()
        early.push(pcm[:known])
        assert np.allclose(early.at(index * STEP), whole[index], atol=1e-4)
        with pytest.raises(ValueError, match="look-ahead"):
            early.at(index * STEP + 1)


def test_between_two_steps_the_nearer_one_counts(speech: tuple[Samples, list[int]]) -> None:
    reader = Reader()
    reader.push(speech[0])
    reader.end()
    whole = read(speech[0])
    for time in range(PAUSE, PAUSE + 4800, 97):
        assert np.allclose(reader.at(time), whole[(time + STEP // 2) // STEP], atol=1e-5)


def test_nothing_can_follow_the_end() -> None:
    reader = Reader()
    reader.end()
    with pytest.raises(ValueError, match="ended"):
        reader.push(np.zeros(10, np.int16))


def test_a_long_utterance_is_forgotten_as_it_is_read() -> None:
    reader = Reader()
    for second in range(30):
        reader.push(np.zeros(SAMPLE_RATE, np.int16))
        reader.at(second * SAMPLE_RATE)
    assert len(reader._weights) < 250
    assert len(reader._powers) < 50

from itertools import pairwise

import numpy as np

from tests.face.recital import hum
from visavis.face.portrait.emphasis import APART, STRONGEST, WINDOW, Emphasis
from visavis.media.samples import Samples
from visavis.media.timeline import from_seconds

STEP = 1920


def followed(pcm: Samples) -> list[tuple[float, float]]:
    """What it says of each picture."""
    emphasis = Emphasis()
    return [
        emphasis.at(time, pcm[max(time - WINDOW // 2, 0) : time + WINDOW // 2])
        for time in range(STEP // 2, len(pcm), STEP)
    ]


def stressed(at: float, seconds: float = 4.0, factor: float = 2.5) -> Samples:
    """A voice that is louder for 200 ms."""
    pcm = hum(seconds, level=4000).astype(np.float64)
    pcm[from_seconds(at) : from_seconds(at + 0.2)] *= factor
    return pcm.astype(np.int16)


def test_given_a_stressed_syllable_then_the_brows_rise_with_it_and_sink_again() -> None:
    brows = [brow for brow, _ in followed(stressed(2.0))]
    assert max(brows[:48]) == 0
    assert 0.2 < max(brows[50:60]) <= STRONGEST
    assert brows[75:] == [0] * len(brows[75:])
    assert max(abs(b - a) for a, b in pairwise(brows)) < 0.25


def test_given_an_even_voice_then_they_stay() -> None:
    assert {brow for brow, _ in followed(hum(4.0))} == {0.0}


def test_given_silence_then_nothing_moves() -> None:
    assert {*followed(np.zeros(96_000, np.int16))} == {(0.0, 1.0)}
    assert Emphasis().at(0, np.zeros(0, np.int16)) == (0.0, 1.0)


def test_given_many_stresses_then_they_do_not_rise_at_each() -> None:
    pcm = hum(6.0, level=3000).astype(np.float64)
    for at in np.arange(1.0, 6.0, 0.4):
        pcm[from_seconds(at) : from_seconds(at + 0.1)] *= 3
    brows = [brow for brow, _ in followed(pcm.astype(np.int16))]
    rises = [index for index, (one, other) in enumerate(pairwise(brows)) if one == 0 and other > 0]
    assert len(rises) >= 2
    assert all((later - earlier) * STEP >= APART for earlier, later in pairwise(rises))


def test_a_loud_voice_opens_the_mouth_a_little_further() -> None:
    openings = [opening for _, opening in followed(stressed(2.0))]
    assert 1.0 < max(openings) <= 1.1
    assert min(openings) >= 0.84


def test_the_level_of_the_whole_does_not_matter() -> None:
    quiet = [brow for brow, _ in followed((stressed(2.0) / 8).astype(np.int16))]
    assert np.allclose(quiet, [brow for brow, _ in followed(stressed(2.0))], atol=0.02)

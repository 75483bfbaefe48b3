import numpy as np

from visavis.lipsync.alignment import CLOSING, visemes, with_closures
from visavis.lipsync.spectrum import STEP
from visavis.media.samples import Samples
from visavis.media.timeline import from_seconds
from visavis.speech_text.visemes import VISEMES


def named(phonemes: list[tuple[int, str]], length: int) -> list[str]:
    return [VISEMES[index] for index in visemes(phonemes, length)]


def sound(*stretches: tuple[float, int]) -> Samples:
    """(Seconds, amplitude) after each other."""
    return np.concatenate([np.full(from_seconds(seconds), level, np.int16) for seconds, level in stretches])


def test_each_frame_has_the_viseme_of_the_phoneme_it_lies_in() -> None:
    assert named([(2 * STEP, "m"), (4 * STEP, "a"), (6 * STEP, "")], 8 * STEP) == [
        "sil", "sil", "PP", "PP", "aa", "aa", "sil", "sil",
    ]  # fmt: skip


def test_a_diphthong_moves_on_unless_it_is_over_before() -> None:
    assert named([(0, "aɪ"), (20 * STEP, "")], 22 * STEP) == ["aa"] * 9 + ["I"] * 11 + ["sil"] * 2
    assert named([(0, "aɪ"), (5 * STEP, "s")], 7 * STEP) == ["aa"] * 5 + ["SS"] * 2


def test_a_stop_begins_with_the_silence_before_its_burst() -> None:
    pcm = sound((0.1, 3000), (0.05, 0), (0.1, 3000))
    burst = from_seconds(0.15)
    assert with_closures([(0, "a"), (burst, "p"), (burst + 2400, "a")], pcm) == [
        (0, "a"), (from_seconds(0.1), "p"), (burst + 2400, "a"),
    ]  # fmt: skip


def test_what_is_no_stop_stays_where_it_is() -> None:
    pcm = sound((0.1, 3000), (0.05, 0), (0.1, 3000))
    marks = [(0, "a"), (from_seconds(0.15), "m")]
    assert with_closures(marks, pcm) == marks


def test_a_pause_that_was_only_a_closure_is_none() -> None:
    pcm = sound((0.1, 3000), (0.05, 0), (0.1, 3000))
    marks = [(0, "a"), (from_seconds(0.1), ""), (from_seconds(0.15), "tʃ")]
    assert with_closures(marks, pcm) == [(0, "a"), (from_seconds(0.1), "tʃ")]


def test_after_a_pause_the_closure_is_short() -> None:
    pcm = sound((0.1, 3000), (0.5, 0), (0.1, 3000))
    marks = [(0, "a"), (from_seconds(0.1), ""), (from_seconds(0.6), "b")]
    assert with_closures(marks, pcm) == [*marks[:2], (from_seconds(0.6) - CLOSING, "b")]


def test_a_stop_at_the_very_beginning_stays_there() -> None:
    assert with_closures([(0, "p"), (2400, "a")], sound((0.2, 3000))) == [(0, "p"), (2400, "a")]

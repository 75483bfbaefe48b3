from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from tests.face.recital import marks
from visavis.face.portrait.pose import REST, Mouth
from visavis.face.portrait.track import AHEAD, BEHIND, Track
from visavis.media.timeline import from_seconds


def track(*phonemes: tuple[str, float]) -> Track:
    made = Track()
    made.add(marks(phonemes))
    return made


def test_before_the_first_mark_the_mouth_is_at_rest() -> None:
    assert track(("", 0.2), ("ɑ", 0.2)).mouth(0) == REST


def test_the_lips_move_before_the_sound() -> None:
    found = track(("", 0.2), ("ɑ", 0.2))
    assert found.mouth(from_seconds(0.2) - AHEAD).at_rest
    assert found.mouth(from_seconds(0.2) - AHEAD // 3).jaw > 0


def gap(mouth: Mouth) -> float:
    """How far the lips are apart: as `mouth.py` draws them."""
    return max(24 * mouth.jaw * (1 - 0.3 * mouth.round) + 9 * mouth.part - 14 * mouth.press, 0.0)


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(25), Fraction(30)])
@pytest.mark.parametrize("seconds", [0.02, 0.04, 0.06, 0.12])
@pytest.mark.parametrize("bilabial", ["m", "b", "p"])
def test_wherever_a_bilabial_falls_there_is_a_picture_of_closed_lips(
    bilabial: str, seconds: float, fps: Fraction
) -> None:
    for late in np.arange(0, 0.05, 0.005):
        found = track(("ɑ", 0.15 + late), (bilabial, seconds), ("ɑ", 0.15))
        times = [round(48_000 * (0.5 + index) / fps) for index in range(int(fps * 2 // 5))]
        assert min(gap(found.mouth(time)) for time in times) == 0


@pytest.mark.parametrize("labiodental", ["f", "v"])
def test_the_lower_lip_lies_under_the_teeth(labiodental: str) -> None:
    for late in np.arange(0, 0.05, 0.005):
        found = track(("ɑ", 0.15 + late), (labiodental, 0.04), ("u", 0.15))
        mouths = [found.mouth(time) for time in range(960, 16_000, 1920)]
        assert any(mouth.tuck > 0.9 and mouth.upper > 0.9 and mouth.part > 0.25 for mouth in mouths)


def test_lips_are_rounded_before_the_vowel_that_needs_it() -> None:
    found = track(("s", 0.1), ("t", 0.06), ("u", 0.2))
    assert found.mouth(from_seconds(0.13)).round > 0.5
    assert found.mouth(from_seconds(0.05)).round < 0.2
    spread = track(("s", 0.1), ("t", 0.06), ("i", 0.2))
    assert spread.mouth(from_seconds(0.13)).round == 0


def test_the_jaw_moves_less_than_the_lips_from_sound_to_sound() -> None:
    phonemes = [("ɑ", 0.06), ("t", 0.06)] * 6
    found = track(*phonemes)
    jaws = [found.mouth(time).jaw for time in range(from_seconds(0.12), from_seconds(0.6), 480)]
    assert max(jaws) - min(jaws) < 0.6
    assert max(abs(b - a) for a, b in pairwise(jaws)) < 0.12


def test_between_two_sounds_the_mouth_goes_one_way() -> None:
    found = track(("ɑ", 0.2), ("i", 0.2))
    jaws = [found.mouth(time).jaw for time in range(from_seconds(0.08), from_seconds(0.34), 240)]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(jaws))


def test_after_the_end_the_mouth_is_fully_at_rest() -> None:
    found = track(("ɑ", 0.2))
    found.end(from_seconds(0.2))
    assert found.mouth(from_seconds(0.2) + BEHIND) == REST


def test_the_mouth_does_not_depend_on_marks_further_ahead() -> None:
    early, late = Track(), track(("ɑ", 0.1), ("u", 0.1), ("s", 0.1), ("aɪ", 0.2), ("t", 0.05))
    waiting = list(marks([("ɑ", 0.1), ("u", 0.1), ("s", 0.1), ("aɪ", 0.2), ("t", 0.05)]))
    for time in range(0, from_seconds(0.5), 480):
        while waiting and waiting[0].start < time + AHEAD:
            early.add((waiting.pop(0),))
        assert np.allclose(early.mouth(time).weights(), late.mouth(time).weights())


def test_a_diphthong_glides() -> None:
    found = track(("aʊ", 0.3), ("", 0.1))
    first, second = found.mouth(from_seconds(0.03)), found.mouth(from_seconds(0.2))
    assert first.jaw > 0.6
    assert second.round > 0.6


def test_the_mouth_never_jumps() -> None:
    found = track(("h", 0.05), ("ɛ", 0.08), ("l", 0.05), ("oʊ", 0.2), ("p", 0.06), ("iː", 0.1), ("", 0.2))
    mouths = [found.mouth(time).weights() for time in range(0, from_seconds(0.7), 48)]
    assert max(np.abs(b - a).max() for a, b in zip(mouths, mouths[1:], strict=False)) < 0.1


def test_words_are_passed_over() -> None:
    from visavis.tts import Mark

    found = Track()
    found.add((Mark("word", 0, "aa"),))
    assert found.mouth(4800) == Mouth()

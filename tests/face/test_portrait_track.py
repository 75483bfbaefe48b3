import numpy as np

from tests.face.recital import marks
from visavis.face.portrait.pose import REST, Mouth
from visavis.face.portrait.track import AHEAD, BEHIND, LAG, Track
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


def test_given_a_short_bilabial_between_vowels_then_it_closes() -> None:
    found = track(("ɑ", 0.15), ("m", 0.06), ("ɑ", 0.15))
    mouth = found.mouth(from_seconds(0.175))
    assert 24 * mouth.jaw + 9 * mouth.part < 14 * mouth.press


def test_after_the_end_the_mouth_is_fully_at_rest() -> None:
    found = track(("ɑ", 0.2))
    found.end(from_seconds(0.2))
    assert found.mouth(from_seconds(0.2) + BEHIND + LAG) == REST


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

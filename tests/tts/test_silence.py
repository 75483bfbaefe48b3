import numpy as np

from visavis.media.samples import Samples
from visavis.tts import Mark, Speech
from visavis.tts.silence import LEAD, TAIL, Trim

RATE = 1000


def silence(count: int) -> Samples:
    return np.zeros(count, dtype=np.int16)


def tone(count: int) -> Samples:
    return np.full(count, -5000, dtype=np.int16)


def trimmed(*pieces: tuple[Samples, list[Mark]]) -> list[Speech]:
    trim = Trim(RATE)
    given = [trim.push(pcm, marks) for pcm, marks in pieces]
    return [speech for speech in (*given, trim.flush()) if speech is not None]


def test_given_silence_before_the_sound_when_trimmed_then_little_is_left_and_marks_move_with_it() -> None:
    pause, vowel = Mark("phoneme", 0, ""), Mark("phoneme", 150, "a")
    speech, _ = trimmed((silence(100), [pause]), (silence(50), []), (tone(80), [vowel]), (silence(10), []))
    lead = round(LEAD * RATE)
    assert len(speech.pcm) == lead + 80
    assert [(mark.value, mark.start) for mark in speech.marks] == [("", 0), ("a", lead)]


def test_given_long_silence_after_the_sound_when_trimmed_then_a_natural_pause_is_left() -> None:
    speech, rest = trimmed((tone(100), []), (silence(300), []), (silence(300), [Mark("phoneme", 100, "")]))
    assert len(speech.pcm) == 100
    assert len(rest.pcm) == TAIL * RATE
    assert rest.marks == (Mark("phoneme", 100, ""),)


def test_given_silence_in_the_middle_when_trimmed_then_it_stays() -> None:
    pieces = trimmed((tone(100), []), (silence(500), []), (tone(100), [Mark("phoneme", 600, "b")]))
    assert sum(len(piece.pcm) for piece in pieces) == 700
    assert pieces[1].marks == (Mark("phoneme", 600, "b"),)


def test_given_only_silence_when_trimmed_then_nothing_is_left() -> None:
    assert trimmed((silence(500), [Mark("phoneme", 0, "")])) == []


def test_given_a_mark_for_sound_that_is_held_back_when_trimmed_then_it_comes_with_its_sound() -> None:
    first, second = trimmed(
        (np.concatenate((tone(50), silence(50))), [Mark("phoneme", 80, "")]),
        (tone(50), [Mark("phoneme", 100, "b")]),
    )
    assert first.marks == ()
    assert [mark.start for mark in second.marks] == [80, 100]

from visavis.media.timeline import from_seconds
from visavis.session.expressing import PACE, Expressing
from visavis.speech_text.plain import spoken
from visavis.tts import Mark

TEXT = "Well, that is *very* good news."


def words(start: int, *words: str) -> list[Mark]:
    """Marks of words of `TEXT` as it is spoken, a quarter of a second apart."""
    plain = spoken(TEXT, "en").text
    return [
        Mark("word", start + from_seconds(0.25) * at, word, plain.index(word)) for at, word in enumerate(words)
    ]


def test_given_a_place_in_mid_sentence_then_it_begins_with_the_next_word() -> None:
    place = TEXT.index("*very*")
    expressing = Expressing([(0, "serious"), (place, "smile")], spoken(TEXT, "en"), 1000)
    first = expressing.take(words(1000, "Well", "that"), 30_000)
    assert [(mark.kind, mark.start, mark.value) for mark in first[:2]] == [
        ("expression", 1000, "serious"),
        ("word", 1000, "Well"),
    ]
    second = expressing.take(words(30_000, "is", "very", "good"), 60_000)
    assert [mark.value for mark in second] == ["is", "smile", "very", "good"]
    assert second[1].start == second[2].start


def test_given_a_voice_that_marks_no_words_then_the_time_is_guessed() -> None:
    expressing = Expressing([(10, "smile")], spoken(TEXT, "en"), 0)
    assert expressing.take((), 9 * PACE) == ()
    assert expressing.take((), 11 * PACE) == (Mark("expression", 9 * PACE, "smile"),)


def test_given_the_sentence_ends_then_what_is_left_begins() -> None:
    expressing = Expressing([(25, "smile")], spoken(TEXT, "en"), 0)
    assert expressing.take(words(0, "Well"), 4800) == tuple(words(0, "Well"))
    assert expressing.take((), 9600, last=True) == (Mark("expression", 9600, "smile"),)
    assert expressing.take((), 9600, last=True) == ()


def test_marks_stay_in_order() -> None:
    expressing = Expressing([(0, "smile"), (3, "neutral")], spoken(TEXT, "en"), 0)
    marks = expressing.take([Mark("phoneme", 100, "w"), *words(200, "Well", "that")], 48_000)
    assert [mark.start for mark in marks] == sorted(mark.start for mark in marks)

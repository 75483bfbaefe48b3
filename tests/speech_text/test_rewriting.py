import re

from visavis.speech_text.rewriting import Spoken, rewrite, rewritten


def plain(text: str) -> Spoken:
    return Spoken(text, tuple(range(len(text))))


def test_given_a_rewriting_when_it_expands_then_new_characters_point_at_what_they_stand_for() -> None:
    said = rewrite(plain("a 5 b"), re.compile("5"), lambda _: "five")
    assert said == Spoken("a five b", (0, 1, 2, 2, 2, 2, 3, 4))


def test_given_a_part_to_keep_when_rewritten_then_it_keeps_its_places() -> None:
    said = rewrite(plain("a(b)c"), re.compile(r"\((?P<keep>.)\)"), lambda match: match.span("keep"))
    assert said == Spoken("abc", (0, 2, 4))


def test_given_nothing_to_put_in_its_place_when_rewritten_then_it_stays() -> None:
    text = plain("5 and 6")
    assert rewrite(text, re.compile(r"\d"), lambda _: None) == text


def test_given_several_steps_when_taken_then_the_places_are_still_the_first_text_s() -> None:
    steps = ((re.compile("b+"), lambda _: ""), (re.compile("c"), lambda _: "see"))
    assert rewritten(plain("abbc"), steps) == Spoken("asee", (0, 3, 3, 3))

import random

import pytest

from visavis.speech_text.thinking import ThinkingFilter

GIVEN = {
    "<think>Hmm, let me see.</think>\n\nHello.": "Hello.",
    "\n<think>\nA\nB\n</think>\n\nHello.": "\nHello.",
    "<THINKING>x</THINKING>Hi": "Hi",
    "Let me look. <think>wait</think> It is 3.": "Let me look.  It is 3.",
    "One.\n<think>x</think>\nTwo.": "One.\n\nTwo.",
    "<think></think>Hello": "Hello",
    "<think>a</think><think>b</think> Hi": "Hi",
    "<think>never closed": "",
    "The <think> tag is for thoughts.": "The <think> tag is for thoughts.",
    "`<think>` and a < b, <b>bold</b> <": "`<think>` and a < b, <b>bold</b> <",
    "<thin": "<thin",
    " no thought": " no thought",
    "<think>a < b </thin </think>ok": "ok",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), GIVEN.items())
def test_given_an_answer_when_filtered_then_its_thoughts_are_gone(text: str, expected: str) -> None:
    thinking = ThinkingFilter()
    assert thinking.push(text) + thinking.finish() == expected


@pytest.mark.parametrize(("text", "expected"), GIVEN.items())
def test_given_any_way_of_cutting_it_when_filtered_then_the_answer_is_the_same(text: str, expected: str) -> None:
    rng = random.Random(len(text))  # noqa: S311  # not for secrets
    for _ in range(30):
        thinking = ThinkingFilter()
        given = ""
        rest = text
        while rest:
            size = rng.choice((1, 1, 2, 3, 7, 20))
            given += thinking.push(rest[:size])
            rest = rest[size:]
        assert given + thinking.finish() == expected


def test_given_an_answer_without_thoughts_when_filtered_then_nothing_is_held_back() -> None:
    thinking = ThinkingFilter()
    assert [thinking.push(delta) for delta in ("Hel", "lo ", "a < b", ".")] == ["Hel", "lo ", "a < b", "."]

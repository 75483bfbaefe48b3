import pytest

from visavis.speech_text.plain import SILENT, spoken

ANY = "und"
"""A language whose figures are left as they are."""

SAID = {
    "**Hello** _world_ *this* is `code` ~~no~~.": "Hello world this is code no.",
    "***Very*** __strong__": "Very strong",
    "# Heading one": "Heading one",
    "- item **one**": "item one",
    "  * item\n  + item": "item item",
    "> quoted": "quoted",
    "1. first": "1. first",
    "[Label](https://x.y/z_(q)) here": "Label) here",
    "[Label][ref] and ![alt](a.png)": "Label and alt",
    "See https://foo.bar/baz?q=1. Then (see www.a.de).": "See. Then (see).",
    "看https://foo.bar/baz，好。": "看，好。",
    "Mail <https://a.b/c> me": "Mail me",
    "Great 😀! Flags 🇩🇪 family 👨\u200d👩\u200d👧 keycap 1️⃣ heart ❤️.": "Great! Flags family keycap 1 heart.",
    "[laughs] That is funny [1][^2].": "That is funny.",
    "2 * 3 = 6, 2*3, snake_case and a_b_c": "2 * 3 = 6, 2*3, snake_case and a_b_c",
    "**Hello. ": "Hello.",
    "World**": "World",
    "_Hello._": "Hello.",
    "```python": "",
    "~~~": "",
    "| a | b |": "a b",
    "|---|:-:|": "",
    "* * *": "",
    "<b>bold</b> a < b > c<br/>": "bold a < b > c",
    r"\*literal\* \# \_x\_": "literal # x",
    "...": "",
    "😀": "",
    "—": "",
    "C# and F#, a - b, it's 5%": "C# and F#, a - b, it's 5%",
    "这是**重点**内容。": "这是重点内容。",
    "Hello.\n": "Hello.",
    "  Two   spaces ": "Two spaces",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), SAID.items())
def test_given_written_text_when_spoken_then_only_what_is_said_is_left(text: str, expected: str) -> None:
    assert spoken(text, ANY).text == expected


@pytest.mark.parametrize("text", SAID)
def test_given_written_text_when_spoken_then_every_character_knows_its_origin(text: str) -> None:
    said = spoken(text, ANY)
    assert len(said.offsets) == len(said.text)
    assert list(said.offsets) == sorted(said.offsets)
    assert all(
        text[said.original(index)] == character for index, character in enumerate(said.text) if character != " "
    )


def test_given_a_word_mark_when_mapped_then_it_points_at_the_original() -> None:
    text = "**Hello** [big](https://x.y) world"
    said = spoken(text, ANY)
    assert said.original(said.text.index("world")) == text.index("world")
    assert said.original(-1) == -1


def test_given_a_column_of_figures_when_spoken_then_no_voice_is_overrun() -> None:
    figures = "777777 " * 42
    assert spoken(figures, "en").text == figures.strip()


def test_given_nothing_to_say_when_spoken_then_it_is_silent() -> None:
    assert spoken("[laughs] 😀", "en") == SILENT

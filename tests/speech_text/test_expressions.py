import pytest

from visavis.speech_text.expressions import EXPRESSIONS, ExpressionTags, expression, without_expressions


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize(
    ("text", "clean", "found"),
    [
        ("[smile] Hello there! [Serious] Now.", "Hello there! Now.", [(0, "smile"), (13, "serious")]),
        ("a [happy] b", "a b", [(2, "smile")]),
        ("Oh![surprise]Really?", "Oh!Really?", [(3, "surprised")]),
        ("[smile][neutral] x", "x", [(0, "smile"), (0, "neutral")]),
        ("你好！[laugh]很高兴。", "你好！很高兴。", [(3, "smile")]),
        ("[laughs softly] Well", "[laughs softly] Well", []),
        ("[foo] [1] [^2] bar", "[foo] [1] [^2] bar", []),
        ("[smile](https://example.com) faces[smile]", "[smile](https://example.com) faces[smile]", []),
        ("no end [smile", "no end [smile", []),
        ("[ smile ]Hi", "Hi", [(0, "smile")]),
        ("", "", []),
    ],
)
def test_tags_are_taken_out_however_the_text_is_cut(
    text: str, clean: str, found: list[tuple[int, str]], size: int
) -> None:
    tags = ExpressionTags()
    given = "".join(tags.push(text[at : at + size]) for at in range(0, len(text), size)) + tags.finish()
    assert (given, tags.found) == (clean, found)


def test_given_a_first_expression_then_it_is_found_at_the_beginning() -> None:
    tags = ExpressionTags("serious")
    assert tags.push("Hm. [smile] Yes.") + tags.finish() == "Hm. Yes."
    assert tags.found == [(0, "serious"), (4, "smile")]


def test_given_text_that_is_no_tag_then_it_is_not_held_back() -> None:
    assert ExpressionTags().push("a [b] and [a long label") == "a [b] and [a long label"


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_each_expression_is_its_own_tag(name: str) -> None:
    assert expression(name.upper()) == name
    assert without_expressions(f"[{name}] Yes.") == "Yes."


def test_given_a_word_that_is_no_expression_then_none() -> None:
    assert expression("sad") == expression("") == ""

import pytest

from visavis.cli.bench.recognition import word_errors


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("Where is it?", "where is it", 0),
        ("Where is it?", "", 3),
        ("", "oh where", 2),
        ("Where is the nearest station?", "where's the nearest station", 2),
        ("one two three", "one three", 1),
        ("one three", "one two three", 1),
        ("Don't, please.", "don't please", 0),
    ],
)
def test_given_what_was_said_and_heard_when_compared_then_wrong_words_are_counted(
    said: str, heard: str, errors: int
) -> None:
    assert word_errors(said, heard) == errors

import random

import pytest

from visavis.speech_text.blocks import Blocks
from visavis.speech_text.sentences import SentenceSplitter, sentences

READ = {
    "Look:\n```python\nprint(1). Or not. ok\n\nx = 2\n```\nDone. Bye.": ["Look:\n", "Done. ", "Bye."],
    "~~~\ncode\n```\nmore\n~~~\nAfter.": ["After."],
    "Inline ```code``` here.\nNext.": ["Inline ```code``` here.\n", "Next."],
    "```one line```\nNext.": ["```one line```\n", "Next."],
    "````\n```\nstill code\n````\nAfter.": ["After."],
    "Never closed:\n```\ncode. More.": ["Never closed:\n"],
    "A table:\n| Dr. A | b. C d |\n|---|---|\n| 1 | 2 |\n\nText.": ["A table:\n", "\nText."],
    "a | b\n--- | ---\n1. x | 2\n3 | 4\nNot in it.": ["a | b\n", "Not in it."],
    "Said so.[^1]\n\n[^1]: The source. Of it.\nBye.": ["Said so.[^1]\n", "Bye."],
    "- item | with a bar\n* * *\nText": ["- item | with a bar\n", "* * *\n", "Text"],
    "  ```\n  code\n  ```\nText": ["Text"],
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_given_blocks_when_followed_then_what_is_not_for_the_ear_is_not_read(
    text: str, expected: list[str]
) -> None:
    blocks = Blocks()
    assert [piece for piece in sentences(text) if blocks.aloud(piece)] == expected


@pytest.mark.parametrize("text", READ)
def test_given_a_stream_when_followed_then_it_makes_no_difference(text: str) -> None:
    rng = random.Random(len(text))  # noqa: S311  # not for secrets
    splitter, blocks = SentenceSplitter(), Blocks()
    found: list[str] = []
    rest = text
    while rest:
        size = rng.choice((1, 2, 5))
        found += splitter.push(rest[:size])
        rest = rest[size:]
    read = [piece for piece in found + splitter.finish() if blocks.aloud(piece)]
    assert read == READ[text]

import random

import pytest

from visavis.speech_text.sentences import MAX_CHARS, SentenceSplitter, sentences

TEXTS = {
    "english": ["Hello. ", "How are you? ", "Fine!"],
    "decimals": ["It is 3.5 metres. ", "Pi is 3.14159."],
    "titles": ["Dr. Smith met Mrs. Jones. ", "They talked."],
    "latin": ["See e.g. the U.S. or i.e. nothing. ", "It was 5 p.m. then. ", "Yes."],
    "initials": ["J. R. R. Tolkien wrote it. ", "So do I. ", "You?"],
    "after abbreviations": ["I live in the U.S. ", "The weather is nice. ", "Pears, etc. ", "Then I left."],
    "after times": ["It was 5 p.m. ", "We left at 6 a.m. sharp. ", "Bye"],
    "names after abbreviations": [
        "The U.S. Army met J. A. Smith and W. E. B. Du Bois of Acme Inc. Ltd. ",
        "It did.",
    ],
    "after letters": ["Take vitamin C. ", "It helps. ", "Plan B. ", "However, no."],
    "always before more": ["See e.g. The Hobbit, i.e. It, a.k.a. The book. ", "z. B. Der Herr."],
    "other languages": ["Äpfel usw. ", "Dann ging er. ", "Il vit aux U.S. ", "C'est bien."],
    "numbered": ["No. 5 is alive. ", "No. ", "I won't. ", "See Fig. 3 there."],
    "lists": ["1. First thing.\n", "2. Second thing\n", "\n\nTitle\n", "Text"],
    "a year": ["That was in 1999. ", "Then came 2000."],
    "addresses": ["See https://a.b/c?d=e.f&g=1!x now. ", "Or www.example.com. ", "Bye"],
    "ellipses": ["Well... ", "maybe. ", "Wait…", "what?!  ".rstrip() + " ", " Yes."],
    "quotations": ['He said "Hi." ', "(Really.) ", "‘Yes.’ ", "**Bold.** ", "End."],
    "chinese": ["你好。", "今天天气很好！", "真的吗？", "是；", "好……", "然后"],
    "chinese quotations": ["他说：“你好。”", "然后走了。", "（真的！）", "「再见。」", "完"],
    "straight quotation marks": ['"再见。"', '"好。"', "完"],
    "mixed": ["版本3.5发布了.", "你好! ", "OK.", "好的?", "Bye."],
    "japanese": ["こんにちは。", "元気ですか？", "はい"],
    "hindi and urdu": ["नमस्ते। ", "दुनिया।", "کیا؟ ", "ہاں۔"],
    "line ends": ["Hello.\r", "\nBye\n", "\n"],
    "only white space": [" \n \n"],
    "nothing": [],
}


@pytest.mark.parametrize("expected", TEXTS.values(), ids=TEXTS.keys())
def test_given_a_text_when_split_then_its_sentences_come(expected: list[str]) -> None:
    assert sentences("".join(expected)) == expected


LONG = {
    "clauses": "one clause of it, " * 60,
    "chinese clauses": "这是一个很长的句子，" * 80,
    "words": "word " * 200,
    "no spaces": "字" * 700,
    "thousands": "1,000,000" * 80,
    "families": "👨\u200d👩\u200d👧" * 150,
    "accents": "e\u0301" * 400,
    "white space": " " * 700,
    "marks": "." * 700 + "。" * 700,
    "quotation marks": "。" + "”" * 700 + "x",
    "an abbreviation at the limit": "x" * 296 + " No. " + "y" * 300,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_given_a_long_text_when_split_then_no_piece_is_too_long_and_none_is_lost(text: str) -> None:
    pieces = sentences(text)
    assert "".join(pieces) == text
    assert max(map(len, pieces)) <= MAX_CHARS


def test_given_a_long_sentence_when_split_then_it_is_cut_after_a_clause_or_between_words() -> None:
    assert all(piece.endswith(", ") for piece in sentences(LONG["clauses"]))
    assert all(piece.endswith("，") for piece in sentences(LONG["chinese clauses"]))
    assert all(piece.endswith(" ") for piece in sentences(LONG["words"]))
    assert all(piece.endswith("👧") for piece in sentences(LONG["families"]))
    assert all(piece.endswith("\u0301") for piece in sentences(LONG["accents"]))


@pytest.mark.parametrize("text", [*("".join(given) for given in TEXTS.values()), *LONG.values()])
def test_given_any_way_of_cutting_a_text_when_pushed_then_the_sentences_are_the_same(text: str) -> None:
    expected = sentences(text)
    rng = random.Random(len(text))  # noqa: S311  # not for secrets
    for _ in range(30):
        splitter = SentenceSplitter()
        found: list[str] = []
        rest = text
        while rest:
            size = rng.choice((1, 1, 2, 3, 7, 50, 400))
            found += splitter.push(rest[:size])
            rest = rest[size:]
        assert found + splitter.finish() == expected


def test_given_a_stream_when_a_sentence_is_certain_then_it_comes_at_once() -> None:
    splitter = SentenceSplitter()
    assert splitter.push("Hello.") == []
    assert splitter.push(" ") == ["Hello. "]
    assert splitter.push("你好。") == []
    assert splitter.push("”") == []
    assert splitter.push("再") == ["你好。”"]
    assert splitter.push("见\n") == ["再见\n"]
    assert splitter.push("It costs 3.") == []
    assert splitter.push("5 now") == []
    assert splitter.finish() == ["It costs 3.5 now"]
    assert splitter.finish() == []
    assert splitter.push("In the U.S. ") == []
    assert splitter.push("The") == []
    assert splitter.push(" ") == ["In the U.S. "]
    assert splitter.finish() == ["The "]


def test_given_another_limit_when_split_then_it_holds() -> None:
    assert sentences("aaaa bbbb cccc", max_chars=5) == ["aaaa ", "bbbb ", "cccc"]

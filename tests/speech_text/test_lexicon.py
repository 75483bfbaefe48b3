import re
from pathlib import Path

import pytest
from unicode_rbnf import RbnfEngine

import visavis.speech_text
from visavis.speech_text.lexicon import lexicon

LANGUAGES = sorted(path.stem for path in (Path(visavis.speech_text.__path__[0]) / "lexicons").glob("*.toml"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_given_a_lexicon_then_its_rule_sets_exist_and_its_expressions_compile(language: str) -> None:
    words = lexicon(language)
    assert words is not None
    for pattern in (words.counted, words.counted_feminine, words.decade_mark, words.time_mark, words.hour_mark):
        re.compile(pattern)
    rules = {*words.ordinals.values(), *words.ordinals_after.values(), words.first, words.year} - {""}
    if words.spelled:
        assert rules | {words.number} <= set(RbnfEngine.for_language(language).rulesets)
    # Its templates have only the parts they may have.
    words.date.format(day="", ordinal="", month="", number="", year="")
    words.day.format(day="", ordinal="", month="", number="")
    words.time.format(hour="", minute="")


def test_given_a_language_without_a_file_then_there_is_no_lexicon() -> None:
    assert lexicon("tlh") is None

"""Telephone numbers and other strings of digits, which are said digit by digit."""

import re

from visavis.speech_text.figures import LETTER
from visavis.speech_text.rewriting import Step
from visavis.speech_text.words import Words

_BEGIN = rf"(?<![{LETTER}\d_$€£¥])(?<!\d[-./,:\s])"
_END = rf"(?![{LETTER}\d_]|[.,:/-]\d)"

_NUMBERS = (
    r"\+\d{1,3}(?:[\s.-]?\(?\d{1,5}\)?){2,5}",  # +49 30 1234567
    r"\(\d{2,5}\)\s?\d{3,4}[\s-]?\d{3,5}",  # (555) 123-4567
    r"(?:\d{1,2}[-.\s])?\d{3}[-.]\d{3}[-.]\d{4}|\d{3}-\d{4}",  # 555-123-4567
    r"0\d{1,4}(?:[\s/-]\d{2,8}){1,5}",  # 030 1234567, 01 23 45 67 89
    r"1[3-9]\d[\s-]\d{4}[\s-]\d{4}",  # 138 0013 8000
    r"0\d+|\d{10,}",
)
"""As ITU-T E.123 and the habits of large countries have them; leading zeros, and what is too long to be read."""


def steps(words: Words) -> list[Step]:
    """One step for all of them."""
    plus = words.lexicon.signs.get("+", "")

    def say(match: re.Match[str]) -> str:
        digits = words.digits(match[0])
        return plus + words.space + digits if match[0].startswith("+") else digits

    return [(re.compile(f"{_BEGIN}(?:{'|'.join(_NUMBERS)}){_END}"), say)]

"""Short forms of words: Dr., e.g., No. 5."""

import re
from collections.abc import Iterable

from visavis.speech_text.rewriting import Step
from visavis.speech_text.words import Words

_ENDS = re.compile(r"[\"'”’)\]]*$")


def steps(words: Words) -> list[Step]:
    """Short forms before numbers and names, then those anywhere."""
    found = words.lexicon
    tables = (
        (found.before_numbers, r"\s?(?=[\d#])"),
        (found.before_names, r"(?=\s[A-ZÀ-ÞŒ])"),
        (found.abbreviations, r"(?!\w)"),
    )
    return [_step(words, table, after) for table, after in tables if table]


def _step(words: Words, table: dict[str, str], after: str) -> Step:
    gap = words.space if after.startswith(r"\s?") else ""

    def replace(match: re.Match[str]) -> str:
        short = match["short"]
        # The full stop of `etc.` may be the sentence's, too.
        stop = "." if short.endswith(".") and _ENDS.match(match.string, match.end()) and not gap else ""
        return table[short] + gap + stop

    return re.compile(rf"(?<!\w)(?<!\w\.)(?P<short>{_any(table)}){after}"), replace


def _any(forms: Iterable[str]) -> str:
    return "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))

"""Written figures → words, in the language of a voice, so that every voice says the same.

Each kind of figure has its module; here is their order. A language without a lexicon is left as it is.
"""

import re
from functools import cache

from visavis.speech_text import abbreviations, addresses, dates, money, numbers, phones, times, units
from visavis.speech_text.rewriting import Spoken, Step, rewritten
from visavis.speech_text.words import words

_FIGURES = (dates, times, addresses, phones, money, units, numbers)
"""What is more particular comes first: a date is also a fraction, and both are numbers."""

_FIGURE = re.compile(r"[\d½⅓⅔¼¾⅕⅛⅜&@]|\w\.\w")

_prepared: set[str] = set()

_EXAMPLES = "On 2026-03-04 at 14:30, Dr. No paid $3.50 for 1/2 kg, 3 km/h."


def normal(spoken: Spoken, language: str) -> Spoken:
    """Write out what a voice of `language` (BCP 47) should not have to guess."""
    forms, figures = _steps(language)
    spoken = rewritten(spoken, forms)
    # Most sentences have no figures; these steps cost ten times as much as finding that out.
    return rewritten(spoken, figures) if _FIGURE.search(spoken.text) else spoken


def prepare(language: str) -> None:
    """Load what `language` needs: 30 to 150 ms, too long for a loop that carries media; call it in a thread."""
    normal(Spoken(_EXAMPLES, tuple(range(len(_EXAMPLES)))), language)
    _prepared.add(language)


def prepared(language: str) -> bool:
    """Whether `prepare` was called for `language`."""
    return language in _prepared


@cache
def _steps(language: str) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    found = words(language)
    if found is None:
        return (), ()
    figures = tuple(step for kind in _FIGURES for step in kind.steps(found))
    return tuple(abbreviations.steps(found)), figures

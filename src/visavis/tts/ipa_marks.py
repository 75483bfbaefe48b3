"""What a neural voice says about its sound, symbol by symbol, as marks."""

import unicodedata
from collections.abc import Iterable

from visavis.tts import Mark

_STRESS = frozenset("ˈˌ")
_LENGTH = frozenset("ːˑ")
_PAUSES = frozenset(".,;:!?…—–。，；：！？、^$")
"""Punctuation, and how Piper's models name the beginning and the end of a sentence."""


def ipa_marks(symbols: Iterable[tuple[str, int]]) -> list[Mark]:
    """Phonemes of `symbols`: IPA, usually one character each, with the sample each of them starts at.

    Neural voices give a stretch of time to stress, length and punctuation as well. Stress belongs to the sound
    after it, length and diacritics to the one before; punctuation is a pause. What is none of these (spaces,
    tones) changes no mouth.
    """
    marks: list[Mark] = []
    begun: int | None = None
    """Where the stress before the next sound has begun."""
    for symbol, start in symbols:
        if symbol in _STRESS:
            begun = start if begun is None else begun
        elif symbol in _PAUSES:
            if not marks or marks[-1].value:
                marks.append(Mark("phoneme", start, ""))
            begun = None
        elif value := _sound(symbol):
            if _modifies(value):
                if marks and marks[-1].value:
                    marks[-1] = Mark("phoneme", marks[-1].start, marks[-1].value + value)
            else:
                marks.append(Mark("phoneme", start if begun is None else begun, value))
                begun = None
    return marks


def _sound(symbol: str) -> str:
    """The letters and diacritics of a symbol."""
    return "".join(c for c in symbol if unicodedata.category(c)[0] in "LM" and c not in _STRESS | _LENGTH)


def _modifies(value: str) -> bool:
    return all(unicodedata.category(c) in ("Lm", "Mn") for c in value)

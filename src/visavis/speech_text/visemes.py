"""What the mouth does for each phoneme: IPA → visemes.

The set of visemes is the one of MPEG-4 (ISO/IEC 14496-2, FAP 1), without its two extra vowels.
"""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

from visavis.media.timeline import from_seconds

VISEMES = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U")

GLIDE = from_seconds(0.085)
"""When a diphthong moves on to its second vowel, after its start. Media time."""

_GROUPS = {
    "PP": "p b m ɓ ʘ",
    "FF": "f v ɱ ɸ β ʋ ⱱ",
    "TH": "θ ð",
    "DD": "t d ʈ ɖ ɗ",
    "kk": "k g ɡ ŋ x ɣ h ɦ q ɢ χ ʁ ħ ʕ ʔ c ɟ ç ʝ ɥ̊ ɴ ʀ",
    "CH": "tʃ dʒ ʃ ʒ tʂ dʐ ʂ ʐ ʧ ʤ",
    "SS": "s z ts dz tɕ dʑ ɕ ʑ ʦ ʣ ʨ ʥ",
    "nn": "n l ɳ ɲ ɭ ʎ ɫ ɬ ɮ ʟ",
    "RR": "ɹ r ɻ ɾ ɽ ɝ ɚ ɜ",
    "aa": "a ɑ ɐ ʌ æ ɒ ɶ",
    "E": "e ɛ ə ɘ",
    "I": "i ɪ j ɨ",
    "O": "o ɔ ɤ ɞ ɵ",
    "U": "u ʊ w ʉ ɯ ɥ ʍ ɰ y ʏ ø œ",
}

_VISEME = {phoneme: name for name, group in _GROUPS.items() for phoneme in group.split()}


class Sound(NamedTuple):
    """A phoneme, or one half of a diphthong."""

    letters: str
    """IPA without stress, length, tone and diacritics; empty for a pause."""
    viseme: str
    """One of `VISEMES`."""


@lru_cache(maxsize=1024)
def sounds(phoneme: str) -> tuple[Sound, ...]:
    """The sounds of an IPA phoneme in order: one, or two for a diphthong; `sil` for a pause.

    A letter nobody knows counts as a neutral consonant, so that the mouth still moves.
    """
    rest = "".join(
        c for c in unicodedata.normalize("NFD", phoneme) if unicodedata.category(c) in ("Ll", "Lo", "Lu")
    )
    if not rest:
        return (Sound("", "sil"),)
    found: list[Sound] = []
    while rest and len(found) < 2:
        size = 2 if rest[:2] in _VISEME else 1
        letters, rest = rest[:size], rest[size:]
        found.append(Sound(letters, _VISEME.get(letters) or _VISEME.get(letters.lower()) or "kk"))
    return tuple(found)

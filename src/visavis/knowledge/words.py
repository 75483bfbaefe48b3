"""A text → the words it is found by: stems where words are spaced, characters and their pairs where not.

Pairs, because a phrase of a language without spaces is found by them without knowing its words; the characters
themselves because some words are one character long.
"""

import re
import threading
import unicodedata
from functools import cache, lru_cache
from typing import Any

from visavis.knowledge.features import features, numbered
from visavis.speech_text.scripts import HAN, HANGUL, KANA

UNSPACED = f"{HAN}{KANA}{HANGUL}\u0e01-\u0e4e"
"""Scripts cut into pairs, for a regular expression's brackets: Chinese, Japanese, Korean (whose particles cling
to the words) and Thai."""

TOKEN = re.compile(rf"(?P<run>[{UNSPACED}]+)|(?P<word>[^\W_{UNSPACED}]+)(?:['’][^\W\d_{UNSPACED}]+)?")
"""A run of unspaced script, or a word without its `'s`."""

_UNSPACED = re.compile(f"[{UNSPACED}]")

_VARIANTS = (
    (re.compile(r"\bwi-fi\b"), "wifi"),
    (re.compile(r"\be-mail"), "email"),
    (re.compile(r"\bcheck(?:s|ed|ing)?[ -](in|out)\b"), r"check\1"),
    (re.compile(r"(?:星期|礼拜)(?=[一二三四五六日天])"), "周"),
    (re.compile(r"周天"), "周日"),
)

_IRREGULAR = {
    "began": "begin",
    "bought": "buy",
    "broke": "break",
    "broken": "break",
    "brought": "bring",
    "children": "child",
    "feet": "foot",
    "gave": "give",
    "given": "give",
    "gone": "go",
    "got": "get",
    "held": "hold",
    "kept": "keep",
    "knives": "knife",
    "lent": "lend",
    "lost": "lose",
    "made": "make",
    "men": "man",
    "mice": "mouse",
    "paid": "pay",
    "sent": "send",
    "shelves": "shelf",
    "sold": "sell",
    "spent": "spend",
    "taken": "take",
    "taught": "teach",
    "teeth": "tooth",
    "told": "tell",
    "took": "take",
    "went": "go",
    "women": "woman",
    "written": "write",
    "wrote": "write",
}
"""Forms that no suffix rule brings together."""

_VOWEL = re.compile("[aeiouy]")
_stemming = threading.Lock()


def normal(text: str) -> str:
    """`text` with what doesn't matter for finding made equal: width, case, spelling with or without a hyphen."""
    text = unicodedata.normalize("NFKC", text).casefold()
    for pattern, spelling in _VARIANTS:
        text = pattern.sub(spelling, text)
    return text


def tokens(text: str) -> list[tuple[str, bool]]:
    """The words and runs of `normal(text)` in their order, and whether each is a run of unspaced script."""
    return [
        (match["run"], True) if match["run"] else (_plain(match["word"]), False) for match in TOKEN.finditer(text)
    ]


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """What the forms of a normal word have in common, by the rules of English; other languages keep their own
    forms mostly as they are.
    """
    word = _IRREGULAR.get(word, word)
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    # The stemmer keeps the word it works at in itself.
    with _stemming:
        found: str = _stemmer().stemWord(word)
    # The rules see no plural in an abbreviation without vowels: DVDs.
    return found[:-1] if found[-1] == "s" and not _VOWEL.search(found) else found


def words(text: str) -> list[str]:
    """The words `text` is found by, in their order, each as often as it occurs."""
    found: list[str] = []
    for token, run in tokens(normal(text)):
        if run:
            found += token
            found += pairs(token)
        else:
            found.append(stem(token))
    return found


def same_script(left: str, right: str) -> bool:
    """Whether both texts are written with spaces between words, or both without."""
    return bool(_UNSPACED.search(left)) is bool(_UNSPACED.search(right))


def pairs(run: str) -> list[str]:
    """Each two neighbouring characters."""
    return [run[at : at + 2] for at in range(len(run) - 1)]


@lru_cache(maxsize=4096)
def word_set(text: str) -> frozenset[str]:
    """The words of `text`, its features (`#money`, `#time`, …), and what it counts (`#number:ticket`)."""
    return frozenset(words(text)) | features(text) | frozenset(counts(text))


def counts(text: str) -> set[str]:
    """What `text` tells the number of; `#number:` and a word."""
    return {f"#number:{stem(word.lstrip('-').lower())}" for after in numbered(text) for word in after}


def spelt(text: str) -> set[str]:
    """The normal words of spaced scripts in `text`, as they are spelt there; plurals also without their s."""
    found = {token for token, run in tokens(normal(text)) if not run}
    return found | {word[:-1] for word in found if word.endswith("s")}


def _plain(word: str) -> str:
    """Without accents: many who write the word don't bother."""
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFD", word)
    if not parts[0].isascii():
        return word
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


@cache
def _stemmer() -> Any:
    import snowballstemmer  # type: ignore[import-untyped]  # it has no type hints

    return snowballstemmer.stemmer("english")

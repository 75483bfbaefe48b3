"""Misspelt words: which known words are one slip away.

Source: the symmetric delete algorithm (SymSpell): two words are one slip apart exactly if they, each with at most
one letter left out, have a spelling in common. Only those candidates are compared.
"""

from collections.abc import Callable, Iterable
from functools import cache

from visavis.knowledge.lexicon import familiar_words

SHORTEST = 4
"""Letters of the shortest word that is taken for misspelt: shorter ones are all too alike."""

VOWELS = frozenset("aeiouy")

TWO_SLIPS = 8
"""Letters of a word from which two slips are forgiven, if leaving out a letter on each side makes them equal."""


def spellings(word: str) -> set[str]:
    """`word`, and it with each of its letters left out."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def checked(word: str) -> bool:
    """Whether `word` is of a kind that can be misspelt: long enough, letters only, in a spaced script."""
    return len(word) >= SHORTEST and word.isascii() and word.isalpha()


def nearest(word: str, candidates: Iterable[str], frequency: Callable[[str], int]) -> str | None:
    """The candidate that `word` most likely stands for: fewest slips, the most frequent.

    It has to begin alike: hardly anybody errs in the first letter, and other words do.
    """
    allowed = 2 if len(word) >= TWO_SLIPS else 1
    best: tuple[int, int, str] | None = None
    for candidate in set(candidates) - {word}:
        slips = distance(word, candidate)
        begins = word[0] == candidate[0] or word[1::-1] == candidate[:2]
        if slips > allowed or not begins or (len(word) == SHORTEST and _doubtful(word, candidate)):
            continue
        rank = (slips, -frequency(candidate), candidate)
        best = rank if best is None else min(best, rank)
    return best[-1] if best else None


def distance(left: str, right: str) -> int:
    """Slips between two words: letters left out, put in, replaced, or two neighbours swapped."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            slips = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                slips = min(slips, last[j - 2] + 1)
            row.append(slips)
    return row[-1]


def familiar(word: str) -> str | None:
    """The familiar English word that `word` is a slip away from, if it is none itself."""
    if not checked(word) or word in familiar_words():
        return None
    table = _familiar_spellings()
    candidates = {found for spelling in spellings(word) for found in table.get(spelling, ())}
    return nearest(word, candidates, lambda _: 0)


def _doubtful(word: str, candidate: str) -> bool:
    """Whether another letter stands in one place: of four letters, that is as likely another word; but not if both
    letters are vowels, which people do mistake for each other.
    """
    if len(word) != len(candidate) or sorted(word) == sorted(candidate):
        return False
    return any(a != b and not {a, b} <= VOWELS for a, b in zip(word, candidate, strict=True))


@cache
def _familiar_spellings() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for word in familiar_words():
        for spelling in spellings(word):
            table.setdefault(spelling, []).append(word)
    return table

"""Words that mean little, and words that mean the same, in English and Chinese. Only for questions and answers in
general: nothing in here belongs to one subject.
"""

from functools import cache

from visavis.knowledge.lexicon import chinese, english
from visavis.knowledge.words import stem


@cache
def empty_words() -> frozenset[str]:
    """English words that say nothing about the subject of a question (normal, not stemmed)."""
    return frozenset(english.EMPTY.split())


@cache
def light_words() -> frozenset[str]:
    """Words that say little: stems of English ones, and Chinese ones."""
    return frozenset(map(stem, english.LIGHT.split())) | frozenset(chinese.LIGHT.split())


@cache
def common_words() -> frozenset[str]:
    """Stems of English words that are so common that a document may well put them otherwise."""
    return frozenset(map(stem, english.COMMON.split()))


@cache
def synonyms() -> dict[str, frozenset[str]]:
    """A word (stem or Chinese word) → all the words that it may be replaced by, itself among them."""
    groups: dict[str, frozenset[str]] = {}
    lines = [list(map(stem, line.split())) for line in english.SYNONYMS.strip().splitlines()]
    lines += [line.split() for line in chinese.SYNONYMS.strip().splitlines()]
    for line in lines:
        for word in line:
            groups[word] = groups.get(word, frozenset()) | frozenset(line)
    return groups


@cache
def familiar_words() -> frozenset[str]:
    """English words that a misspelt word may stand for, whatever the documents are about; not stemmed."""
    text = f"{english.EMPTY} {english.LIGHT} {english.COMMON} {english.SYNONYMS}"
    return frozenset(word for word in text.split() if len(word) >= 4)

"""A question → what to look for, in the words that the documents use."""

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Protocol

from visavis.knowledge import Lookup, Wanted
from visavis.knowledge.features import counted
from visavis.knowledge.features import wanted as wanted_features
from visavis.knowledge.lexicon import chinese, common_words, empty_words, familiar_words, light_words, synonyms
from visavis.knowledge.spelling import checked, familiar, nearest
from visavis.knowledge.words import normal, pairs, stem, tokens

UNKNOWN = 1.0
"""Passages that a word counts as being in, if it is in none."""

FEW = 50
"""Passages that a knowledge base counts as having at least: in a small one every word would seem frequent."""

SYNONYM = 0.8
MISSPELT = 0.85
"""How well a synonym and a corrected word name what was asked for."""

LIGHT = 0.25
"""What a word that says little weighs, compared with one that says something."""

COMMON = 0.7
COMMON_UNKNOWN = 0.5
"""The same for a common word; and if the documents don't have it, for they may have put it otherwise."""

APART = 0.4
"""How well the two characters of a Chinese word name it, if they are only found apart."""

FEATURE = 2.0
"""The weight of what kind of thing is asked for: as much as a word that is in one passage of seven."""

DEFINITION = 0.2
"""The same for a definition: hardly anything, it only decides between sentences that are else alike."""

EARLIER = 3
"""Earlier questions that are looked back at, at most."""

LONGEST = 400
"""Characters of a question that are looked at."""

MOST = 24
"""Things that one question can ask about."""

_LEANS = re.compile(
    r"^(?:and|or|but|so|also|then|what about|how about|what if|what else|anything else|why|why not|really)\b"
    r"|\b(?:it|its|they|them|their|theirs|that|those|these|this|he|him|his|she|her|there|one|ones|same|more|else)\b"
    r"|^(?:那|那么|还有|另外|可是|但是|如果是|为什么|要是|换成)|[它他她]们?|这[个些种里儿]|那[个些种里儿边]"
    r"|呢[？?。]?$|^更多|再说|详细|其他"
)
"""A question that leans on what was said before."""

_QUESTION_WORD = re.compile(
    r"\b(?:what|when|where|who|which|how|is|are|do|does|did|can|could|will|would|may|must|should)\b"
)


class Vocabulary(Protocol):
    """The words of all documents."""

    passages: int
    """How many passages there are."""

    def frequency(self, word: str) -> int:
        """How many passages have `word`."""

    def similar(self, word: str) -> Sequence[str]:
        """Words that may be what the misspelt `word` should be."""


def understand(question: str, earlier: Sequence[str], vocabulary: Vocabulary) -> Lookup:
    """What `question` asks about; `earlier` are the user's questions before it, the oldest first."""
    reader = _Reader(vocabulary)
    asked = reader.read(question)
    context: list[Wanted] = []
    if leans(question, asked):
        for past in reversed(earlier[-EARLIER:]):
            found = reader.read(past)
            context += found
            if found and not leans(past, found):
                break
    if not any(wanted.weight > FEATURE * LIGHT for wanted in asked if _is_subject(wanted)):
        asked, context = [*asked, *context], []
    return Lookup(tuple(asked[:MOST]), tuple(context[:MOST]))


def leans(question: str, asked: Sequence[Wanted]) -> bool:
    """Whether `question` can only be understood from what was said before it."""
    text = normal(question[:LONGEST]).strip()
    if _LEANS.search(text):
        return True
    subjects = sum(map(_is_subject, asked))
    return subjects == 0 or (subjects == 1 and text.isascii() and _QUESTION_WORD.search(text) is None)


def _is_subject(wanted: Wanted) -> bool:
    """Whether it is more than a kind of thing, such as a time."""
    return any(not form.startswith("#") for form in wanted.forms)


class _Reader:
    """Reads questions with one vocabulary in mind."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._frequencies: dict[str, int] = {}
        self._kinds: frozenset[str] = frozenset()

    def read(self, question: str) -> list[Wanted]:
        """What it asks about, in its order."""
        text = normal(question[:LONGEST])
        self._kinds = wanted_features(text)
        found: dict[frozenset[str], Wanted] = {}
        for token, run in self._joined(tokens(text)):
            for wanted in self._run(token) if run else self._word(token):
                found.setdefault(frozenset(wanted.forms), wanted)
        for feature in sorted(self._kinds):
            forms = {feature: 1.0}
            if feature == "#number":
                forms = self._number(text) or forms
            found[frozenset(forms)] = Wanted(forms, DEFINITION if feature == "#definition" else FEATURE)
        return list(found.values())

    def _number(self, text: str) -> dict[str, float]:
        """What would tell the number of the thing that is counted."""
        things = [stem(thing) for thing in counted(text) if thing not in empty_words()]
        alike = {other for thing in things for other in synonyms().get(thing, ())}
        return {f"#number:{one}": SYNONYM for one in sorted(alike)} | {f"#number:{one}": 1.0 for one in things}

    def _joined(self, found: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
        """Two words as one where the documents write them as one: a hair dryer is a hairdryer."""
        joined: list[tuple[str, bool]] = []
        for token, run in found:
            if joined and not run and not joined[-1][1] and self._frequency(stem(joined[-1][0] + token)):
                token = joined.pop()[0] + token
            joined.append((token, run))
        return joined

    def _word(self, word: str) -> list[Wanted]:
        if word in empty_words() or (len(word) == 1 and not word.isdigit()):
            return []
        found = stem(word)
        if self._frequency(found) or word in familiar_words() or found in synonyms():
            return [] if found in light_words() and not self._frequency(found) else [self._wanted(found)]
        better = familiar(word)
        if better in empty_words() or (better is not None and stem(better) in light_words()):
            return []
        if better is None or stem(better) not in synonyms():
            better = nearest(word, self._vocabulary.similar(word), self._of) if checked(word) else None
        if better is not None:
            return [self._wanted(stem(better), MISSPELT)]
        return self._halves(word) or [self._wanted(found)]

    def _halves(self, word: str) -> list[Wanted]:
        """One word as two, where the documents write it as two."""
        for at in range(3, len(word) - 2):
            halves = stem(word[:at]), stem(word[at:])
            if all(map(self._frequency, halves)):
                return [self._wanted(half, MISSPELT, 0.5) for half in halves]
        return []

    def _wanted(self, word: str, credit: float = 1.0, share: float = 1.0) -> Wanted:
        forms = {word: credit}
        forms |= {other: SYNONYM * credit for other in sorted(synonyms().get(word, ())) if other != word}
        known = {form: value for form, value in forms.items() if form.startswith("#") or self._frequency(form)}
        frequency = self._frequency(word) or max(map(self._frequency, known), default=0)
        weight = share * self._weight(frequency)
        if word in light_words():
            weight *= LIGHT
        elif word in common_words():
            weight *= COMMON if known else COMMON_UNKNOWN
        if any(form in self._kinds for form in forms):
            weight = min(weight, FEATURE / 2)
        return Wanted(known or forms, weight, bool(known))

    def _run(self, run: str) -> list[Wanted]:
        found: list[Wanted] = []
        for piece in _phrases().split(run):
            begin = 0
            for match in _synonym_words().finditer(piece):
                found += self._unspaced(piece[begin : match.start()])
                found.append(self._wanted(match[0]))
                begin = match.end()
            found += self._unspaced(piece[begin:])
        return found

    def _unspaced(self, piece: str) -> list[Wanted]:
        """Cover `piece` with pairs that the documents have: those between two words don't count then."""
        found: list[Wanted] = []
        covered = [character in chinese.CHARACTERS for character in piece]
        empty = list(covered)
        for with_empty in (False, True):
            for at, pair in enumerate(pairs(piece)):
                new = 2 - covered[at] - covered[at + 1]
                if (empty[at] or empty[at + 1]) is not with_empty or (with_empty and not new):
                    continue
                if self._frequency(pair):
                    covered[at] = covered[at + 1] = True
                    found.append(self._wanted(pair, share=max(new, 0.5) / 2))
        rest = "".join(" " if done else character for character, done in zip(piece, covered, strict=True))
        for left in rest.split():
            found += self._unknown(left)
        return found

    def _unknown(self, left: str) -> list[Wanted]:
        """What to make of characters that the documents don't have in this order."""
        if len(left) == 1:
            return [self._wanted(left, share=1.0 if left in synonyms() else 0.5)]
        found: list[Wanted] = []
        for at, pair in enumerate(pairs(left)):
            share = 1.0 if at == 0 else 0.5
            if all(map(self._frequency, pair)):
                found += [self._wanted(character, APART, share / 2) for character in pair]
            else:
                found.append(self._wanted(pair, share=share))
        return found

    def _frequency(self, word: str) -> int:
        if word not in self._frequencies:
            self._frequencies[word] = 0 if word.startswith("#") else self._vocabulary.frequency(word)
        return self._frequencies[word]

    def _of(self, word: str) -> int:
        return self._frequency(stem(word))

    def _weight(self, frequency: int) -> float:
        """Inverse document frequency."""
        return math.log(1 + max(self._vocabulary.passages, FEW) / (max(frequency, UNKNOWN) + 0.5))


@cache
def _phrases() -> re.Pattern[str]:
    return _any_of(chinese.PHRASES.split())


@cache
def _synonym_words() -> re.Pattern[str]:
    """Chinese words of two and more characters that have synonyms, or say little."""
    known = {*synonyms(), *chinese.LIGHT.split()}
    return _any_of([word for word in known if len(word) > 1 and not word.isascii()])


def _any_of(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, words), key=lambda word: (-len(word), word))))

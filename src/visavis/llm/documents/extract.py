"""Passages → the sentences in them that answer the question, or none if they don't.

How sure an answer is does not follow from a search engine's score, which any passage gets that shares a word.
It is how much of what was asked the sentence and its surroundings name, rare words counting for more.
"""

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace

from visavis.knowledge import Lookup, Passage, Wanted
from visavis.knowledge.words import same_script, word_set
from visavis.speech_text.sentences import sentences as split

MAX_SENTENCES = 3

MAX_CHARS = 300
"""Of all sentences together; a single longer one is told all the same."""

TITLE = 0.8
BESIDE = 0.6
PASSAGE = 0.4
"""How well something is named if not the sentence does it, but its headings, a sentence beside it, the passage."""

SURE = 0.5
"""The least that has to be named for an answer."""

SURE_WITHOUT = 0.62
"""The same if what weighs most in the question is named nowhere around."""

ELSEWHERE = 0.7
"""What an answer is worth that is in another document than the one the question names."""

MEANT = 1.0
"""The weight from which a word of a title means that document."""

SAME = 0.2
"""What the document of the answer before is ahead by, for a question that leans on it."""

SCRIPT = 0.1
"""What a passage in the question's script is ahead by."""

OWN = 0.2
"""What it adds that the sentence itself names what is asked for."""

CONTEXT = 0.3
"""What it adds that it goes with the earlier questions."""

BEHIND = 0.03
"""What each place behind the best passage costs."""

ALIKE = 0.9
"""A neighbour that answers nearly as well belongs to the answer: a further row of a table, a further item."""

NEEDED = frozenset({"#money", "#phone", "#mail", "#measure", "#age", "#number", "#name"})
"""Kinds of thing without which nothing is an answer, if they are asked for."""

TELLING = frozenset({"#time"})
"""Kinds of thing that an answer mostly tells."""

_LEANS = re.compile(
    r"(?:it|its|they|their|these|those|this|that|then|however|otherwise|also|instead|he|she|but|afterwards)\b"
    r"|[它其这该此]|否则|但|然后|因此|同时|另外|如果仍",
    re.IGNORECASE,
)
"""A sentence that can't be understood without the one before."""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer in the documents."""

    sentences: tuple[str, ...]
    source: str
    confidence: float
    """0 to 1."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A passage, cut into sentences."""

    passage: Passage
    sentences: Sequence[str]
    words: Sequence[frozenset[str]]
    title: frozenset[str]
    everything: frozenset[str]
    worth: float
    """What an answer from here is worth, 0 to 1."""
    ahead: float
    """What is added to every score."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    place: _Place
    at: int
    confidence: float
    score: float


def extract(
    passages: Sequence[Passage], lookup: Lookup, question: str, told: Callable[[str], bool], before: str = ""
) -> Found | None:
    """The best answer, or None.

    `told` says which sentences not to tell again; `before` is the source of the answer before this one.
    """
    places = [_place(passage, order) for order, passage in enumerate(passages)]
    elsewhere = _elsewhere(places, lookup)
    best: _Candidate | None = None
    for place in places:
        source = place.passage.source
        place = replace(
            place,
            worth=ELSEWHERE if source in elsewhere else 1.0,
            ahead=place.ahead
            + (SAME if lookup.context and source == before else 0.0)
            + (SCRIPT if same_script(question, place.passage.text) else 0.0),
        )
        for at, one in enumerate(place.sentences):
            candidate = None if told(one) else _judge(place, at, place.passage.lookup or lookup)
            if candidate is not None and (best is None or candidate.score > best.score):
                best = candidate
    if best is None or not _sure(best, best.place.passage.lookup or lookup):
        return None
    chosen = _with_neighbours(best, best.place.passage.lookup or lookup, told)
    return Found(tuple(chosen), best.place.passage.source, round(best.confidence, 3))


def _place(passage: Passage, order: int) -> _Place:
    sentences = [one.strip() for one in split(passage.text, 500) if any(map(str.isalnum, one))]
    title = word_set(f"{passage.source} {passage.heading}")
    words = [word_set(one) for one in sentences]
    return _Place(passage, sentences, words, title, word_set(passage.text), 1.0, -order * BEHIND)


def _elsewhere(places: Sequence[_Place], lookup: Lookup) -> Set[str]:
    """The sources that are not meant, because the question names another one by its title."""
    titles: dict[str, frozenset[str]] = {}
    for place in places:
        title = place.passage.heading.split(" › ")[0]
        titles[place.passage.source] = word_set(f"{place.passage.source} {title}")
    telling = [one for one in lookup.asked if not is_kind(one) and one.weight >= MEANT]
    meant = {source for source, title in titles.items() if any(one.named(title) >= 0.8 for one in telling)}
    return titles.keys() - meant if meant else frozenset()


def _judge(place: _Place, at: int, lookup: Lookup) -> _Candidate:
    confidence = place.worth * _share(lookup.asked, lambda one: _credit(one, place, at))
    own = place.worth * _share(lookup.asked, lambda one: one.named(place.words[at]))
    context = place.worth * _share(lookup.context, lambda one: _credit(one, place, at))
    length = max(len(place.sentences[at]) - 200, 0) / 2000
    return _Candidate(place, at, confidence, confidence + OWN * own + CONTEXT * context + place.ahead - length)


def _share(wanted: Sequence[Wanted], credit: Callable[[Wanted], float]) -> float:
    """How much of what is wanted gets credit, by weight."""
    total = sum(one.weight for one in wanted)
    return sum(one.weight * credit(one) for one in wanted) / total if total else 0.0


def _credit(wanted: Wanted, place: _Place, at: int) -> float:
    beside = place.words[max(at - 1, 0) : at + 2]
    return max(
        wanted.named(place.words[at]),
        TITLE * wanted.named(place.title),
        BESIDE * max(map(wanted.named, beside)),
        PASSAGE * wanted.named(place.everything),
    )


def _sure(candidate: _Candidate, lookup: Lookup) -> bool:
    subjects = [one for one in lookup.asked if not is_kind(one)]
    heaviest = max(subjects, key=lambda one: one.weight, default=None)
    everything = candidate.place.everything | candidate.place.title
    missed = heaviest is not None and heaviest.named(everything) == 0
    near = frozenset[str]().union(*candidate.place.words[max(candidate.at - 1, 0) : candidate.at + 2])
    kinds = [one for one in lookup.asked if is_kind(one) and not one.named(near)]
    if any(form.partition(":")[0] in NEEDED for one in kinds for form in one.forms):
        return False
    missed = missed or any(form in TELLING for one in kinds for form in one.forms)
    return candidate.confidence >= (SURE_WITHOUT if missed else SURE)


def is_kind(wanted: Wanted) -> bool:
    """Whether it is a kind of thing that is wanted, such as a time."""
    return all(form.startswith("#") for form in wanted.forms)


def _with_neighbours(best: _Candidate, lookup: Lookup, told: Callable[[str], bool]) -> list[str]:
    """The sentence with those around it that belong to the answer, in the document's order."""
    place, first, last = best.place, best.at, best.at
    count = len(place.sentences)

    def fits(at: int) -> bool:
        chosen = place.sentences[min(first, at) : max(last, at) + 1]
        return 0 <= at < count and len(chosen) <= MAX_SENTENCES and sum(map(len, chosen)) <= MAX_CHARS

    if _LEANS.match(place.sentences[first]) and fits(first - 1):
        first -= 1
    for wanted in lookup.asked:
        if max(wanted.named(words) for words in (*place.words[first : last + 1], place.title)) > 0:
            continue
        if fits(last + 1) and wanted.named(place.words[last + 1]):
            last += 1
        elif fits(first - 1) and wanted.named(place.words[first - 1]):
            first -= 1
    while fits(last + 1) and (
        place.sentences[last].endswith((":", "："))
        or _judge(place, last + 1, lookup).score >= ALIKE * best.score
        or (_LEANS.match(place.sentences[last + 1]) and last == best.at)
    ):
        last += 1
    chosen = place.sentences[first : last + 1]
    return [one for one in chosen if not told(one)] if len(chosen) > 1 else list(chosen)

"""Which of the passages that share words with a question come first."""

from collections.abc import Sequence, Set

from visavis.knowledge import Lookup, Passage, Wanted
from visavis.knowledge.features import features
from visavis.knowledge.fusion import fuse
from visavis.knowledge.index import Hit
from visavis.knowledge.words import counts, same_script

CONTEXT = 0.4
"""What the earlier questions count for, beside 1 for the question."""

TITLE = 0.2
"""What it counts for if the heading itself names what is asked for."""

BM25 = 0.25

SCRIPT = 0.1
"""What it counts for if the passage is in the question's script: a Chinese question wants a Chinese answer."""

WORTHLESS = 0.15
"""A passage that names less than this of the question, by weight, does not fit."""


def rank(hits: Sequence[Hit], lookup: Lookup, question: str, alike: Sequence[Hit] = ()) -> list[Passage]:
    """The passages that fit, best first: by words, and by meaning too if there are some `alike`, nearest first."""
    most = max((hit.rank for hit in hits), default=0.0) or 1.0
    by_words = sorted(
        ((_score(hit, lookup, question, most), hit) for hit in hits), key=lambda one: (-one[0], one[1].id)
    )
    fitting = [(score, hit) for score, hit in by_words if score > 0]
    if not alike:
        return [_passage(hit, score, lookup) for score, hit in fitting]
    known = {hit.id: hit for hit in (*hits, *alike)}
    order = fuse([hit.id for _, hit in fitting], [hit.id for hit in alike])
    return [_passage(known[number], 1 / place, lookup) for place, number in enumerate(order, 1)]


def _score(hit: Hit, lookup: Lookup, question: str, most: float) -> float:
    """0 if it does not fit; `most` is the best BM25."""
    words = hit.title | hit.body
    if any(form.startswith("#") for one in lookup.asked for form in one.forms):
        words |= features(hit.text) | counts(hit.text)
    named = coverage(lookup.asked, words)
    context = coverage(lookup.context, words)
    if max(named, CONTEXT * context) < WORTHLESS:
        return 0.0
    title = coverage(lookup.asked, hit.title)
    script = SCRIPT if same_script(question, hit.text) else 0.0
    return named + CONTEXT * context + TITLE * title + BM25 * hit.rank / most + script


def _passage(hit: Hit, score: float, lookup: Lookup) -> Passage:
    return Passage(hit.text, hit.source, round(score, 4), hit.heading, lookup)


def coverage(wanted: Sequence[Wanted], words: Set[str]) -> float:
    """How much of what is wanted `words` name, by weight, 0 to 1."""
    total = sum(one.weight for one in wanted)
    return sum(one.weight * one.named(words) for one in wanted) / total if total else 0.0

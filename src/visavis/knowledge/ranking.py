"""Which of the passages that share words with a question come first."""

from collections.abc import Sequence, Set

from visavis.knowledge import Lookup, Passage, Wanted
from visavis.knowledge.features import features
from visavis.knowledge.index import Hit

CONTEXT = 0.4
"""What the earlier questions count for, beside 1 for the question."""

TITLE = 0.2
"""What it counts for if the heading itself names what is asked for."""

BM25 = 0.25

WORTHLESS = 0.15
"""A passage that names less than this of the question, by weight, does not fit."""


def rank(hits: Sequence[Hit], lookup: Lookup, limit: int) -> list[Passage]:
    """The best `limit` passages, best first."""
    best = max((hit.rank for hit in hits), default=0.0) or 1.0
    found: list[tuple[float, int, Passage]] = []
    for hit in hits:
        words = hit.title | hit.body | features(hit.text)
        named = coverage(lookup.asked, words)
        context = coverage(lookup.context, words)
        if max(named, CONTEXT * context) < WORTHLESS:
            continue
        score = named + CONTEXT * context + TITLE * coverage(lookup.asked, hit.title) + BM25 * hit.rank / best
        found.append((-score, hit.id, Passage(hit.text, hit.source, round(score, 4), hit.heading, lookup)))
    return [passage for _, _, passage in sorted(found, key=lambda entry: entry[:2])[:limit]]


def coverage(wanted: Sequence[Wanted], words: Set[str]) -> float:
    """How much of what is wanted `words` name, by weight, 0 to 1."""
    total = sum(one.weight for one in wanted)
    return sum(one.weight * one.named(words) for one in wanted) / total if total else 0.0

"""A document → passages of a size that can be searched, quoted and put into a prompt."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from visavis.knowledge.sections import Section
from visavis.knowledge.words import UNSPACED
from visavis.speech_text.sentences import sentences

SIZE = 700
"""The usual size of a passage in characters of spaced script; a Chinese character counts as three."""

OVERLAP = 150
"""What a passage repeats of the one before, so that no answer is cut in two."""

LONGEST_SENTENCE = 500

_UNSPACED = re.compile(f"[{UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be: some sentences of one section."""

    heading: str
    text: str


def chunks(sections: Sequence[Section]) -> list[Chunk]:
    """Cut every section; one that is short is one chunk. None is without text."""
    return [Chunk(section.heading, text) for section in sections for text in _cut(section.text)]


def _cut(text: str) -> Iterator[str]:
    kept: list[str] = []
    new = 0
    for sentence in sentences(text, LONGEST_SENTENCE):
        if new and sum(map(size, kept)) + size(sentence) > SIZE:
            yield from _whole(kept)
            kept, new = _tail(kept), 0
        kept.append(sentence)
        new += 1
    if new:
        yield from _whole(kept)


def _whole(kept: Sequence[str]) -> Iterator[str]:
    if text := "".join(kept).strip():
        yield text


def _tail(kept: Sequence[str]) -> list[str]:
    """The last sentences, as many as the overlap has room for."""
    tail: list[str] = []
    for sentence in reversed(kept):
        if sum(map(size, tail)) + size(sentence) > OVERLAP:
            break
        tail.insert(0, sentence)
    return tail


def size(text: str) -> int:
    """Characters, with those that are nearly words counted as three."""
    return len(text) + 2 * len(_UNSPACED.findall(text))

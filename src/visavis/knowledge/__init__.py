"""Knowledge: a question → passages with their sources. The contract."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing that a question asks about."""

    forms: Mapping[str, float]
    """Words that would name it, as `knowledge.words` makes them → how well each does, 0 to 1."""
    weight: float
    """How much it tells: rare words tell more than frequent ones."""
    known: bool = True
    """Whether any document of the knowledge base speaks of it."""

    def named(self, words: Set[str]) -> float:
        """How well `words` name it, 0 to 1."""
        return max((credit for form, credit in self.forms.items() if form in words), default=0.0)


@dataclass(frozen=True, slots=True)
class Lookup:
    """A question as a knowledge base understood it."""

    asked: Sequence[Wanted]
    context: Sequence[Wanted] = ()
    """What the user's earlier questions were about, if this one leans on them."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that may answer the question."""

    text: str
    source: str
    """The document's name, as its owner gave it."""
    score: float
    """Greater is better; only comparable within one answer."""
    heading: str = ""
    """The headings it stands under, the document's title first, joined by ` › `."""
    lookup: Lookup | None = None
    """How the question was understood, the same for all passages of an answer; None if the base doesn't say."""


class KnowledgeBase(Protocol):
    """Documents that can be asked."""

    async def passages(self, question: str, limit: int = 5, earlier: Sequence[str] = ()) -> Sequence[Passage]:
        """The best `limit` passages, best first; empty if nothing fits.

        `earlier` are the user's questions before this one in the conversation, the oldest first: "And on
        Sundays?" is understood from them. Raises `StageFailed("knowledge", …)`.
        """

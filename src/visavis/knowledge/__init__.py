"""Knowledge: a question → passages with their sources. The contract."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that may answer the question."""

    text: str
    source: str
    """The document's name, as its owner gave it."""
    score: float
    """Greater is better; only comparable within one answer."""


class KnowledgeBase(Protocol):
    """Documents that can be asked."""

    async def passages(self, question: str, limit: int = 5) -> Sequence[Passage]:
        """The best `limit` passages, best first; empty if nothing fits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visavis.knowledge.base import SqliteKnowledgeBase
from visavis.knowledge.fusion import fuse, nearest
from visavis.knowledge.library import Library
from visavis.settings import Settings


def test_given_two_rankings_when_fused_then_what_is_high_in_both_comes_first() -> None:
    assert fuse(["a", "b", "c"], ["b", "d", "a"]) == ["b", "a", "d", "c"]
    assert fuse(["a", "b"]) == ["a", "b"]
    assert fuse([], []) == []


def test_given_vectors_when_compared_then_the_nearest_come_first() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    assert nearest(np.array([0, 1], dtype=np.float32), vectors, 2) == [1, 2]


class Meanings:
    """Knows that felines are cats."""

    name = "meanings"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        about = [any(word in text.lower() for word in ("cat", "feline")) for text in texts]
        return np.array([[1, 0] if one else [0, 1] for one in about], dtype=np.float32)


async def test_given_an_embedder_when_asked_in_other_words_then_the_meaning_finds_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    embedder = Meanings()
    with Library(settings, embedder) as library:
        library.add("cats.md", b"Cats sleep all day.")
        library.add("tea.md", b"Tea is hot.")
    with_meaning, without = SqliteKnowledgeBase(settings, (), embedder), SqliteKnowledgeBase(settings)
    assert [passage.source for passage in await with_meaning.passages("felines", limit=1)] == ["cats.md"]
    assert not await without.passages("felines")
    await with_meaning.aclose()
    await without.aclose()

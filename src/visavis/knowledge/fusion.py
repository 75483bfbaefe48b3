"""Finding by meaning beside finding by words: the seam for local embeddings, and how two rankings become one."""

from collections.abc import Hashable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=Hashable)

STEADY = 60
"""How much the first places of a ranking count for more than the next (Cormack et al. 2009: 60)."""


class Embedder(Protocol):
    """Texts → vectors whose angle says how alike they mean. None is built in."""

    name: str
    """Of the model: vectors of different models can't be compared."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length 1 for each text. Blocks; called in a thread."""


def fuse(*rankings: Sequence[T]) -> list[T]:
    """Reciprocal-rank fusion: what stands high in several rankings comes first.

    Source: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
    Learning Methods", SIGIR 2009.
    """
    scores: dict[T, float] = {}
    for ranking in rankings:
        for place, item in enumerate(ranking, 1):
            scores[item] = scores.get(item, 0.0) + 1 / (STEADY + place)
    return sorted(scores, key=lambda item: -scores[item])


def nearest(question: NDArray[np.float32], vectors: NDArray[np.float32], limit: int) -> list[int]:
    """The rows of `vectors` that are nearest in meaning to `question`, nearest first."""
    likeness = vectors @ question
    best = np.argsort(-likeness, kind="stable")[:limit]
    return [int(row) for row in best]

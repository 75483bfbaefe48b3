"""The knowledge base that is built in: the user's documents, or those about Visavis while there are none."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from visavis.errors import StageFailed, Unavailable
from visavis.knowledge import Passage
from visavis.knowledge.about import COLLECTION as ABOUT
from visavis.knowledge.about import about_index
from visavis.knowledge.fusion import Embedder, nearest
from visavis.knowledge.index import Hit, Index
from visavis.knowledge.library import DEFAULT, FILE
from visavis.knowledge.query import understand
from visavis.knowledge.ranking import rank
from visavis.settings import Settings

CANDIDATES = 30
"""Passages that are looked at closely."""

MAX_FORMS = 32
"""Words that are searched for at once; the time a search takes grows with them."""

MAX_WAITING = 64
"""Questions that may wait for the thread; at some 5 ms each, more means that something hangs."""

SECONDS = 2.0
"""The longest a question may take, waiting included."""


class SqliteKnowledgeBase:
    """Asks the index in a thread of its own; any number of processes may do so while one adds documents.

    Documents that are added or removed count from the next question on.
    """

    def __init__(
        self, settings: Settings, collections: Sequence[str] = (), embedder: Embedder | None = None
    ) -> None:
        """`collections` empty: the default one, and while that is empty the documents about Visavis.

        `embedder`: find by meaning as well; it has to be the one that the documents were added with.
        """
        self._embedder = embedder
        self._path = settings.data_dir / FILE
        self._collections = tuple(collections)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="visavis-knowledge")
        self._waiting = 0
        self._added: Index | None = None
        self._about: Index | None = None

    async def passages(self, question: str, limit: int = 5, earlier: Sequence[str] = ()) -> Sequence[Passage]:
        """See `KnowledgeBase`. Raises `StageFailed("knowledge", …)`."""
        if self._waiting >= MAX_WAITING:
            raise StageFailed("knowledge", "too many questions at once; try again later")
        self._waiting += 1
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._thread, self._find, question, limit, tuple(earlier))
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), SECONDS)
        except TimeoutError:
            raise StageFailed("knowledge", "searching the documents takes too long; try again later") from None
        except Unavailable as error:
            raise StageFailed("knowledge", error.message) from error

    async def aclose(self) -> None:
        """Finish what was asked and let go of the file. Using it again is an error."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _done(self, future: "asyncio.Future[Sequence[Passage]]") -> None:
        self._waiting -= 1
        if not future.cancelled():
            future.exception()  # whoever gave up no longer asks for it

    def _find(self, question: str, limit: int, earlier: Sequence[str]) -> Sequence[Passage]:
        found: list[Passage] = []
        for index, collections in self._places():
            index.stop_after(SECONDS)
            with index.reading():
                lookup = understand(question, earlier, index)
                wanted = sorted((*lookup.asked, *lookup.context), key=lambda one: -one.weight)
                forms = [form for one in wanted for form in one.forms if not form.startswith("#")]
                hits = index.search(list(dict.fromkeys(forms))[:MAX_FORMS], collections, CANDIDATES)
                alike = self._alike(index, question, collections) if self._embedder else []
            found += rank(hits, lookup, question, alike)[:limit]
        return sorted(found, key=lambda passage: -passage.score)[:limit]

    def _alike(self, index: Index, question: str, collections: Sequence[str]) -> list[Hit]:
        """The passages that mean something like the question, nearest first."""
        if self._embedder is None or not question.strip():
            return []
        ids, vectors = index.vectors(self._embedder.name, collections)
        if not ids:
            return []
        best = [ids[row] for row in nearest(self._embedder.embed([question])[0], vectors, CANDIDATES)]
        hits = {hit.id: hit for hit in index.hits(best)}
        return [hits[number] for number in best]

    def _places(self) -> list[tuple[Index, Sequence[str]]]:
        """Where to look, and for which collections."""
        named = [name for name in self._collections or (DEFAULT,) if name != ABOUT]
        if self._added is None and self._path.exists():
            self._added = Index(self._path)
        if self._added is not None:
            self._added.stop_after(SECONDS)
        places: list[tuple[Index, Sequence[str]]] = []
        if self._added is not None and named and self._added.has(named):
            places.append((self._added, named))
        if ABOUT in self._collections or not (places or self._collections):
            self._about = self._about or about_index()
            places.append((self._about, (ABOUT,)))
        return places

    def _close(self) -> None:
        for index in (self._added, self._about):
            if index is not None:
                index.close()
        self._added = self._about = None

"""The user's documents: added, listed, removed. Blocks: a server calls it in a thread."""

import re

from visavis.errors import InvalidInput, NotFound
from visavis.knowledge.about import COLLECTION as ABOUT
from visavis.knowledge.chunks import chunks
from visavis.knowledge.documents import read
from visavis.knowledge.fusion import Embedder
from visavis.knowledge.index import DocumentRecord, Index
from visavis.settings import Settings

DEFAULT = "default"
"""The collection of documents that were added to no other."""

FILE = "knowledge.sqlite3"
"""The index's name under the data directory."""

_COLLECTION = re.compile(r"\w[\w .-]{0,63}")


class Library:
    """What is in the index; a context manager that closes it. `Unavailable` if it can't be written."""

    def __init__(self, settings: Settings, embedder: Embedder | None = None) -> None:
        """`embedder`: also keep what the passages mean, for a knowledge base that has the same one."""
        self._embedder = embedder
        self._index = Index(settings.data_dir / FILE, writable=True)

    def __enter__(self) -> "Library":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._index.close()

    def add(self, name: str, data: bytes, collection: str = DEFAULT) -> DocumentRecord:
        """Add the document `name`, in place of the one of that name if the collection has one.

        Raises `InvalidInput`, `TooLarge` or `Unavailable`, as `documents.read` does.
        """
        check_collection(collection)
        document = read(name, data)
        cut = chunks(document.sections)
        document_id = self._index.add(collection, document.name, cut)
        if self._embedder is not None:
            vectors = self._embedder.embed([f"{chunk.heading}\n{chunk.text}" for chunk in cut])
            self._index.set_vectors(document_id, self._embedder.name, vectors)
        return next(record for record in self._index.documents(collection) if record.id == document_id)

    def documents(self, collection: str | None = None) -> list[DocumentRecord]:
        """What has been added, to one collection or at all."""
        return self._index.documents(collection)

    def remove(self, document_id: int) -> None:
        """Remove a document; `NotFound` if there is none of that id."""
        if not self._index.remove(document_id):
            raise NotFound(f"there is no document {document_id}; `visavis knowledge list` shows them")


def check_collection(name: str) -> None:
    """`InvalidInput` unless documents can be added to a collection of that name."""
    if name == ABOUT:
        raise InvalidInput(f"the collection {ABOUT!r} belongs to the program; choose another name")
    if not _COLLECTION.fullmatch(name):
        raise InvalidInput("a collection's name is up to 64 letters, digits, spaces and . - _")

"""The index: documents cut into passages, in one SQLite file with a full-text table.

FTS5 is given the words that `knowledge.words` makes, not the text: it finds no Chinese phrase by itself.
Every process may read while one writes (write-ahead log). A document is added or removed as a whole.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visavis.errors import Unavailable
from visavis.knowledge.chunks import Chunk
from visavis.knowledge.connection import connect, explained, marks, transaction
from visavis.knowledge.spelling import checked, spellings
from visavis.knowledge.words import spelt, stem, words

VERSION = 1
"""Of the tables, and of the words in them. Whoever changes either raises it, and brings older files up to date in
`_prepare`."""

MAX_POSTINGS = 4000
"""Passages that a search looks at, counted once for each word they have: a bound on its time. The rarest
words come first; at least one is looked for."""

MAX_COUNTED = 20_000
"""Words whose frequency is remembered."""

_ROOM = 1 << 32
"""Passages of one collection: their ids are a range, which is the quickest thing to restrict a search to."""

_TABLES = """
CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, name TEXT NOT NULL,
    characters INTEGER NOT NULL, added_at REAL NOT NULL, UNIQUE (collection, name));
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    heading TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX passages_by_document ON passages (document_id);
CREATE TABLE vectors (
    passage_id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE, model TEXT NOT NULL,
    vector BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (title, body, tokenize = "unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);
CREATE TABLE spellings (spelling TEXT, word TEXT, PRIMARY KEY (spelling, word)) WITHOUT ROWID;
"""

_OF_PASSAGE = "JOIN passages p ON p.id = {} JOIN documents d ON d.id = p.document_id"

_SEARCH = (
    "SELECT p.id, d.name, p.heading, p.text, -found.score, w.title, w.body FROM"
    " (SELECT rowid, rank AS score FROM words WHERE words MATCH ? AND rank MATCH 'bm25(2.0, 1.0)'"
    "  AND rowid >= ? AND rowid < ? ORDER BY rank LIMIT ?) found"
    " JOIN words w ON w.rowid = found.rowid"
    " JOIN passages p ON p.id = found.rowid JOIN documents d ON d.id = p.document_id"
)


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document in the index."""

    id: int
    collection: str
    name: str
    passages: int
    characters: int
    added_at: float
    """Unix time."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that shares words with a question."""

    id: int
    source: str
    heading: str
    text: str
    rank: float
    """BM25, greater is better."""
    title: frozenset[str]
    """The words of its source and heading."""
    body: frozenset[str]
    """The words of its text."""


class Index:
    """One connection to the file, for use by one thread at a time. `Unavailable` if the file can't be used."""

    def __init__(self, path: Path | None, *, writable: bool = False) -> None:
        """`path` None keeps the index in memory. Only a writable one makes the file if there is none."""
        self.passages = 0
        self._frequencies: dict[str, int] = {}
        self._state = (-1, 0)
        with explained():
            self._connection = connect(path, writable=writable)
            try:
                if writable or path is None:
                    self._prepare()
            except BaseException:  # whatever it was: nobody else has it
                self._connection.close()
                raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def stop_after(self, seconds: float) -> None:
        """Let what is asked from now on fail with `Unavailable` when `seconds` have gone by."""
        end = time.monotonic() + seconds
        self._connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)

    def add(self, collection: str, name: str, chunks: Sequence[Chunk]) -> int:
        """Add a document, in place of the one of the same name in the collection if there is one; its id."""
        with explained(), transaction(self._connection):
            found = self._connection.execute(
                "SELECT id FROM documents WHERE collection = ? AND name = ?", (collection, name)
            ).fetchone()
            if found:
                self._forget(found[0])
            cursor = self._connection.execute(
                "INSERT INTO documents (collection, name, characters, added_at) VALUES (?, ?, ?, ?)",
                (collection, name, sum(len(chunk.text) for chunk in chunks), time.time()),
            )
            document_id = int(cursor.lastrowid or 0)
            self._connection.execute("INSERT OR IGNORE INTO collections (name) VALUES (?)", (collection,))
            for passage_id, chunk in enumerate(chunks, self._next_passage(collection)):
                self._connection.execute(
                    "INSERT INTO passages (id, document_id, heading, text) VALUES (?, ?, ?, ?)",
                    (passage_id, document_id, chunk.heading, chunk.text),
                )
                self._index(passage_id, name, chunk)
        return document_id

    def set_vectors(self, document_id: int, model: str, vectors: NDArray[np.float32]) -> None:
        """Keep what the passages of a document mean, in their order, as `model` puts it."""
        with explained(), transaction(self._connection):
            ids = self._connection.execute(
                "SELECT id FROM passages WHERE document_id = ? ORDER BY id", (document_id,)
            ).fetchall()
            self._connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [(number, model, row.tobytes()) for (number,), row in zip(ids, vectors, strict=True)],
            )

    def vectors(self, model: str, collections: Sequence[str]) -> tuple[list[int], NDArray[np.float32]]:
        """The passages that `model` has a vector of, and the vectors as rows."""
        rows = self._connection.execute(
            f"SELECT v.passage_id, v.vector FROM vectors v {_OF_PASSAGE.format('v.passage_id')}"  # noqa: S608  # ours
            f" WHERE v.model = ? AND d.collection IN ({marks(collections)}) ORDER BY v.passage_id",
            (model, *collections),
        ).fetchall()
        return [number for number, _ in rows], np.array([np.frombuffer(raw, np.float32) for _, raw in rows])

    def hits(self, ids: Sequence[int]) -> list[Hit]:
        """The passages of these ids, in no order and with no rank."""
        rows = self._connection.execute(
            f"SELECT p.id, d.name, p.heading, p.text, 0.0, w.title, w.body FROM words w"  # noqa: S608  # only marks
            f" {_OF_PASSAGE.format('w.rowid')} WHERE w.rowid IN ({marks(ids)})",
            tuple(ids),
        )
        return [_hit(*row) for row in rows]

    def remove(self, document_id: int) -> bool:
        """Remove a document; False if there is none of that id."""
        with explained(), transaction(self._connection):
            return self._forget(document_id)

    def documents(self, collection: str | None = None) -> list[DocumentRecord]:
        """What has been added, by collection and name."""
        with explained():
            rows = self._connection.execute(
                "SELECT d.id, d.collection, d.name, count(p.id), d.characters, d.added_at FROM documents d"
                " LEFT JOIN passages p ON p.document_id = d.id WHERE ? IS NULL OR d.collection = ?"
                " GROUP BY d.id ORDER BY d.collection, d.name",
                (collection, collection),
            )
            return [DocumentRecord(*row) for row in rows]

    def has(self, collections: Sequence[str]) -> bool:
        """Whether any document is in one of the collections."""
        with explained():
            if not self._version():
                return False  # somebody is just making the file
            query = f"SELECT 1 FROM documents WHERE collection IN ({marks(collections)}) LIMIT 1"  # noqa: S608  # only marks
            return self._connection.execute(query, tuple(collections)).fetchone() is not None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let everything asked within see the same state, whatever another process writes meanwhile."""
        with explained():
            self._connection.execute("BEGIN")
            try:
                self._notice()
                yield
            finally:
                self._connection.rollback()

    def frequency(self, word: str) -> int:
        """See `query.Vocabulary`."""
        if word not in self._frequencies:
            row = self._connection.execute("SELECT doc FROM vocabulary WHERE term = ?", (word,)).fetchone()
            self._frequencies[word] = int(row[0]) if row else 0
        return self._frequencies[word]

    def similar(self, word: str) -> list[str]:
        """See `query.Vocabulary`."""
        pieces = tuple(spellings(word))
        query = f"SELECT DISTINCT word FROM spellings WHERE spelling IN ({marks(pieces)})"  # noqa: S608  # only marks
        return [word for (word,) in self._connection.execute(query, pieces) if self.frequency(stem(word))]

    def search(self, forms: Sequence[str], collections: Sequence[str], limit: int) -> list[Hit]:
        """The passages that have any of `forms`, by BM25; a word of a heading counts twice."""
        match = " OR ".join(map(_quoted, self._affordable(forms)))
        if not match:
            return []
        rows = [
            row
            for collection in collections
            for row in self._connection.execute(
                _SEARCH,
                (match, *self._range(collection), limit),
            )
        ]
        return sorted((_hit(*row) for row in rows), key=lambda hit: (-hit.rank, hit.id))[:limit]

    def _affordable(self, forms: Sequence[str]) -> list[str]:
        found: list[str] = []
        postings = 0
        for form in sorted(set(forms), key=lambda form: (self.frequency(form), form)):
            postings += self.frequency(form)
            if postings > MAX_POSTINGS and found:
                break
            if self.frequency(form):
                found.append(form)
        return found

    def _notice(self) -> None:
        """Forget what was counted, if anybody has written since."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        state = (version, self._connection.total_changes)
        if state != self._state or len(self._frequencies) > MAX_COUNTED:
            (self.passages,) = self._connection.execute("SELECT count(*) FROM passages").fetchone()
            self._frequencies, self._state = {}, state

    def _next_passage(self, collection: str) -> int:
        first, end = self._range(collection)
        (last,) = self._connection.execute(
            "SELECT max(id) FROM passages WHERE id >= ? AND id < ?", (first, end)
        ).fetchone()
        return int(last or first) + 1

    def _range(self, collection: str) -> tuple[int, int]:
        """The ids of a collection's passages; an empty range if there is none of that name."""
        row = self._connection.execute("SELECT id FROM collections WHERE name = ?", (collection,)).fetchone()
        return (row[0] * _ROOM, (row[0] + 1) * _ROOM) if row else (0, 0)

    def _index(self, passage_id: int, name: str, chunk: Chunk) -> None:
        title, body = words(f"{name} {chunk.heading}"), words(chunk.text)
        self._connection.execute(
            "INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)",
            (passage_id, " ".join(title), " ".join(body)),
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO spellings VALUES (?, ?)",
            [
                (spelling, word)
                for word in spelt(f"{name} {chunk.heading} {chunk.text}")
                if checked(word)
                for spelling in spellings(word)
            ],
        )

    def _forget(self, document_id: int) -> bool:
        self._connection.execute(
            "DELETE FROM words WHERE rowid IN (SELECT id FROM passages WHERE document_id = ?)", (document_id,)
        )
        return self._connection.execute("DELETE FROM documents WHERE id = ?", (document_id,)).rowcount > 0

    def _prepare(self) -> None:
        if self._version() == VERSION:
            return
        with transaction(self._connection):
            if self._version() == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    self._connection.execute(statement)
            elif self._version() > VERSION:
                raise Unavailable("the document index was written by a newer Visavis; update this one")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])


def _hit(number: int, source: str, heading: str, text: str, rank: float, title: str, body: str) -> Hit:
    return Hit(number, source, heading, text, rank, frozenset(title.split()), frozenset(body.split()))


def _quoted(form: str) -> str:
    return '"' + form.replace('"', '""') + '"'

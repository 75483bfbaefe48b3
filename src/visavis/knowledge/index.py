"""The index: documents cut into passages, in one SQLite file with a full-text table.

FTS5 is given the words that `knowledge.words` makes, not the text: it finds no Chinese phrase by itself.
Every process may read while one writes (write-ahead log). A document is added or removed as a whole.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from visavis.errors import Unavailable
from visavis.knowledge.chunks import Chunk
from visavis.knowledge.spelling import checked, spellings
from visavis.knowledge.words import words

VERSION = 1
"""Of the tables, and of the words in them: an older file is brought up to date by whoever writes to it next."""

BUSY_SECONDS = 5.0
"""How long a writer waits for another."""

_TABLES = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, name TEXT NOT NULL, characters INTEGER NOT NULL,
    added_at REAL NOT NULL, UNIQUE (collection, name));
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    heading TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX passages_by_document ON passages (document_id);
CREATE VIRTUAL TABLE words USING fts5 (collection, title, body, tokenize = "unicode61 remove_diacritics 0");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, row);
CREATE TABLE spellings (spelling TEXT, word TEXT, PRIMARY KEY (spelling, word)) WITHOUT ROWID;
"""

_REASONS = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; try again",
    sqlite3.SQLITE_INTERRUPT: "it takes too long",
}


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
        with _explained():
            self._connection = _connect(path, writable=writable)
            if writable or path is None:
                self._prepare()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def stop_after(self, seconds: float) -> None:
        """Let what is asked from now on fail with `Unavailable` when `seconds` have gone by."""
        end = time.monotonic() + seconds
        self._connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)

    def add(self, collection: str, name: str, chunks: Sequence[Chunk]) -> int:
        """Add a document, in place of the one of the same name in the collection if there is one; its id."""
        with _explained(), self._transaction():
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
            for chunk in chunks:
                row = self._connection.execute(
                    "INSERT INTO passages (document_id, heading, text) VALUES (?, ?, ?)",
                    (document_id, chunk.heading, chunk.text),
                )
                self._index(int(row.lastrowid or 0), document_id, name, chunk)
        return document_id

    def remove(self, document_id: int) -> bool:
        """Remove a document; False if there is none of that id."""
        with _explained(), self._transaction():
            return self._forget(document_id)

    def documents(self, collection: str | None = None) -> list[DocumentRecord]:
        """What has been added, by collection and name."""
        with _explained():
            rows = self._connection.execute(
                "SELECT d.id, d.collection, d.name, count(p.id), d.characters, d.added_at FROM documents d"
                " LEFT JOIN passages p ON p.document_id = d.id WHERE ? IS NULL OR d.collection = ?"
                " GROUP BY d.id ORDER BY d.collection, d.name",
                (collection, collection),
            )
            return [DocumentRecord(*row) for row in rows]

    def has(self, collections: Sequence[str]) -> bool:
        """Whether any document is in one of the collections."""
        with _explained():
            places = ",".join("?" * len(collections))
            query = f"SELECT 1 FROM documents WHERE collection IN ({places}) LIMIT 1"  # noqa: S608  # only marks
            return self._connection.execute(query, tuple(collections)).fetchone() is not None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let everything asked within see the same state, whatever another process writes meanwhile."""
        with _explained():
            self._connection.execute("BEGIN")
            try:
                (self.passages,) = self._connection.execute("SELECT count(*) FROM passages").fetchone()
                yield
            finally:
                self._connection.rollback()

    def frequency(self, word: str) -> int:
        """See `query.Vocabulary`."""
        row = self._connection.execute("SELECT doc FROM vocabulary WHERE term = ?", (word,)).fetchone()
        return int(row[0]) if row else 0

    def similar(self, word: str) -> list[str]:
        """See `query.Vocabulary`."""
        pieces = tuple(spellings(word))
        places = ",".join("?" * len(pieces))
        query = f"SELECT DISTINCT word FROM spellings WHERE spelling IN ({places})"  # noqa: S608  # only marks
        return [word for (word,) in self._connection.execute(query, pieces) if self.frequency(word)]

    def search(self, forms: Sequence[str], collections: Sequence[str], limit: int) -> list[Hit]:
        """The passages that have any of `forms`, by BM25; a word of a heading counts twice."""
        if not forms or not collections:
            return []
        where = " OR ".join(_collection_word(name) for name in collections)
        match = f"collection : ({where}) AND {{title body}} : ({' OR '.join(map(_quoted, forms))})"
        rows = self._connection.execute(
            "SELECT p.id, d.name, p.heading, p.text, -w.score, w.title, w.body FROM"
            " (SELECT rowid, title, body, bm25(words, 0.0, 2.0, 1.0) AS score FROM words WHERE words MATCH ?"
            "  ORDER BY score, rowid LIMIT ?) w"
            " JOIN passages p ON p.id = w.rowid JOIN documents d ON d.id = p.document_id ORDER BY w.score, p.id",
            (match, limit),
        )
        return [Hit(*row, frozenset(title.split()), frozenset(body.split())) for *row, title, body in rows]

    def _index(self, passage_id: int, document_id: int, name: str, chunk: Chunk) -> None:
        (collection,) = self._connection.execute(
            "SELECT collection FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        title, body = words(f"{name} {chunk.heading}"), words(chunk.text)
        self._connection.execute(
            "INSERT INTO words (rowid, collection, title, body) VALUES (?, ?, ?, ?)",
            (passage_id, _collection_word(collection), " ".join(title), " ".join(body)),
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO spellings VALUES (?, ?)",
            [(spelling, word) for word in {*title, *body} if checked(word) for spelling in spellings(word)],
        )

    def _forget(self, document_id: int) -> bool:
        self._connection.execute(
            "DELETE FROM words WHERE rowid IN (SELECT id FROM passages WHERE document_id = ?)", (document_id,)
        )
        return self._connection.execute("DELETE FROM documents WHERE id = ?", (document_id,)).rowcount > 0

    def _prepare(self) -> None:
        if self._version() == VERSION:
            return
        with self._transaction():
            if self._version() == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    self._connection.execute(statement)
            elif self._version() > VERSION:
                raise Unavailable("the document index was written by a newer Visavis; update this one")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise


def _connect(path: Path | None, *, writable: bool) -> sqlite3.Connection:
    if path is None:
        place = ":memory:"
    elif writable:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = f"{path.absolute().as_uri()}?mode=rwc"
    else:
        # Not mode=ro: a reader of a write-ahead log has to be able to make its index.
        place = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(
        place, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    pragmas = ["foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"] if writable or path is None else ["query_only=ON"]
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        reason = _REASONS.get(
            error.sqlite_errorcode & 0xFF, "check VISAVIS_DATA_DIR, its rights and the disk's space"
        )
        raise Unavailable(f"the document index can't be used now: {reason}") from error
    except sqlite3.DatabaseError as error:
        raise Unavailable("the document index is damaged; delete knowledge.sqlite3 and add the documents again") from error
    except OSError as error:
        raise Unavailable(f"VISAVIS_DATA_DIR can't be written: {error.strerror}") from error


def _collection_word(name: str) -> str:
    """A collection's name as one word of the full-text table, whatever characters it has."""
    return "c" + name.encode().hex()


def _quoted(form: str) -> str:
    return '"' + form.replace('"', '""') + '"'

"""The kiosk's shelf: the collection of documents that is filled and cleared through the kiosk's own API.

What `visavis knowledge` adds lies elsewhere and is never touched: a kiosk clears the shelf before it fills it.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from visavis.api.kiosk.services.tokens import count
from visavis.errors import InvalidInput, TooLarge, Unavailable
from visavis.knowledge.chunks import Chunk, chunks
from visavis.knowledge.documents import MAX_NAME, read
from visavis.knowledge.index import Index
from visavis.knowledge.library import FILE
from visavis.knowledge.markup import read_markdown
from visavis.knowledge.plain_text import read_text
from visavis.knowledge.sections import Section, one_line
from visavis.settings import Settings

COLLECTION = "kiosk"

MARKDOWN = frozenset({".md", ".markdown"})

UTF8 = frozenset({".txt", *MARKDOWN})
"""Kinds whose files have to be UTF-8 (contract kiosk 2.3)."""

KINDS = frozenset({*UTF8, ".html", ".htm", ".pdf", ".docx"})


class UnknownKind(InvalidInput):
    """A document of a kind that can't be read here."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What is on the shelf."""

    documents: int
    passages: int


class Shelf:
    """One per application, in the process that writes. All work is done in threads, writing one at a time."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.data_dir / FILE
        self._notes = settings.data_dir / "kiosk-context.json"
        self._max_tokens = settings.kiosk_max_ingest_tokens
        self._writing = asyncio.Lock()

    async def add_text(self, source: str, text: str, metadata: Mapping[str, Any]) -> int:
        """Add a text in place of the one of that source; how many passages it makes.

        Raises `InvalidInput` (there is nothing in it), `TooLarge`, `Unavailable`.
        """
        cut = await asyncio.to_thread(self._cut_text, source, text)
        return await self._put(source, cut, metadata)

    async def add_file(self, name: str, data: bytes) -> tuple[str, int]:
        """Add a file in place of the one of that name; gives its name without directories, and its passages.

        Raises `UnknownKind`, `InvalidInput` (damaged, empty, not UTF-8), `TooLarge`, `Unavailable`.
        """
        source, cut = await asyncio.to_thread(self._cut_file, name, data)
        return source, await self._put(source, cut, {})

    async def clear(self) -> None:
        """Take everything off the shelf."""
        async with self._writing:
            await asyncio.to_thread(self._clear)

    async def stock(self) -> Stock:
        """What is on it. Raises `Unavailable`."""
        return await asyncio.to_thread(self._stock)

    async def collections(self) -> tuple[str, ...]:
        """What a kiosk's questions are answered from: the shelf, or the usual documents while it is empty."""
        return (COLLECTION,) if await asyncio.to_thread(self._filled) else ()

    async def metadata(self) -> Mapping[str, Any]:
        """What was told with each source as it was added."""
        return await asyncio.to_thread(self._read_notes)

    async def _put(self, source: str, cut: list[Chunk], metadata: Mapping[str, Any]) -> int:
        async with self._writing:
            await asyncio.to_thread(self._write, source, cut, metadata)
        return len(cut)

    def _cut_text(self, source: str, text: str) -> list[Chunk]:
        reader = read_markdown if PurePosixPath(source).suffix.lower() in MARKDOWN else read_text
        # A short line alone is taken for a heading; here it is all there is to say.
        sections = reader(text) or [Section("", one_line(text))]
        return self._cut([section for section in sections if section.text])

    def _cut_file(self, name: str, data: bytes) -> tuple[str, list[Chunk]]:
        kind = PurePosixPath(name).suffix.lower()
        if kind not in KINDS:
            raise UnknownKind(f"files of this kind can't be read; known are {', '.join(sorted(KINDS))}")
        if kind in UTF8:
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError:
                raise InvalidInput("the file must be UTF-8 encoded") from None
            if "\0" in text:
                raise InvalidInput("this is no text file, whatever its name says")
            source = "".join(filter(str.isprintable, PureWindowsPath(name).name))[-MAX_NAME:]
            return source, self._cut_text(source, text)
        try:
            document = read(name, data)
        except Unavailable as error:
            raise UnknownKind(error.message) from error
        return document.name, self._cut(document.sections)

    def _cut(self, sections: Sequence[Section]) -> list[Chunk]:
        tokens = sum(count(section.heading) + count(section.text) for section in sections)
        if tokens > self._max_tokens:
            raise TooLarge(
                f"content too large: {tokens} tokens (limit is {self._max_tokens}); shorten it, or raise"
                " VISAVIS_KIOSK_MAX_INGEST_TOKENS"
            )
        if not (cut := chunks(sections)):
            raise InvalidInput("there is no text in it")
        return cut

    def _write(self, source: str, cut: list[Chunk], metadata: Mapping[str, Any]) -> None:
        index = Index(self._path, writable=True)
        try:
            index.add(COLLECTION, source, cut)
        finally:
            index.close()
        notes = {name: note for name, note in self._read_notes().items() if name != source}
        self._write_notes({**notes, source: metadata} if metadata else notes)

    def _clear(self) -> None:
        if self._path.exists():
            index = Index(self._path, writable=True)
            try:
                for document in index.documents(COLLECTION):
                    index.remove(document.id)
            finally:
                index.close()
        self._write_notes({})

    def _stock(self) -> Stock:
        if not self._filled():
            return Stock(0, 0)
        index = Index(self._path)
        try:
            records = index.documents(COLLECTION)
        finally:
            index.close()
        return Stock(len(records), sum(record.passages for record in records))

    def _filled(self) -> bool:
        if not self._path.exists():
            return False
        index = Index(self._path)
        try:
            return index.has([COLLECTION])
        finally:
            index.close()

    def _read_notes(self) -> dict[str, Any]:
        try:
            notes = json.loads(self._notes.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return notes if isinstance(notes, dict) else {}

    def _write_notes(self, notes: Mapping[str, Any]) -> None:
        if notes or self._notes.exists():
            unfinished = self._notes.with_suffix(".part")
            unfinished.write_text(json.dumps(notes), "utf-8")
            unfinished.replace(self._notes)

"""Reads documents: .txt, .md, .html, .pdf and .docx → plain text under its headings. Everything is bounded."""

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from types import MappingProxyType

from visavis.errors import InvalidInput, TooLarge
from visavis.knowledge.markup import read_html, read_markdown
from visavis.knowledge.office import read_docx
from visavis.knowledge.pdf import read_pdf
from visavis.knowledge.plain_text import read_text
from visavis.knowledge.sections import Section

MAX_BYTES = 20 * 1024 * 1024
"""The largest file."""

MAX_CHARACTERS = 2_000_000
"""The most text of one document: some 700 printed pages."""

MAX_NAME = 120

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w-]{2,20})", re.IGNORECASE)
_NOT_CHINESE = re.compile(r"[^\x00-\x7f\u2010-\u203b\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef·—×÷°]")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read."""

    name: str
    """The file's name, without a directory: what is cited."""
    sections: tuple[Section, ...]


def read(name: str, data: bytes) -> Document:
    """Read the file `name`, whose ending says what it is.

    Raises `InvalidInput` with the reason (an unknown kind, encrypted, damaged, no text), `TooLarge`, and
    `Unavailable` if reading that kind takes a package that isn't installed. Blocks: call it in a thread.
    """
    name = _name(name)
    if len(data) > MAX_BYTES:
        raise TooLarge(f"{name} is larger than {MAX_BYTES // 1024**2} MiB; split it")
    reader = _READERS.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        raise InvalidInput(f"{name} is of no kind that can be read; known are {', '.join(_READERS)}")
    sections = tuple(reader(data))
    if sum(len(section.text) for section in sections) > MAX_CHARACTERS:
        raise TooLarge(f"{name} has more than {MAX_CHARACTERS:,} characters of text; split it")
    if not sections:
        raise InvalidInput(f"{name} has no text")
    return Document(name, sections)


def decode(data: bytes) -> str:
    """The text of a file whose encoding nobody told: UTF-8, UTF-16 with its mark, GB 18030, else Western."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise InvalidInput("this is no text file, whatever its name says")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
    # Western letters make rare characters of GB 18030 more often than usual ones.
    return data.decode("cp1252", "replace") if _NOT_CHINESE.search(text) else text


def _text(data: bytes) -> list[Section]:
    return read_text(decode(data))


def _markdown(data: bytes) -> list[Section]:
    return read_markdown(decode(data))


def _html(data: bytes) -> list[Section]:
    declared = _CHARSET.search(data[:2048])
    try:
        return read_html(data.decode(declared[1].decode()) if declared else decode(data))
    except (LookupError, UnicodeDecodeError):
        return read_html(decode(data))


_READERS: Mapping[str, Callable[[bytes], list[Section]]] = MappingProxyType(
    {
        ".txt": _text,
        ".md": _markdown,
        ".markdown": _markdown,
        ".html": _html,
        ".htm": _html,
        ".pdf": read_pdf,
        ".docx": read_docx,
    }
)


def _name(name: str) -> str:
    """The last part of what may be a path of any system, without what can't be seen."""
    name = "".join(c for c in PureWindowsPath(name).name if c.isprintable()).strip()
    if not name:
        raise InvalidInput("the document has no name")
    path = PurePosixPath(name)
    return name if len(name) <= MAX_NAME else path.stem[: MAX_NAME - len(path.suffix)] + path.suffix

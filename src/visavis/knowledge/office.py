"""Word documents (.docx) → sections."""

import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from visavis.errors import InvalidInput, Unavailable
from visavis.knowledge.sections import Section, SectionBuilder

if TYPE_CHECKING:
    from docx.document import Document

MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes of everything in the file, unpacked; more is a mistake or an attack."""

MAX_ENTRIES = 2000

_HEADING = re.compile(r"(?:heading|标题) ?(\d)", re.IGNORECASE)


def read_docx(data: bytes) -> list[Section]:
    """Paragraphs and tables in their order. `InvalidInput` if it is encrypted, damaged or unpacks to too much."""
    try:
        import docx
        from docx.opc.exceptions import OpcError
        from lxml.etree import LxmlError  # type: ignore[import-untyped]  # it has no type hints
    except ModuleNotFoundError:
        raise Unavailable(
            "reading Word documents needs one more package: pip install 'visavis[documents]'"
        ) from None
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInput(
            "the document is encrypted or in the format of Word 97; save it as .docx without a password"
        )
    try:
        _check(data)
        return _read(docx.Document(io.BytesIO(data)))
    except (
        zipfile.BadZipFile,
        zlib.error,
        OpcError,
        LxmlError,
        ValueError,
        LookupError,
        AttributeError,
        NotImplementedError,
        EOFError,
        RuntimeError,
    ) as error:
        raise InvalidInput("the document is damaged and can't be read; save it again and add that") from error


def _check(data: bytes) -> None:
    """Refuse a bomb before anything is unpacked: no more is ever unpacked than an entry says it holds."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise InvalidInput("the document unpacks to far too much; save it without its pictures")


def _read(document: "Document") -> list[Section]:
    from docx.table import Table

    sections = SectionBuilder()
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            sections.table([[cell.text for cell in row.cells] for row in block.rows], header=True)
            continue
        style = (block.style.name if block.style is not None else None) or ""
        if style in ("Title", "标题"):
            sections.heading(1, block.text)
        elif match := _HEADING.match(style):
            sections.heading(int(match[1]) + 1, block.text)
        else:
            sections.line(block.text)
    return sections.sections()

"""PDF → sections. The layout has no headings to rely on, so a page is one section."""

import io
import re
from statistics import median

from visavis.errors import InvalidInput, Unavailable
from visavis.knowledge.sections import Section, SectionBuilder

MAX_PAGES = 1000

_ENDS = re.compile(r"[.!?:;。！？：；…][\"'”’)）」』]*$")


def read_pdf(data: bytes) -> list[Section]:
    """The text of every page. `InvalidInput` if it is encrypted, damaged, too long, or only pictures."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ModuleNotFoundError:
        raise Unavailable("reading PDF needs one more package: pip install 'visavis[documents]'") from None
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise InvalidInput("the PDF is encrypted; save it without a password and add it again")
        if len(reader.pages) > MAX_PAGES:
            raise InvalidInput(f"the PDF has more than {MAX_PAGES} pages; split it")
        pages = [page.extract_text() for page in reader.pages]
    # Damaged files make the reader fail in the most various places of its code.
    except (PyPdfError, ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError, OSError) as error:
        raise InvalidInput("the PDF is damaged and can't be read; save it again and add that") from error
    sections = SectionBuilder()
    for page in pages:
        for line in paragraphs(page):
            sections.line(line)
    found = sections.sections()
    if not found:
        raise InvalidInput("the PDF has no text, only pictures; run text recognition (OCR) over it first")
    return found


def paragraphs(page: str) -> list[str]:
    """The lines of a page with wrapped ones put together: a line that is nearly full goes on in the next."""
    lines = [line.strip() for line in page.splitlines()]
    full = 0.7 * max(median([len(line) for line in lines if line] or [0]), 40)
    found = [""]
    for line in lines:
        found[-1] = f"{found[-1][:-1]}{line}" if _hyphened(found[-1], line) else f"{found[-1]}\n{line}"
        if not line or len(line) < full or _ENDS.search(line):
            found.append("")
    return [text for text in found if text.strip()]


def _hyphened(before: str, after: str) -> bool:
    return len(before) > 1 and before[-1] == "-" and before[-2].isalpha() and after[:1].islower()

"""PDF → sections. The layout has no headings to rely on, so a page is one section."""

import io

from visavis.errors import InvalidInput, Unavailable
from visavis.knowledge.plain_text import paragraphs
from visavis.knowledge.sections import Section, SectionBuilder

MAX_PAGES = 1000


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
    except (
        PyPdfError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
        ArithmeticError,
        OSError,
    ) as error:
        raise InvalidInput("the PDF is damaged and can't be read; save it again and add that") from error
    sections = SectionBuilder()
    for page in pages:
        for line in paragraphs(page):
            sections.line(line)
    found = sections.sections()
    if not found:
        raise InvalidInput("the PDF has no text, only pictures; run text recognition (OCR) over it first")
    return found

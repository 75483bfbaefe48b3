"""Plain text → sections: wrapped lines are put together, a short line alone between empty ones is a heading."""

import re
from statistics import median

from visavis.knowledge.sections import Section, SectionBuilder

LONGEST_HEADING = 60
"""Characters."""

_ENDS = re.compile(r"[.!?:;。！？：；…][\"'”’)）」』]*$")
_ITEM = re.compile(r"\s*(?:[-*•·–]|\d{1,3}[.)、])\s*\S")
_RULE = re.compile(r"\s*[-=_*~]{3,}\s*$")


def read_text(text: str) -> list[Section]:
    """The sections of a text without markup."""
    sections = SectionBuilder()
    first = True
    for block in re.split(r"\n\s*\n", "\n".join(line for line in text.splitlines() if not _RULE.match(line))):
        lines = paragraphs(block)
        if len(lines) == 1 and _is_heading(lines[0]):
            sections.heading(1 if first else 2, lines[0])
        else:
            for line in lines:
                sections.line(line)
        first = first and not lines
    return sections.sections() or _only_headings(text)


def _only_headings(text: str) -> list[Section]:
    """The sections of a text that looks like headings with nothing under them: a note of a line or two."""
    sections = SectionBuilder()
    for line in paragraphs(text):
        sections.line(line)
    return sections.sections()


def paragraphs(text: str) -> list[str]:
    """The lines of `text` with wrapped ones put together: a line that is nearly full goes on in the next."""
    lines = [line.strip() for line in text.splitlines()]
    full = 0.7 * max(median([len(line) for line in lines if line] or [0]), 40)
    found = [""]
    for line in lines:
        if _ITEM.match(line):
            found.append("")
        found[-1] = f"{found[-1][:-1]}{line}" if _hyphened(found[-1], line) else f"{found[-1]}\n{line}".strip()
        if not line or len(line) < full or _ENDS.search(line):
            found.append("")
    return [paragraph for paragraph in found if paragraph]


def _is_heading(line: str) -> bool:
    return len(line) <= LONGEST_HEADING and not _ENDS.search(line) and not _ITEM.match(line)


def _hyphened(before: str, after: str) -> bool:
    return len(before) > 1 and before[-1] == "-" and before[-2].isalpha() and after[:1].islower()

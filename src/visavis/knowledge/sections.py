"""A document's plain text under its headings, built up by the readers of each format."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from visavis.speech_text.scripts import HAN, KANA

DEEPEST = 6
"""Levels of headings."""

_BREAK = re.compile(rf"(?<=[{HAN}{KANA}，。、；：！？])\s*\n\s*(?=[{HAN}{KANA}，。、；：！？])")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200d\ufeff]+")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading."""

    heading: str
    """The headings above it too, joined by ` › `; empty if there is none."""
    text: str
    """Plain text; a line is a paragraph, a list item or a row of a table."""


class SectionBuilder:
    """Takes headings, lines and tables in their order."""

    def __init__(self) -> None:
        self._headings = [""] * DEEPEST
        self._lines: list[str] = []
        self._sections: list[Section] = []

    def heading(self, level: int, text: str) -> None:
        """Begin a section; `level` 1 is the document's title."""
        self._end()
        level = min(max(level, 1), DEEPEST)
        self._headings[level - 1 :] = [one_line(text), *[""] * (DEEPEST - level)]

    def line(self, text: str) -> None:
        """Add a paragraph, a list item or the like."""
        if line := one_line(text):
            self._lines.append(line)

    def table(self, rows: Sequence[Sequence[str]], *, header: bool) -> None:
        """Add a table; `header` says that the first row names the columns."""
        cells = [[one_line(cell) for cell in row] for row in rows]
        names = cells[0] if header and len(cells) > 1 else []
        for row in cells[1:] if names else cells:
            self.line(_row(row, names))

    def sections(self) -> list[Section]:
        """Everything so far."""
        self._end()
        return self._sections

    def _end(self) -> None:
        if self._lines:
            heading = " › ".join(filter(None, self._headings))
            self._sections.append(Section(heading, "\n".join(self._lines)))
            self._lines = []


def one_line(text: str) -> str:
    """`text` with its white space made single spaces; none where a line of Chinese was wrapped."""
    return _SPACE.sub(" ", _BREAK.sub("", text)).strip()


def _row(row: Sequence[str], names: Sequence[str]) -> str:
    """A row as it would be read out: `Monday: 9 to 18`, `Monday: opens 9, closes 18`."""
    first, *rest = row or [""]
    if len(rest) > 1 and len(names) == len(row):
        rest = [f"{name} {cell}" for name, cell in zip(names[1:], rest, strict=True) if cell]
    told = ", ".join(filter(None, rest))
    return f"{first}: {told}" if first and told else first or told

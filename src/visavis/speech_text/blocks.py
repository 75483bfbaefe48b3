"""Blocks of Markdown that are shown but not read aloud: code, tables, footnotes.

Their lines come as sentences of their own, one after the other: whether one is code depends on those before it.
"""

import re

_FENCE = re.compile(r"[ \t]*(?P<mark>`{3,}|~{3,})(?P<rest>[^\n]*)")
_ROW = re.compile(r"[ \t]*\|")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-*:?[ \t]*)+$")
_FOOTNOTE = re.compile(r"[ \t]*\[\^[^\]\n]+\]:")


class Blocks:
    """Follows an answer, given as the pieces that `SentenceSplitter` gives: none goes beyond the end of a line."""

    def __init__(self) -> None:
        self._fence = ""
        """The mark that closes the code; empty outside code."""
        self._table = False
        """Below the rule of a table."""
        self._line_begins = True
        self._silent = False
        """The rest of the line is not read."""

    def aloud(self, piece: str) -> bool:
        """Whether the next piece is read."""
        line = piece.lstrip("\n\r \t")
        blank = piece[: len(piece) - len(line)]
        if "\n" in blank:
            self._line_begins = True
            self._table = self._table and blank.count("\n") < 2
        if line and self._line_begins:
            self._silent = self._begins_silent(line.rstrip())
        self._line_begins = piece.endswith("\n") or (self._line_begins and not line)
        return not self._silent

    def _begins_silent(self, line: str) -> bool:
        fence = _FENCE.match(line)
        if self._fence:
            if fence and fence["mark"].startswith(self._fence) and not fence["rest"].strip():
                self._fence = ""
            return True
        # What follows an opening fence names the language; with more backticks it is code within a line.
        if fence and "`" not in fence["rest"]:
            self._fence = fence["mark"]
            return True
        self._table = bool(_RULE.match(line)) or (self._table and "|" in line)
        return self._table or bool(_ROW.match(line) or _FOOTNOTE.match(line))

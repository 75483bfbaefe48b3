"""Leaves out what a reasoning model thinks aloud: `<think>…</think>` in the stream of its answer."""

import re

_OPEN = re.compile(r"<(think|thinking|thought|reasoning)>", re.I)
_TAGS = ("<think>", "<thinking>", "<thought>", "<reasoning>")
_LONGEST = max(map(len, _TAGS)) + 1

_BEFORE = '.!?…。！？：:>)）」”"*\n'
"""What thoughts may follow. After anything else the tag is something the answer talks about."""


class ThinkingFilter:
    """Takes an answer's text piece by piece and gives it without thoughts.

    A thought begins at the answer's beginning, a line's or a sentence's, and ends with its closing tag or the
    text. White space after it goes too if nothing came before it.
    """

    def __init__(self) -> None:
        self._held = ""
        """What may be the beginning of a tag."""
        self._closing = ""
        """The tag that ends the thought; empty outside one."""
        self._last = "\n"
        """The last character that was given, white space aside except for line ends."""
        self._begun = False
        """Whether anything but white space was given."""
        self._strips = False
        """White space after a thought is left out, for it stands between the thought and the answer."""

    def push(self, delta: str) -> str:
        """Take more of the text; return what of it is certainly not a thought."""
        text = self._held + delta
        given: list[str] = []
        while text:
            text, more = self._thought(text) if self._closing else self._answer(text, given)
            if not more:
                break
        self._held = text
        return "".join(given)

    def finish(self) -> str:
        """Return the rest; the text is at its end."""
        rest = "" if self._closing else self._held
        self._held = ""
        return rest

    def _thought(self, text: str) -> tuple[str, bool]:
        end = text.lower().find(self._closing)
        if end < 0:
            return text[-_LONGEST:], False
        rest = text[end + len(self._closing) :]
        self._closing = ""
        self._strips = not self._begun
        return rest, True

    def _answer(self, text: str, given: list[str]) -> tuple[str, bool]:
        start = text.find("<")
        if start < 0:
            self._give(text, given)
            return "", False
        self._give(text[:start], given)
        text = text[start:]
        if opening := _OPEN.match(text):
            if self._last in _BEFORE:
                self._closing = f"</{opening[1].lower()}>"
            else:
                self._give(opening[0], given)
            return text[opening.end() :], True
        if any(tag.startswith(text.lower()) for tag in _TAGS):
            return text, False
        self._give("<", given)
        return text[1:], True

    def _give(self, text: str, given: list[str]) -> None:
        if self._strips:
            text = text.lstrip()
        if not text:
            return
        self._strips = False
        self._begun = self._begun or not text.isspace()
        given.append(text)
        line = text.rstrip(" \t")
        if line:
            self._last = "\n" if line.endswith("\n") else line[-1]

"""`[smile]` in a text: expressions of a face, taken out of what is said and shown, and kept with their places."""

import re

EXPRESSIONS = ("neutral", "smile", "serious", "surprised")

_SYNONYMS = {
    "smile": "smiles smiling happy joy joyful cheerful laugh laughs laughing grin",
    "serious": "stern earnest concerned",
    "surprised": "surprise astonished amazed",
    "neutral": "calm normal",
}

_EXPRESSION = {word: name for name in EXPRESSIONS for word in (name, *_SYNONYMS[name].split())}
"""What a tag may say (lower case) → the expression."""

_LONGEST = max(map(len, _EXPRESSION)) + 2

# Neither a link's label nor an index: `[smile](address)`, `faces[smile]`.
_TAG = re.compile(r"(?<![\w\])])\[[ ]?(?P<word>[A-Za-z]+)[ ]?\](?!\()")
_BEGUN = re.compile(r"\[[ ]?[A-Za-z]*[ ]?\]?$")


def expression(word: str) -> str:
    """The expression that a word in square brackets asks for; empty if it is none."""
    return _EXPRESSION.get(word.lower(), "")


class ExpressionTags:
    """Takes a text piece by piece and gives it without its tags; tags that are no expression stay in it.

    A tag takes the white space after it along if there is some before it too, or nothing.
    """

    def __init__(self, first: str = "") -> None:
        """`first`: the expression that it begins with."""
        self.found: list[tuple[int, str]] = [(0, first)] if first else []
        """(index in the text that was given, expression) of each tag, ascending; whoever needs them takes them."""
        self._held = ""
        """What may be the beginning of a tag, or what its meaning depends on."""
        self._length = 0
        self._last = " "
        self._strips = False

    def push(self, delta: str) -> str:
        """Take more of the text; return what of it is certainly no tag."""
        text = self._held + delta
        begun = _BEGUN.search(text)
        keep = begun.start() if begun and len(text) - begun.start() <= _LONGEST + 2 else len(text)
        text, self._held = text[:keep], text[keep:]
        return self._without(text)

    def finish(self) -> str:
        """Return the rest; the text is at its end."""
        text, self._held = self._held, ""
        return self._without(text)

    def _without(self, text: str) -> str:
        given: list[str] = []
        at = 0
        while True:
            # What stands before it, with the tags taken out, tells a tag from an index.
            tag = _TAG.search(self._last + text[at:], 1)
            if tag is None:
                given.append(self._given(text[at:]))
                return "".join(given)
            name = expression(tag["word"])
            end = at + tag.end() - 1
            given.append(self._given(text[at : end if not name else at + tag.start() - 1]))
            if name:
                self.found.append((self._length, name))
                self._strips = self._last.isspace()
            at = end

    def _given(self, text: str) -> str:
        if self._strips:
            text = text.lstrip(" ")
        if text:
            self._strips = False
            self._length += len(text)
            self._last = text[-1]
        return text


def without_expressions(text: str) -> str:
    """A whole text without its tags."""
    tags = ExpressionTags()
    return tags.push(text) + tags.finish()

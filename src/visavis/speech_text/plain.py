"""Written text → text to be said: markup, addresses and pictures are left out.

Every spoken character knows where it comes from, so that captions and word marks can point at the original.
Each step is one `rewrite`; writing out numbers, dates and units is one more, before `_TIDY`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spoken:
    """Text for a voice, tied to the text it was made from."""

    text: str
    """Empty if nothing is left to say."""
    offsets: tuple[int, ...]
    """For each character of `text`: its index in the original, ascending."""

    def original(self, index: int) -> int:
        """Where in the original the character `index` of `text` comes from; -1 for -1."""
        return self.offsets[index] if index >= 0 else -1


Replacement = Callable[[re.Match[str]], str | tuple[int, int]]
"""What stands for a match: a new text, or the (start, end) of the part of the match to keep."""


def rewrite(spoken: Spoken, pattern: re.Pattern[str], replacement: Replacement) -> Spoken:
    """Replace every match. A new text counts as coming from where the match begins."""
    text: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in pattern.finditer(spoken.text):
        text.append(spoken.text[at : match.start()])
        offsets += spoken.offsets[at : match.start()]
        new = replacement(match)
        if isinstance(new, str):
            text.append(new)
            offsets += [spoken.offsets[match.start()]] * len(new)
        else:
            start, end = new
            text.append(spoken.text[start:end])
            offsets += spoken.offsets[start:end]
        at = match.end()
    text.append(spoken.text[at:])
    offsets += spoken.offsets[at:]
    return Spoken("".join(text), tuple(offsets))


def _keep(match: re.Match[str]) -> tuple[int, int]:
    return match.span("keep")


def _drop(_: re.Match[str]) -> str:
    return ""


def _space(_: re.Match[str]) -> str:
    return " "


_EMOJI = (
    "\U0001f000-\U0001faff"  # pictographs, emoticons, flags' letters, symbols
    "\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u25a0-\u25ff"  # signs and dingbats
    "\ufe0e\ufe0f\u200d\u20e3\U000e0020-\U000e007f"  # what joins and varies them
)

_AFTER = r"\s<>，。！？；、（）「」"
"""Ends an address."""

_STOPS = r".,;:!?)\]}'\"*_`"
"""Not an address's last character, but the sentence's around it."""

_STEPS: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    # A code fence's line with its language; the code itself is said.
    (re.compile(r"^[ \t]*(?:```|~~~).*$", re.M), _drop),
    # A rule, and the line under a table's head.
    (re.compile(r"^[ \t]*(?:[-*_=][ \t]*){3,}$|^[ \t]*\|?[ \t:|-]*-{3}[ \t:|-]*$", re.M), _drop),
    (re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+)+", re.M), _drop),
    # Footnotes and numbered sources.
    (re.compile(r"\[\^?\d+\](?!\()|\[\^[^\]\n]+\]"), _drop),
    # Links and images keep their label: [label](address), ![label](address), [label][reference].
    (re.compile(r"!?\[(?P<keep>[^\]\n]*)\](?:\([^)\n]*\)|\[[^\]\n]*\])"), _keep),
    (re.compile(rf"<?(?:https?://|www\.)[^{_AFTER}]*[^{_AFTER}{_STOPS}]/?>?", re.I), _drop),
    # Stage directions such as [laughs].
    (re.compile(r"\[[^\]\n]{1,60}\]"), _drop),
    (re.compile(r"</?[A-Za-z][^<>\n]*>"), _drop),
    (re.compile(r"\\(?P<keep>[\\`*_{}\[\]()#+\-.!~|>])"), _keep),
    (re.compile(r"`+|~~"), _drop),
    # Emphasis; the marks of one that a sentence's end cut in two stand alone. 2 * 3 and snake_case stay.
    (re.compile(r"(?<![\w*])\*+(?=\S)|(?<=\S)\*+(?![\w*])|\*{2,}|(?<=[^\W\d_])\*(?=[^\W\d_])"), _drop),
    (re.compile(r"(?<!\w)_+(?=\w)|(?<=[^\W_])_+(?!\w)|(?<=[.!?…。！？,;:)\"'])_+(?!\w)"), _drop),
    (re.compile(r"[ \t]*\|[ \t]*"), _space),
    (re.compile(f"[{_EMOJI}]+"), _drop),
)

_TIDY: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    (re.compile(r"\s+"), _space),
    (re.compile(r" (?P<keep>[.,;:!?…]+)(?=\s|$)"), _keep),
    (re.compile(r"^\s+|\s+$|(?<=\()\s|\s(?=\))"), _drop),
    (re.compile(r"\(\)|（）"), _drop),
)


def spoken(text: str) -> Spoken:
    """What a voice should say of `text`, one sentence of an answer, perhaps with Markdown in it.

    Left out: emphasis, headings, list bullets, rules, code marks, HTML tags, addresses (links keep their label),
    emoji and `[tags]`. White space is single spaces, none at the ends.
    """
    said = Spoken(text, tuple(range(len(text))))
    for pattern, replacement in (*_STEPS, *_TIDY):
        said = rewrite(said, pattern, replacement)
    return said if any(character.isalnum() for character in said.text) else Spoken("", ())

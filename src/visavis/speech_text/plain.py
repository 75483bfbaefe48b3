"""Written text → text to be said: markup, addresses and pictures are left out, figures written out.

Every spoken character knows where it comes from, so that captions and word marks can point at the original.
Each step is one `rewrite`.
"""

import re

from visavis.speech_text.normal import normal
from visavis.speech_text.rewriting import Spoken, Step, rewritten


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

_STEPS: tuple[Step, ...] = (
    # A code fence's line with its language; `blocks` knows what is between two of them.
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

_TIDY: tuple[Step, ...] = (
    (re.compile(r"\s+"), _space),
    (re.compile(r" (?P<keep>[.,;:!?…]+)(?=\s|$)"), _keep),
    (re.compile(r"^\s+|\s+$|(?<=\()\s|\s(?=\))"), _drop),
    (re.compile(r"\(\)|（）"), _drop),
)


MAX_CHARS = 2000
"""The most that any voice is given to say at once; a sentence of 300 characters stays far below it."""

SILENT = Spoken("", ())
"""Nothing to say."""


def spoken(text: str, language: str) -> Spoken:
    """What a voice of `language` (BCP 47) should say of `text`, one sentence of an answer, perhaps in Markdown.

    Left out: emphasis, headings, list bullets, rules, code marks, HTML tags, addresses (links keep their label),
    emoji and `[tags]`. Numbers, dates, sums, units and short forms are written out. White space is single spaces,
    none at the ends.
    """
    said = rewritten(Spoken(text, tuple(range(len(text)))), (*_STEPS, *_TIDY))
    if not any(character.isalnum() for character in said.text):
        return SILENT
    words = rewritten(normal(said, language), _TIDY[:2])
    # A column of figures grows tenfold; digits are better than no voice.
    return words if len(words.text) <= MAX_CHARS else said

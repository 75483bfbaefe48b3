"""Text that is rewritten for a voice, and still knows where each of its characters comes from."""

import re
from collections.abc import Callable, Iterable
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


Replacement = Callable[[re.Match[str]], str | tuple[int, int] | None]
"""What stands for a match: a new text, the (start, end) of the part of the match to keep, None to leave it."""

Step = tuple[re.Pattern[str], Replacement]
"""What to look for, and what to put in its place."""


def rewrite(spoken: Spoken, pattern: re.Pattern[str], replacement: Replacement) -> Spoken:
    """Replace every match. A new text counts as coming from where the match begins."""
    matches = list(pattern.finditer(spoken.text))
    if not matches:
        return spoken
    text: list[str] = []
    offsets: list[int] = []
    at = 0
    for match in matches:
        text.append(spoken.text[at : match.start()])
        offsets += spoken.offsets[at : match.start()]
        new = replacement(match)
        if isinstance(new, str):
            text.append(new)
            offsets += [spoken.offsets[match.start()]] * len(new)
        else:
            start, end = new or match.span()
            text.append(spoken.text[start:end])
            offsets += spoken.offsets[start:end]
        at = match.end()
    text.append(spoken.text[at:])
    offsets += spoken.offsets[at:]
    return Spoken("".join(text), tuple(offsets))


def rewritten(spoken: Spoken, steps: Iterable[Step]) -> Spoken:
    """Take every step, in order."""
    for pattern, replacement in steps:
        spoken = rewrite(spoken, pattern, replacement)
    return spoken

"""What a turn says and when: from a number of samples heard to the words that were heard."""

from dataclasses import dataclass, field

from visavis.media.timeline import from_seconds

WORD_DUE = from_seconds(0.06)
"""A word counts as heard when this much of it was played."""


@dataclass(slots=True)
class Line:
    """One sentence of a turn. Times are turn time."""

    text: str
    """As it was written."""
    start: int
    end: int | None = None
    """None while the voice is still at it."""
    words: list[tuple[int, int]] = field(default_factory=list)
    """(time, index in `text`) of each word's beginning, when the voice tells."""


class Script:
    """The sentences of a turn, in order."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    @property
    def text(self) -> str:
        """Everything that was to be said so far."""
        return "".join(line.text for line in self.lines)

    def heard(self, samples: int) -> str:
        """The text up to where the sound stopped, cut between words."""
        return "".join(_heard(line, samples) for line in self.lines).rstrip()


def _heard(line: Line, samples: int) -> str:
    if line.end is not None and samples >= line.end:
        return line.text
    if samples <= line.start:
        return ""
    if line.words:
        unheard = [offset for time, offset in line.words if time + WORD_DUE > samples]
        return line.text[: unheard[0]] if unheard else line.text
    if line.end is None:
        return ""
    share = (samples - line.start) / (line.end - line.start)
    cut = int(len(line.text) * share)
    space = line.text.rfind(" ", 0, cut + 1)
    return line.text[: space if space > 0 else cut]

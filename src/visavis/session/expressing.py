"""Expressing: from the places of expressions in a sentence to their times in its sound."""

from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

from visavis.media.timeline import from_seconds
from visavis.speech_text.rewriting import Spoken
from visavis.tts import Mark

PACE = from_seconds(0.07)
"""How long a voice that marks no words is taken to need for a character. Media time."""

Places: TypeAlias = Sequence[tuple[int, str]]
"""(index in the sentence as it was written, expression), ascending."""


class Expressing:
    """One sentence's expressions. Each begins with the word that follows it. Times are turn time."""

    def __init__(self, places: Places, plain: Spoken, start: int) -> None:
        """`start`: where the sentence's sound begins."""
        self._places = deque(places)
        self._plain = plain
        self._start = start
        self._end = start
        self._worded = False

    def take(self, marks: Sequence[Mark], end: int, *, last: bool = False) -> tuple[Mark, ...]:
        """The marks of a piece of sound up to `end`, with the expressions that begin in it."""
        self._worded = self._worded or any(mark.kind == "word" and mark.offset >= 0 for mark in marks)
        found = self._begun(0 if self._worded else (end - self._start) // PACE, self._end)
        for mark in marks:
            if mark.kind == "word" and mark.offset >= 0:
                found += self._begun(self._plain.original(mark.offset), mark.start)
            found.append(mark)
        if last:
            found += [Mark("expression", end, name) for _, name in self._places]
            self._places.clear()
        self._end = end
        return tuple(found)

    def _begun(self, reached: int, time: int) -> list[Mark]:
        """The expressions up to the index `reached`, from `time` on."""
        found = []
        while self._places and self._places[0][0] <= reached:
            found.append(Mark("expression", time, self._places.popleft()[1]))
        return found

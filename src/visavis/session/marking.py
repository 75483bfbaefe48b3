"""Marking: what a voice marks in a sentence, as it is told while it is played."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeAlias

from visavis.media.timeline import from_seconds
from visavis.session.events import SpeechMarked, TimedViseme, TimedWord
from visavis.speech_text.rewriting import Spoken
from visavis.speech_text.visemes import GLIDE, sounds
from visavis.tts import Mark

BATCH = from_seconds(0.2)
"""Sound whose marks are told at once: five events a second. The first piece of a sentence is told by itself, since
nothing may be known yet of what follows it."""

Told: TypeAlias = Callable[[int], SpeechMarked]
"""Makes the event, given the media time of turn time 0."""

_Marked: TypeAlias = list[tuple[str, int]]

_MARKUP = "*_`~ \t\n"


class Marking:
    """One sentence's words, as they were written, and visemes. Times are turn time."""

    def __init__(self, turn: str, sentence: int, text: str, plain: Spoken) -> None:
        self._event = partial(_event, turn, sentence)
        self._text = text
        self._plain = plain
        self._begin: int | None = None
        """Where the batch begins; None before the first."""
        self._words: _Marked = []
        self._visemes: _Marked = []
        self._written = -1
        """Where in the text the last word began."""

    def add(self, marks: Iterable[Mark]) -> None:
        """Take further marks, in order."""
        for mark in marks:
            if mark.kind == "phoneme":
                self._sound(mark)
            elif mark.offset >= 0:
                self._word(mark)

    def take(self, begin: int, end: int, *, last: bool) -> tuple[int, Told] | None:
        """What was marked in a batch that a piece of sound completes, `last` in any case, and where it begins."""
        if self._begin is not None and end - self._begin < BATCH and not last:
            return None
        start, self._begin = begin if self._begin is None else self._begin, end
        words, self._words = self._words, []
        visemes = [viseme for viseme in self._visemes if viseme[1] < end or last]
        self._visemes = self._visemes[len(visemes) :]
        return (start, partial(self._event, words, visemes)) if words or visemes else None

    def _sound(self, mark: Mark) -> None:
        # A short diphthong is over before its second half.
        while self._visemes and self._visemes[-1][1] > mark.start:
            self._visemes.pop()
        for part, sound in enumerate(sounds(mark.value)):
            self._visemes.append((sound.viseme, mark.start + part * GLIDE))

    def _word(self, mark: Mark) -> None:
        # "$3.50" is many words to the voice, and one to the reader.
        begin = self._plain.original(mark.offset)
        if begin != self._written:
            self._written = begin
            self._words.append((written(self._text, self._plain, mark.offset, len(mark.value)), mark.start))


def written(text: str, plain: Spoken, offset: int, length: int) -> str:
    """How the word of `length` characters at `offset` of what is spoken stands in the `text`."""
    end = min(offset + length, len(plain.text))
    begin, last = plain.offsets[offset], plain.offsets[end - 1]
    if last > begin or plain.text[offset:end] == text[begin : begin + end - offset]:
        return text[begin : last + 1].strip(_MARKUP)
    # It says something in other words, which ends where the next begins.
    after = (place for place in plain.offsets[end:] if place > begin)
    return text[begin : next(after, len(text))].strip(_MARKUP)


def _event(turn: str, sentence: int, words: _Marked, visemes: _Marked, origin: int) -> SpeechMarked:
    return SpeechMarked(
        turn,
        sentence,
        tuple(TimedWord(text, origin + start) for text, start in words),
        tuple(TimedViseme(viseme, origin + start) for viseme, start in visemes),
        origin,
    )

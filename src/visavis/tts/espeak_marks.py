"""What espeak-ng says about its sound, as marks."""

import re
from collections.abc import Iterable

from visavis.tts import Mark
from visavis.tts.espeak_library import PHONEME, Event

_NOT_SOUND = str.maketrans("", "", "ˈˌː.-")
"""Stress, length, and what espeak's own tables leave in the IPA of tones and reduced vowels."""

_WORD = re.compile(r"\w+")
_CONTRACTION = re.compile(r"(?:['’]\w+)+")


class MarkReader:
    """Turns the events of one sentence into marks; events are given in the order of their times."""

    def __init__(self, text: str, sample_rate: int) -> None:
        self._text = text
        self._rate = sample_rate
        self._word_end = 0
        self._pausing = False

    def read(self, events: Iterable[Event]) -> list[Mark]:
        """The marks of the next events."""
        found = (self._phoneme(event) if event.type == PHONEME else self._word(event) for event in events)
        return [mark for mark in found if mark is not None]

    def _start(self, event: Event) -> int:
        return event.start_ms * self._rate // 1000

    def _phoneme(self, event: Event) -> Mark | None:
        value = ipa(event.phoneme)
        if self._pausing and not value:
            return None
        self._pausing = not value
        return Mark("phoneme", self._start(event), value)

    def _word(self, event: Event) -> Mark | None:
        """The word at the event's position; espeak repeats it for a word that it spells, and cuts contractions."""
        begin = event.text_position
        if begin < self._word_end:
            return None
        end = begin + event.length
        if not event.length and (whole := _WORD.match(self._text, begin)):
            end = whole.end()
        if contraction := _CONTRACTION.match(self._text, end):
            end = contraction.end()
        word = self._text[begin:end]
        if not _WORD.search(word):
            return None
        self._word_end = end
        return Mark("word", self._start(event), word, begin)


def ipa(name: str) -> str:
    """A phoneme as espeak names it, without stress and length; empty for a pause or a change of language."""
    if name.startswith("("):
        return ""
    value = name.translate(_NOT_SOUND)
    # The Chinese tables write aspiration as a plain letter: "tɕh".
    return value[:-1] + "ʰ" if len(value) > 1 and value.endswith("h") else value

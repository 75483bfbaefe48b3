"""What DashScope's voices send for a sentence, raw sound and perhaps the times of words, → `Speech`."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from visavis.errors import UpstreamFailed
from visavis.outbound.upstream import Upstream
from visavis.streams import closing
from visavis.tts import Speech
from visavis.tts.arriving import ArrivingSound, RawSound, SpokenWord

MAX_SECONDS = 600.0
"""Of one sentence: twenty times what the longest takes."""

LATE = 0.2
"""Seconds that a word may be told after its sound and still be marked, a little late; later ones are left out."""


async def spoken(
    source: AsyncIterator[bytes | Sequence[SpokenWord]], sample_rate: int, text: str, upstream: Upstream
) -> AsyncIterator[Speech]:
    """Pass on the sound of one sentence: s16le mono at `sample_rate` Hz, cut anywhere, with words in between.

    When the source raises `UpstreamFailed`, what has come is said before the error is raised.
    """
    sound = ArrivingSound(RawSound(sample_rate), text)
    heard = 0.0
    failure: UpstreamFailed | None = None
    try:
        async with closing(source) as items:
            async for item in items:
                if isinstance(item, bytes):
                    heard += len(item) / 2 / sample_rate
                    async for speech in sound.push(item):
                        yield speech
                else:
                    for word in item:
                        if word.start >= heard - LATE:
                            sound.word(word)
                if heard > MAX_SECONDS:
                    raise upstream.failed("answered with far too much")
    except UpstreamFailed as error:
        failure = error
    for speech in sound.flush():
        yield speech
    if failure is None and not sound.heard:
        failure = upstream.failed("sent no sound")
    if failure is not None:
        raise failure


class WordTimes:
    """Words of a task's results: `{"sentence": {"words": [{"text": "床", "begin_time": 0}]}}`, in ms.

    Times count from the beginning of the sound. Words are told again and again, those that are new at the end.
    """

    def __init__(self) -> None:
        self._last = -1

    def read(self, output: dict[str, Any]) -> list[SpokenWord]:
        """Those that were not there before; what is not of the protocol is left out."""
        sentence = output.get("sentence")
        words = sentence.get("words") if isinstance(sentence, dict) else None
        found = []
        for word in words if isinstance(words, list) else ():
            told, begin = (word.get("text"), word.get("begin_time")) if isinstance(word, dict) else (None, None)
            if isinstance(told, str) and isinstance(begin, int) and begin > self._last:
                self._last = begin
                found.append(SpokenWord(begin / 1000, _bare(told)))
        return found


def _bare(word: str) -> str:
    """A word without the punctuation that is told with it."""
    inside = [index for index, character in enumerate(word) if character.isalnum()]
    return word[inside[0] : inside[-1] + 1] if inside else ""

"""Stand-ins for providers: exact, quick, and in command of the test. Each keeps its contract."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence

import numpy as np

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.errors import InvalidInput, VisavisError
from visavis.knowledge import Passage
from visavis.llm import Delta, Message, TextDelta, Tool
from visavis.media import timeline
from visavis.media.samples import Samples, rms
from visavis.settings import Settings
from visavis.tts import Mark, Speech, VoiceInfo

_WORD = re.compile(r"\w+")


class FakeVoice:
    """Says each character as 50 ms of a tone, at 200 Hz and up by its code; white space and marks as silence.

    A letter is marked as a phoneme of its own name, a word as itself; a piece is one character.
    """

    sample_rate = 16_000
    """Hz."""
    character = 800
    """Samples for one character."""

    def __init__(self, name: str = "tone", language: str = "en", fails: VisavisError | None = None) -> None:
        self.info = VoiceInfo("fake", name, language, f"Fake {name}")
        self.said: list[str] = []
        """What it was asked to say."""
        self.stopped = 0
        """How many sentences were left before their end."""
        self.gate: asyncio.Event | None = None
        """If set, every sentence waits for this event after its first piece."""
        self._fails = fails

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. Raises what it was made to fail with, after the first piece."""
        self.said.append(text)
        words = {match.start(): match[0] for match in _WORD.finditer(text)}
        complete = False
        try:
            for index, character in enumerate(text):
                start = index * self.character
                marks = [Mark("word", start, words[index], index)] if index in words else []
                marks.append(Mark("phoneme", start, character.lower() if character.isalpha() else ""))
                yield Speech(self._tone(character), self.sample_rate, tuple(marks), marked=True)
                if self._fails is not None:
                    raise self._fails
                await (self.gate.wait() if self.gate is not None and index == 0 else asyncio.sleep(0))
            complete = True
        finally:
            self.stopped += not complete

    def _tone(self, character: str) -> Samples:
        if not character.isalnum():
            return np.zeros(self.character, dtype=np.int16)
        hertz = 200 + ord(character) % 128 * 5
        turns = np.arange(self.character) * hertz / self.sample_rate
        return (8000 * np.sin(2 * np.pi * turns)).astype(np.int16)


class FakeVoiceProvider:
    """Gives `FakeVoice`s: one for each name, and `tone` for every language."""

    name = "fake"

    def __init__(self, settings: Settings | None = None, names: Sequence[str] = ("tone", "other")) -> None:
        self.made: dict[str, FakeVoice] = {name: FakeVoice(name) for name in names}
        """Its voices, by name."""

    def missing(self) -> str | None:
        """See `Provider`."""
        return None

    def voices(self) -> Sequence[VoiceInfo]:
        """See `VoiceProvider`."""
        return [voice.info for voice in self.made.values()]

    def voice(self, name: str, language: str, model: str = "") -> FakeVoice:
        """See `VoiceProvider`."""
        found = self.made.get(name or next(iter(self.made)))
        if found is None:
            raise InvalidInput(f"fake has no voice {name!r}")
        return found


class FakeChatModel:
    """Gives scripted answers in turn, the last one again and again."""

    def __init__(self, *answers: Sequence[Delta | str | VisavisError]) -> None:
        """Each answer is its deltas: a text, a tool call, or an error to fail with at that place."""
        self._answers = list(answers) or [["All ", "right."]]
        self.asked: list[tuple[Message, ...]] = []
        """The conversations it was given."""
        self.passages: list[tuple[Passage, ...]] = []
        """What it was given of the documents, for each of them."""
        self.stopped = 0
        """How many answers were left before their end."""
        self.gate: asyncio.Event | None = None
        """If set, every answer waits for this event after its first delta."""

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        """See `ChatModel`."""
        script = self._answers[min(len(self.asked), len(self._answers) - 1)]
        self.asked.append(tuple(messages))
        self.passages.append(tuple(passages))
        complete = False
        try:
            for index, delta in enumerate(script):
                if isinstance(delta, VisavisError):
                    raise delta
                yield TextDelta(delta) if isinstance(delta, str) else delta
                await (self.gate.wait() if self.gate is not None and index == 0 else asyncio.sleep(0))
            complete = True
        finally:
            self.stopped += not complete


class FakeRecognizer:
    """Hears the words it was made with, one more with every 200 ms of sound."""

    def __init__(self, text: str = "hello there", fails: VisavisError | None = None) -> None:
        self._words = text.split()
        self._fails = fails
        self.languages: list[str] = []
        """The languages it was asked for."""

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`. Raises what it was made to fail with, when the sound ends."""
        self.languages.append(language)
        samples = known = 0
        async for piece in sound:
            samples += len(piece)
            words = min(len(self._words), samples * 5 // SAMPLE_RATE)
            if words > known:
                known = words
                yield self._transcript(words, samples, final=False)
        if self._fails is not None:
            raise self._fails
        yield self._transcript(len(self._words), samples, final=True)

    def _transcript(self, words: int, samples: int, *, final: bool) -> Transcript:
        return Transcript(" ".join(self._words[:words]), final, 0, samples * timeline.SAMPLE_RATE // SAMPLE_RATE)


class FakeDetector:
    """Takes loud sound for speech."""

    window = 512

    def probability(self, pcm: Samples) -> float:
        """See `SpeechDetector`: 0.5 at an RMS of 300."""
        return min(1.0, rms(pcm) / 600)

    def reset(self) -> None:
        """See `SpeechDetector`; it remembers nothing."""


class FakeKnowledgeBase:
    """Finds the passages that share words with the question."""

    def __init__(self, passages: Iterable[tuple[str, str]] = ()) -> None:
        """`passages` are (text, source)."""
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        """The questions it was asked, each with the earlier ones."""
        self._passages = list(passages) or [
            ("The shop opens at nine.", "hours.md"),
            ("The shop is closed on Sunday.", "hours.md"),
            ("Parking is free.", "parking.md"),
        ]

    async def passages(self, question: str, limit: int = 5, earlier: Sequence[str] = ()) -> Sequence[Passage]:
        """See `KnowledgeBase`; the score is the number of shared words. Earlier questions change nothing."""
        self.asked.append((question, tuple(earlier)))
        asked = _words(question)
        found = [Passage(text, source, len(asked & _words(text))) for text, source in self._passages]
        return sorted((passage for passage in found if passage.score), key=lambda passage: -passage.score)[:limit]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))

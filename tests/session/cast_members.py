"""A voice and a model whose every step a test decides."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

import numpy as np

from visavis.asr import Transcript
from visavis.errors import InvalidInput, StageFailed
from visavis.knowledge import Passage
from visavis.llm import Delta, Message, TextDelta, Tool
from visavis.media.samples import Samples
from visavis.tts import Mark, Speech, VoiceInfo

RATE = 16_000
PER_CHARACTER = 800
"""Samples at 16 kHz: 50 ms."""


class ToneVoice:
    """50 ms of tone per character, in pieces of 20 ms, with the words marked."""

    def __init__(self, language: str = "en") -> None:
        self.info = VoiceInfo("tone", f"tone-{language}", language, "Tone")
        self.said: list[str] = []
        self.fails: Exception | None = None
        self.open = 0
        """Streams that were begun and not closed."""

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        self.said.append(text)
        self.open += 1
        try:
            words = [(match.start() * PER_CHARACTER, match) for match in re.finditer(r"\w+", text)]
            for start in range(0, len(text) * PER_CHARACTER, 320):
                if self.fails is not None and start >= 3200:
                    raise self.fails
                marks = tuple(
                    Mark("word", at, match.group(), match.start())
                    for at, match in words
                    if start <= at < start + 320
                )
                yield Speech(np.full(320, 1000, dtype=np.int16), RATE, marks, True)
        finally:
            self.open -= 1


class ToneProvider:
    """English and German tones."""

    name = "tone"

    def __init__(self) -> None:
        self.english = ToneVoice("en")
        self.german = ToneVoice("de")

    def missing(self) -> str | None:
        return None

    def voices(self) -> Sequence[VoiceInfo]:
        return [self.english.info, self.german.info]

    def voice(self, name: str, language: str, model: str = "") -> ToneVoice:
        for voice in (self.english, self.german):
            if name == voice.info.name or (not name and language.split("-")[0] == voice.info.language):
                return voice
        raise InvalidInput(f"no voice {name!r} for {language!r}")


class ScriptedModel:
    """Answers with the deltas it was given, each for one of `gate`'s permits, if there is a gate."""

    def __init__(self, *deltas: str) -> None:
        self.deltas = deltas
        self.asked: list[Sequence[Message]] = []
        self.passages: list[Sequence[Passage]] = []
        self.fails: Exception | None = None
        self.gate: asyncio.Semaphore | None = None
        self.open = 0

    async def answer(
        self, messages: Sequence[Message], tools: Sequence[Tool] = (), passages: Sequence[Passage] = ()
    ) -> AsyncIterator[Delta]:
        self.asked.append(messages)
        self.passages.append(passages)
        self.open += 1
        try:
            for delta in self.deltas:
                if self.gate is not None:
                    await self.gate.acquire()
                yield TextDelta(delta)
            if self.fails is not None:
                raise self.fails
        finally:
            self.open -= 1


class Loudness:
    """Takes loud sound for speech."""

    window = 512

    def probability(self, pcm: Samples) -> float:
        return float(pcm.max() > 300)

    def reset(self) -> None:
        pass


class Listener:
    """Hears the words the test says are spoken: a partial as soon as they are set, then the final."""

    def __init__(self) -> None:
        self.partial = ""
        self.final = ""
        self.fails: StageFailed | None = None
        self.heard: list[int] = []
        """Samples of each utterance."""

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        told = ""
        samples = 0
        async for piece in sound:
            samples += len(piece)
            if self.partial != told:
                told = self.partial
                yield Transcript(told, False, 0, samples * 3)
        self.heard.append(samples)
        if self.fails is not None:
            raise self.fails
        yield Transcript(self.final or self.partial, True, 0, samples * 3)

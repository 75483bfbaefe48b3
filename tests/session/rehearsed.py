"""A real voice that has rehearsed: it says what it knows at once, so that no clock can run ahead of it."""

from collections.abc import AsyncIterator, Sequence

import numpy as np

from visavis.media.samples import Samples
from visavis.session.casting import Casting, VoiceChoice
from visavis.speech_text.normal import prepare
from visavis.speech_text.plain import spoken
from visavis.speech_text.sentences import SentenceSplitter
from visavis.tts import Speech, Voice, VoiceInfo, VoiceProvider


class RehearsedVoice:
    """One voice of a `Rehearsed` provider."""

    def __init__(self, voice: Voice, known: dict[tuple[str, str], list[Speech]]) -> None:
        self.info = voice.info
        self._voice = voice
        self._known = known

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        for piece in self._known[self.info.name, text]:
            yield piece

    async def rehearse(self, text: str) -> list[Speech]:
        pieces = self._known[self.info.name, text] = [piece async for piece in self._voice.speak(text)]
        return pieces


class Rehearsed:
    """The voices of another provider, which say only what was rehearsed."""

    name = "rehearsed"

    def __init__(self, provider: VoiceProvider) -> None:
        self._provider = provider
        self._known: dict[tuple[str, str], list[Speech]] = {}

    def missing(self) -> str | None:
        return None

    def voices(self) -> Sequence[VoiceInfo]:
        return self._provider.voices()

    def voice(self, name: str, language: str, model: str = "") -> RehearsedVoice:
        return RehearsedVoice(self._provider.voice(name, language, model), self._known)

    async def rehearse(self, text: str) -> Samples:
        """Learn `text`, as a session whose language is English will say it; returns its sound."""
        pieces: list[Speech] = []
        cast = Casting(lambda _: self, VoiceChoice(self.name), "en").check(VoiceChoice())
        splitter = SentenceSplitter()
        for sentence in [*splitter.push(text), *splitter.finish()]:
            voice = cast.voice(sentence)
            prepare(voice.info.language)
            plain = spoken(sentence, voice.info.language)
            assert isinstance(voice, RehearsedVoice)
            pieces += await voice.rehearse(plain.text)
        return np.concatenate([piece.pcm for piece in pieces])

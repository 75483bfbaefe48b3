"""Casting: which voice says a sentence."""

from collections.abc import Callable
from dataclasses import dataclass

from visavis.errors import InvalidInput
from visavis.speech_text.language import language_of
from visavis.tts import Voice, VoiceProvider


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """The voice someone asked for; empty fields leave the choice open."""

    provider: str = ""
    name: str = ""
    model: str = ""

    def over(self, other: "VoiceChoice") -> "VoiceChoice":
        """What this choice leaves open, filled in from `other`. A new provider forgets the old voice."""
        if self.provider and self.provider != other.provider:
            return self
        return VoiceChoice(other.provider, self.name or other.name, self.model or other.model)


class Casting:
    """Finds voices for one session. `find_provider` raises `InvalidInput` for an unknown one."""

    def __init__(self, find_provider: Callable[[str], VoiceProvider], default: VoiceChoice, language: str) -> None:
        self._find_provider = find_provider
        self._default = default
        self._language = language

    def check(self, choice: VoiceChoice) -> "Cast":
        """Settle a turn's choice. Raises `InvalidInput` for an unknown or unusable provider."""
        choice = choice.over(self._default)
        provider = self._find_provider(choice.provider)
        if missing := provider.missing():
            raise InvalidInput(f"tts provider {choice.provider!r} is not usable: {missing}")
        return Cast(provider, choice, self._language)


class Cast:
    """The voices of one turn."""

    def __init__(self, provider: VoiceProvider, choice: VoiceChoice, language: str) -> None:
        self._provider = provider
        self._language = language
        self._model = choice.model
        self.warning = ""
        """Set when the voice that was asked for had to be replaced."""
        self._voice = self._asked_for(choice.name)

    def voice(self, sentence: str) -> Voice:
        """The voice for a sentence: the one asked for, unless the sentence is in another language's script."""
        wanted = language_of(sentence, self._voice.info.language)
        if _base(wanted) == _base(self._voice.info.language):
            return self._voice
        try:
            return self._provider.voice("", wanted, self._model)
        except InvalidInput:
            return self._voice

    def _asked_for(self, name: str) -> Voice:
        try:
            return self._provider.voice(name, self._language, self._model)
        except InvalidInput:
            if not name:
                raise
        # Clients of other servers send those servers' voices, most of which begin with a language: zh-CN-Xiaoxiao.
        language = "-".join(name.split("-")[:2])
        try:
            voice = self._provider.voice("", language, self._model)
        except InvalidInput:
            voice = self._provider.voice("", self._language, self._model)
        self.warning = (
            f"voice {name[:80]!r} is not one of {self._provider.name}'s; {voice.info.name!r} speaks instead"
        )
        return voice


def _base(language: str) -> str:
    return {"cmn": "zh", "yue": "zh"}.get(base := language.split("-")[0].lower(), base)

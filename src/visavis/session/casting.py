"""Casting: which voice says a sentence."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from visavis.errors import InvalidInput
from visavis.session.foreign_voices import PROVIDERS, foreign_voice
from visavis.speech_text.language import language_of, writes_latin
from visavis.tts import Sex, Voice, VoiceInfo, VoiceProvider

FOREIGN_WORDS = 3
"""Words in Latin script that make a sentence one for another voice than a Chinese one."""

_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")


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
    """Finds voices for one session. `find_provider` raises `InvalidInput` for an unknown one.

    With a `fallback`, that speaks where a documented provider is asked for that is not usable.
    """

    def __init__(
        self,
        find_provider: Callable[[str], VoiceProvider],
        default: VoiceChoice,
        language: str,
        fallback: VoiceChoice | None = None,
    ) -> None:
        self._find_provider = find_provider
        self._default = default
        self._language = language
        self._fallback = fallback

    def check(self, choice: VoiceChoice) -> "Cast":
        """Settle a turn's choice. Raises `InvalidInput` for an unknown or unusable provider."""
        choice = choice.over(self._default)
        replaced = ""
        try:
            provider = self._usable(choice.provider)
        except InvalidInput:
            if self._fallback is None or choice.provider not in PROVIDERS:
                raise
            replaced = choice.provider
            choice = VoiceChoice(self._fallback.provider, choice.name or self._fallback.name, self._fallback.model)
            provider = self._usable(choice.provider)
        return Cast(provider, choice, self._language, replaced)

    def _usable(self, name: str) -> VoiceProvider:
        provider = self._find_provider(name)
        if missing := provider.missing():
            raise InvalidInput(f"tts provider {name!r} is not usable: {missing}")
        return provider


class Cast:
    """The voices of one turn. `replaced` names the provider that was asked for, if it is not this one."""

    def __init__(self, provider: VoiceProvider, choice: VoiceChoice, language: str, replaced: str = "") -> None:
        self._provider = provider
        self._language = language
        self._model = choice.model
        self.warning = ""
        """Set when the voice or provider that was asked for had to be replaced."""
        self._voice = self._asked_for(choice.name)
        self._name = self._voice.info.name if self.warning else choice.name
        self._others: dict[str, Voice] = {}
        """By language."""
        if replaced:
            self.warning = f"tts provider {replaced!r} is not usable here; " + (
                self.warning or f"{provider.name!r} speaks instead, as {self._voice.info.name!r}"
            )

    def voice(self, sentence: str) -> Voice:
        """The voice for a sentence: the one asked for, unless the sentence is in another language's script."""
        own = self._voice.info.language
        wanted = language_of(sentence, own)
        # A Chinese voice says OK itself, and leaves sentences in Latin script to others.
        if wanted == own and not writes_latin(own) and len(_LATIN_WORD.findall(sentence)) >= FOREIGN_WORDS:
            wanted = language_of(sentence, self._language if writes_latin(self._language) else "en")
        if _base(wanted) == _base(own):
            return self._voice
        if wanted not in self._others:
            self._others[wanted] = self._speaking(wanted)
        return self._others[wanted]

    def _speaking(self, language: str) -> Voice:
        """Who says sentences in another language: the same voice if it speaks it, or else the nearest."""
        if self._name:
            same = self._provider.voice(self._name, language, self._model)
            if _base(same.info.language) == _base(language):
                return same
        try:
            return self._nearest(language, self._voice.info.sex)
        except InvalidInput:
            return self._voice

    def _asked_for(self, name: str) -> Voice:
        try:
            return self._provider.voice(name, self._language, self._model)
        except InvalidInput:
            if not name:
                raise
        # Clients of other servers send those servers' voices.
        meant = foreign_voice(name)
        try:
            voice = self._nearest(meant.language or self._language, meant.sex)
        except InvalidInput:
            voice = self._nearest(self._language, meant.sex)
        self.warning = (
            f"voice {name[:80]!r} is not one of {self._provider.name}'s; {voice.info.name!r} speaks instead"
        )
        return voice

    def _nearest(self, language: str, sex: Sex) -> Voice:
        """The provider's voice for a language: of its region, or the usual one, and of the sex if it can be."""
        usual = self._provider.voice("", language, self._model)
        if not sex:
            return usual

        def near(info: VoiceInfo) -> tuple[bool, bool, bool]:
            return (
                info.language.lower() == language.lower(),
                info.language == usual.info.language,
                info.sex == sex,
            )

        same = [info for info in self._provider.voices() if _base(info.language) == _base(usual.info.language)]
        best = max(same, key=near, default=usual.info)
        if near(best) <= near(usual.info):
            return usual
        return self._provider.voice(best.name, best.language, self._model)


def _base(language: str) -> str:
    return {"cmn": "zh", "yue": "zh"}.get(base := language.split("-")[0].lower(), base)

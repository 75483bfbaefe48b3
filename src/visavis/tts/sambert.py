"""Sambert at DashScope, older voices with the times of their words: `sambert`, also called `dashscope_sambert`.

Source: Model Studio's reference, "Sambert WebSocket API", client and server events. The model is the voice. Each
sentence is a task on a connection of its own; its sound is passed on while the service is still making it.
"""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from visavis.errors import InvalidInput
from visavis.outbound.dashscope import Account, Service, Task
from visavis.outbound.upstream import Upstream
from visavis.settings import Settings
from visavis.tts import Sex, Speech, VoiceInfo
from visavis.tts.arriving import SpokenWord
from visavis.tts.dashscope_speech import WordTimes, spoken

UPSTREAM = Upstream("tts", "Sambert", "VISAVIS_COSYVOICE_SERVICE_URL", "VISAVIS_DASHSCOPE_API_KEY")

SAMPLE_RATE = 16_000
"""Hz that every voice can do."""

VOICES: dict[str, dict[Sex, tuple[str, ...]]] = {
    "zh-CN": {
        "male": (
            "zhichu", "zhinan", "zhide", "zhixiang", "zhihao", "zhiming", "zhimo", "zhishu", "zhiye", "zhida",
            "zhishuo",
        ),
        "female": (
            "zhiqi", "zhijia", "zhiru", "zhiqian", "zhiwei", "zhijing", "zhina", "zhistella", "zhiting", "zhixiao",
            "zhiya", "zhiying", "zhiyuan", "zhiyue", "zhigui", "zhimiao-emo", "zhimao",
        ),
        "": ("zhilun", "zhifei"),
    },
    "en-US": {"female": ("beth", "betty", "cally", "cindy", "eva", "donna"), "male": ("brian",)},
    "es-ES": {"female": ("camila",)},
    "it-IT": {"female": ("perla",)},
    "id-ID": {"female": ("indah",)},
    "fr-FR": {"female": ("clara",)},
    "de-DE": {"female": ("hanna",)},
    "th-TH": {"female": ("waan",)},
}  # fmt: skip
"""By the language they speak. Source: Model Studio's reference, "Sambert", list of models."""

TIMED = ("zh", "en")
"""Languages of the voices that know the times of their words."""

_NAME = re.compile(r"(?:sambert-)?([a-z][a-z-]*?)(?:-v\d+)?")
_MODEL = re.compile(r"sambert-([a-z][a-z-]*)-v\d+")


class SambertProvider:
    """Settings: `dashscope_api_key`, `sambert_model`, `cosyvoice_service_url`; `voice` where `tts` is this one."""

    name = "sambert"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._account = Account(settings, settings.cosyvoice_service_url, settings.dashscope_api_key, UPSTREAM)

    def missing(self) -> str | None:
        """See `Provider`."""
        return self._account.missing()

    def voices(self) -> Sequence[VoiceInfo]:
        """See `VoiceProvider`."""
        return [
            VoiceInfo(self.name, f"sambert-{name}-v1", language, name, sex)
            for language, sexes in VOICES.items()
            for sex, names in sexes.items()
            for name in names
        ]

    def voice(self, name: str, language: str, model: str = "") -> "SambertVoice":
        """See `VoiceProvider`. `zhichu` is short for `sambert-zhichu-v1`, which may also come as the `model`."""
        if missing := self.missing():
            raise InvalidInput(missing)
        return SambertVoice(self._info(name, language, model), self._account.service())

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        await self._account.aclose()

    def _info(self, name: str, language: str, model: str) -> VoiceInfo:
        known = {info.label: info for info in self.voices()}
        if not name and _MODEL.fullmatch(model):
            name = model
        if name:
            short = _NAME.fullmatch(name)
            info = known.get(short[1]) if short else None
            if info is None and not _MODEL.fullmatch(name):
                raise InvalidInput(f"{self.name} has no voice {name[:80]!r}")
            info = info or VoiceInfo(self.name, name, "zh-CN", name)
            both = _base(info.language) == "zh" and _base(language) == "en"
            return replace(info, language=language) if both else info
        configured = self._settings.voice if self._settings.tts == self.name else ""
        usual = self._info(configured or self._settings.sambert_model, "", "")
        same = [
            info for info in (usual, *known.values()) if _base(info.language) == _base(language or usual.language)
        ]
        if not same:
            raise InvalidInput(f"{self.name} has no voice for {language[:20]!r}")
        return same[0]


class DashScopeSambertProvider(SambertProvider):
    """The same by another documented name."""

    name = "dashscope_sambert"


class SambertVoice:
    """A `Voice`; shared freely."""

    def __init__(self, info: VoiceInfo, service: Service) -> None:
        self.info = info
        self._service = service
        self._parameters = {
            "format": "pcm",
            "sample_rate": SAMPLE_RATE,
            "text_type": "PlainText",
            "volume": 50,
            "rate": 1.0,
            "pitch": 1.0,
        } | ({"word_timestamp_enabled": True} if _base(info.language) in TIMED else {})

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. What has come of a sentence that is cut is said before the error is raised."""
        if any(character.isalnum() for character in text):
            async for speech in spoken(self._sound(text), SAMPLE_RATE, text, self._service.upstream):
                yield speech

    async def _sound(self, text: str) -> AsyncIterator[bytes | Sequence[SpokenWord]]:
        times = WordTimes()
        async with self._service.talk(text) as talk:
            task = Task(talk, "out")
            await task.run("tts", "SpeechSynthesizer", self.info.name, self._parameters, text)
            while (result := await task.receive()) is not None:
                yield result if isinstance(result, bytes) else times.read(result)


def _base(language: str) -> str:
    return language.split("-")[0].lower()

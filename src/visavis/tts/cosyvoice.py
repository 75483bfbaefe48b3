"""CosyVoice at DashScope, with the times of its words where the voice has them.

Source: Model Studio's reference, "CosyVoice WebSocket API", client and server events. Each sentence is a task on a
connection of its own; its sound is passed on while the service is still making it.
"""

import re
from collections.abc import AsyncIterator, Sequence

from visavis.errors import InvalidInput
from visavis.outbound.dashscope import Account, Service, Task
from visavis.outbound.upstream import Upstream
from visavis.settings import Settings
from visavis.tts import Sex, Speech, VoiceInfo
from visavis.tts.arriving import SpokenWord
from visavis.tts.cloning import VoiceCloner
from visavis.tts.dashscope_cloning import CosyVoiceCloner
from visavis.tts.dashscope_speech import WordTimes, spoken

UPSTREAM = Upstream("tts", "CosyVoice", "VISAVIS_COSYVOICE_SERVICE_URL", "VISAVIS_DASHSCOPE_API_KEY")

SAMPLE_RATE = 24_000
"""Hz: what the voices were made with."""

VOICES: dict[str, dict[Sex, tuple[str, ...]]] = {
    "v3": {
        "male": ("longanyang", "longcheng_v3", "longhan_v3", "longtian_v3", "longshu_v3", "longshuo_v3"),
        "female": (
            "longanhuan", "longxiaochun_v3", "longxiaoxia_v3", "longwan_v3", "longyue_v3", "longyuan_v3",
            "longyan_v3", "loongbella_v3",
        ),
    },
    "v2": {
        "male": ("longcheng_v2", "longshu_v2", "longshuo_v2"),
        "female": ("longxiaochun_v2", "longxiaoxia_v2", "longwan_v2", "longhua_v2", "loongbella_v2"),
    },
    "v1": {
        "male": ("longcheng", "longlaotie", "longshu", "longshuo", "longfei", "longxiang", "longjielidou"),
        "female": (
            "longxiaochun", "longxiaoxia", "longwan", "longhua", "longyue", "longmiao", "longyuan", "loongbella",
        ),
    },
}  # fmt: skip
"""By generation of the model, whose voices are not those of another. They speak Chinese, and English in between.

Source: Model Studio's reference, "CosyVoice voice list": those of several uses.
"""

USUAL = {"v3": "longanyang", "v2": "longxiaochun_v2", "v1": "longxiaochun"}
"""The voice where none is named: that of the reference's examples."""

LANGUAGES = ("zh", "en")

_OWN = re.compile(r"cosyvoice-[\w.-]+|(?:long|loong)[a-z]+(?:_v\d[\d.]*)?|libai(?:_v\d[\d.]*)?")
"""How the service's voices are called, the cloned ones first."""


class CosyVoiceProvider:
    """Settings: `dashscope_api_key`, `cosyvoice_model`, `cosyvoice_service_url`, and `voice` where `tts` is this
    provider.

    Options (`VISAVIS_OPTIONS__COSYVOICE__…`): `WORD_TIMES`, 0 not to ask for the times of words.
    """

    name = "cosyvoice"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._account = Account(settings, settings.cosyvoice_service_url, settings.dashscope_api_key, UPSTREAM)

    def missing(self) -> str | None:
        """See `Provider`."""
        return self._account.missing()

    def voices(self) -> Sequence[VoiceInfo]:
        """Some of the service's own voices for the configured model; those cloned there are not listed."""
        return [
            VoiceInfo(self.name, name, "zh-CN", name, sex)
            for sex, names in VOICES[_generation(self._settings.cosyvoice_model)].items()
            for name in names
        ]

    def voice(self, name: str, language: str, model: str = "") -> "CosyVoice":
        """See `VoiceProvider`. Any name that looks like one of the service's own is taken as it is."""
        if missing := self.missing():
            raise InvalidInput(missing)
        model = model or self._settings.cosyvoice_model
        words = bool(self._settings.option(self.name, "word_times", 1)) and _generation(model) != "v1"
        return CosyVoice(self._info(name, language, model), self._account.service(), model, word_times=words)

    def cloner(self) -> VoiceCloner:
        """See `CloningProvider`."""
        if missing := self.missing():
            raise InvalidInput(missing)
        return CosyVoiceCloner(self._account.service())

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        await self._account.aclose()

    def _info(self, name: str, language: str, model: str) -> VoiceInfo:
        configured = self._settings.voice if self._settings.tts == self.name else ""
        if name and name != configured and not _OWN.fullmatch(name):
            raise InvalidInput(f"{self.name} has no voice {name[:80]!r}")
        base = language.split("-")[0].lower()
        if not name and base not in LANGUAGES:
            raise InvalidInput(f"{self.name} does not speak {language[:20]!r}")
        wanted = name or configured or USUAL[_generation(model)]
        sexes = {voice: sex for group in VOICES.values() for sex, names in group.items() for voice in names}
        speaks = language if base in LANGUAGES and base != "zh" else "zh-CN"
        return VoiceInfo(self.name, wanted, speaks, wanted, sexes.get(wanted, ""))


class CosyVoice:
    """A `Voice`; shared freely."""

    def __init__(self, info: VoiceInfo, service: Service, model: str, *, word_times: bool = True) -> None:
        self.info = info
        self._service = service
        self._model = model
        self._parameters = {
            "voice": info.name,
            "format": "pcm",
            "sample_rate": SAMPLE_RATE,
            "text_type": "PlainText",
            "volume": 50,
            "rate": 1.0,
            "pitch": 1.0,
        } | ({"word_timestamp_enabled": True} if word_times else {})

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. What has come of a sentence that is cut is said before the error is raised."""
        if any(character.isalnum() for character in text):
            async for speech in spoken(self._sound(text), SAMPLE_RATE, text, self._service.upstream):
                yield speech

    async def _sound(self, text: str) -> AsyncIterator[bytes | Sequence[SpokenWord]]:
        times = WordTimes()
        async with self._service.talk(text) as talk:
            task = Task(talk, "duplex")
            await task.run("tts", "SpeechSynthesizer", self._model, self._parameters)
            await task.go_on(text)
            await task.finish()
            while (result := await task.receive()) is not None:
                yield result if isinstance(result, bytes) else times.read(result)


def _generation(model: str) -> str:
    number = re.search(r"cosyvoice-(v\d)", model)
    return number[1] if number and number[1] in VOICES else "v3"

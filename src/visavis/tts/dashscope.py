"""Qwen's voices at DashScope, over its realtime protocol: `dashscope`, also called `qwen_tts`, `qwen`, `bailian`.

Source: Model Studio's reference, "Qwen-TTS Realtime API", client and server events. Each sentence has a
conversation of its own; its sound is passed on while the service is still making it.
"""

import binascii
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from visavis.errors import InvalidInput
from visavis.outbound.dashscope import Account, Service, Talk
from visavis.outbound.upstream import Upstream
from visavis.settings import Settings
from visavis.tts import Sex, Speech, VoiceInfo
from visavis.tts.arriving import SpokenWord
from visavis.tts.cloning import VoiceCloner
from visavis.tts.dashscope_cloning import QwenCloner
from visavis.tts.dashscope_speech import spoken

UPSTREAM = Upstream("tts", "DashScope", "VISAVIS_DASHSCOPE_SERVICE_URL", "VISAVIS_DASHSCOPE_API_KEY")

SAMPLE_RATE = 24_000
"""Hz, mono, 16 bits: what the protocol calls `pcm`."""

LANGUAGES = {
    "zh": "Chinese", "yue": "Chinese", "cmn": "Chinese", "en": "English", "de": "German", "it": "Italian",
    "pt": "Portuguese", "es": "Spanish", "ja": "Japanese", "ko": "Korean", "fr": "French", "ru": "Russian",
}  # fmt: skip
"""What the service calls those it speaks; every voice speaks them all."""

VOICES: dict[str, dict[Sex, tuple[str, ...]]] = {
    "zh-CN": {
        "female": ("Cherry", "Serena", "Chelsie", "Momo", "Vivian", "Maia", "Bella", "Jada", "Sunny", "Elias"),
        "male": ("Ethan", "Moon", "Kai", "Nofish", "Dylan", "Li", "Marcus", "Roy", "Peter", "Eric"),
    },
    "en-US": {"female": ("Jennifer", "Katerina"), "male": ("Ryan", "Aiden")},
    "zh-HK": {"female": ("Kiki",), "male": ("Rocky",)},
}
"""By the language they are presented in. Source: Model Studio's reference, "Qwen-TTS voice list"."""


class DashScopeProvider:
    """Settings: `dashscope_api_key`, `dashscope_tts_model`, `dashscope_tts_voice`, `dashscope_service_url`,
    `qwen_tts_language`, and `voice` where `tts` is this provider.
    """

    name = "dashscope"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._account = Account(settings, settings.dashscope_service_url, settings.dashscope_api_key, UPSTREAM)

    def missing(self) -> str | None:
        """See `Provider`."""
        return self._account.missing()

    def voices(self) -> Sequence[VoiceInfo]:
        """The service's own voices; those cloned there are not listed."""
        return [
            VoiceInfo(self.name, name, language, name, sex)
            for language, sexes in VOICES.items()
            for sex, names in sexes.items()
            for name in names
        ]

    def voice(self, name: str, language: str, model: str = "") -> "QwenVoice":
        """See `VoiceProvider`. Known are those listed, the configured one, and cloned ones, called `qwen…`."""
        if missing := self.missing():
            raise InvalidInput(missing)
        model = model or self._settings.dashscope_tts_model
        info = self._info(name, language)
        speaks = LANGUAGES.get(_base(info.language), "Auto")
        if speaks == "Chinese":
            speaks = self._settings.qwen_tts_language
        return QwenVoice(info, self._account.service({"model": model}), speaks)

    def cloner(self) -> VoiceCloner:
        """See `CloningProvider`."""
        if missing := self.missing():
            raise InvalidInput(missing)
        return QwenCloner(self._account.service())

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        await self._account.aclose()

    def _info(self, name: str, language: str) -> VoiceInfo:
        usual = (self._settings.voice if self._settings.tts == self.name else "") or (
            self._settings.dashscope_tts_voice
        )
        known = {info.name.lower(): info for info in self.voices()}
        wanted = name or usual
        info = known.get(wanted.lower())
        if info is None and wanted != usual and not wanted.startswith("qwen"):
            raise InvalidInput(f"{self.name} has no voice {wanted[:80]!r}")
        info = info or VoiceInfo(self.name, wanted, "zh-CN", wanted)
        return replace(info, language=language) if language and _base(language) != _base(info.language) else info


class QwenTtsProvider(DashScopeProvider):
    """The same by another documented name."""

    name = "qwen_tts"


class QwenProvider(DashScopeProvider):
    """The same by another documented name."""

    name = "qwen"


class BailianProvider(DashScopeProvider):
    """The same by another documented name."""

    name = "bailian"


class QwenVoice:
    """A `Voice`; shared freely."""

    def __init__(self, info: VoiceInfo, service: Service, language: str = "Auto") -> None:
        """`language` in the service's own words; `service` names the model in its address."""
        self.info = info
        self._service = service
        self._session = {
            "voice": info.name,
            "mode": "commit",
            "response_format": "pcm",
            "sample_rate": SAMPLE_RATE,
            "language_type": language,
        }

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. What has come of a sentence that is cut is said before the error is raised."""
        if any(character.isalnum() for character in text):
            async for speech in spoken(self._sound(text), SAMPLE_RATE, text, self._service.upstream):
                yield speech

    async def _sound(self, text: str) -> AsyncIterator[bytes | Sequence[SpokenWord]]:
        async with self._service.talk(text) as talk:
            while (await _event(talk))["type"] != "session.created":
                pass
            await _say(talk, "session.update", session=self._session)
            await _say(talk, "input_text_buffer.append", text=text)
            await _say(talk, "input_text_buffer.commit")
            while (event := await _event(talk))["type"] != "response.done":
                if event["type"] == "response.audio.delta":
                    yield _pcm(talk, event)
                elif event["type"] == "session.finished":
                    raise talk.rubbish()
            _check(talk, event)
            # The sound is complete: that the service says goodbye, too, is not waited for.
            await _say(talk, "session.finish")


async def _say(talk: Talk, kind: str, **more: Any) -> None:
    await talk.send({"event_id": f"event_{uuid4().hex}", "type": kind, **more})


async def _event(talk: Talk) -> dict[str, Any]:
    """The next event that is no error."""
    message = await talk.receive()
    if isinstance(message, bytes) or not isinstance(message.get("type"), str):
        raise talk.rubbish()
    if message["type"] == "error":
        raise _refused(talk, message.get("error"))
    return message


def _refused(talk: Talk, told: Any) -> Exception:
    told = told if isinstance(told, dict) else {}
    return talk.refused(told.get("code") or told.get("type"), told.get("message"))


def _pcm(talk: Talk, event: dict[str, Any]) -> bytes:
    delta = event.get("delta")
    if not isinstance(delta, str):
        raise talk.rubbish()
    try:
        return b64decode(delta, validate=True)
    except (binascii.Error, ValueError) as error:
        raise talk.rubbish() from error


def _check(talk: Talk, done: dict[str, Any]) -> None:
    """Raise what a response that is over tells if it has failed."""
    response = done.get("response")
    if isinstance(response, dict) and response.get("status") in ("failed", "incomplete", "cancelled"):
        details = response.get("status_details")
        raise _refused(talk, details.get("error") if isinstance(details, dict) else None)


def _base(language: str) -> str:
    return language.split("-")[0].lower()

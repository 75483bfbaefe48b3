"""ElevenLabs: voices in the cloud, by its HTTP API. The sound is passed on while the service is still making it.

Source: ElevenLabs API reference, "Stream speech". Every sentence is sent to ElevenLabs, once: it costs money.
"""

import re
from collections.abc import AsyncIterator, Sequence

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.media.mp3_stream import Mp3Error, Mp3Stream
from visavis.outbound import Outbound, OutboundFailed
from visavis.outbound.upstream import Upstream
from visavis.settings import Settings
from visavis.tts import Speech, VoiceInfo
from visavis.tts.arriving import ArrivingSound, RawSound, SoundSource

SERVICE = Upstream(
    "tts",
    "ElevenLabs",
    address="VISAVIS_ELEVENLABS_BASE_URL and VISAVIS_ELEVENLABS_VOICE_ID",
    key="VISAVIS_ELEVENLABS_API_KEY and the account's quota",
)

TIMEOUT = 30.0
"""Seconds without a byte."""

MAX_BYTES = 16 * 1024 * 1024
"""One sentence: nearly 3 min of the fattest sound (48 kHz, 16 bits)."""

_FORMAT = re.compile(r"(?P<codec>mp3|pcm)_(?P<rate>8000|16000|22050|24000|32000|44100|48000)(?:_\d{1,3})?")

_VOICE_ID = re.compile(r"[A-Za-z0-9]{20,32}")
"""Identifiers have 20 letters and digits; names, which can't be asked for, have fewer."""


class ElevenLabsProvider:
    """Settings: `elevenlabs_api_key`, `…_voice_id`, `…_model_id`, `…_output_format`, `…_base_url`."""

    name = "elevenlabs"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._outbound: Outbound | None = None

    def missing(self) -> str | None:
        """See `Provider`."""
        settings = self._settings
        key = settings.elevenlabs_api_key.strip()
        if not key or not key.isascii() or not key.isprintable():
            return "set VISAVIS_ELEVENLABS_API_KEY to a key of your account at ElevenLabs"
        if not _VOICE_ID.fullmatch(settings.elevenlabs_voice_id):
            return "set VISAVIS_ELEVENLABS_VOICE_ID to the identifier of a voice, like 21m00Tcm4TlvDq8ikWAM"
        if not _FORMAT.fullmatch(settings.elevenlabs_output_format):
            return "VISAVIS_ELEVENLABS_OUTPUT_FORMAT has to be one of mp3 or pcm, like mp3_22050_32 or pcm_16000"
        if not settings.elevenlabs_base_url.startswith(("http://", "https://")):
            return "VISAVIS_ELEVENLABS_BASE_URL has to begin with http:// or https://"
        return None

    def voices(self) -> Sequence[VoiceInfo]:
        """The configured one; only the service knows the others, which can be asked for by identifier."""
        return [] if self.missing() else [_info(self._settings.elevenlabs_voice_id, self._settings.language)]

    def voice(self, name: str, language: str, model: str = "") -> "ElevenLabsVoice":
        """See `VoiceProvider`. Voices speak every language of their model; they share connections."""
        if missing := self.missing():
            raise InvalidInput(missing)
        name = name or self._settings.elevenlabs_voice_id
        if not _VOICE_ID.fullmatch(name):
            raise InvalidInput(
                f"elevenlabs has identifiers for voices, like 21m00Tcm4TlvDq8ikWAM, not {name[:80]!r}"
            )
        if self._outbound is None:
            self._outbound = Outbound.for_configured(self._settings, self._settings.elevenlabs_base_url)
        return ElevenLabsVoice(
            _info(name, language),
            self._outbound,
            self._settings.elevenlabs_base_url,
            api_key=self._settings.elevenlabs_api_key,
            model=model or self._settings.elevenlabs_model_id,
            output_format=self._settings.elevenlabs_output_format,
        )

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        if self._outbound is not None:
            await self._outbound.aclose()


class ElevenLabsVoice:
    """A `Voice`; shared freely."""

    def __init__(
        self,
        info: VoiceInfo,
        outbound: Outbound,
        base_url: str,
        *,
        api_key: str,
        model: str,
        output_format: str,
        timeout: float = TIMEOUT,
    ) -> None:
        """`timeout` is in seconds between bytes."""
        self.info = info
        self._outbound = outbound
        path = f"/v1/text-to-speech/{info.name}/stream?output_format={output_format}"
        self._url = base_url.rstrip("/") + path
        self._key = api_key.strip()
        self._model = model
        self._format = output_format
        self._timeout = timeout

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. What has come of a sentence that is cut is said before the error is raised."""
        if not any(character.isalnum() for character in text):
            return
        sound = ArrivingSound(_source(self._format), text)
        failure: UpstreamFailed | None = None
        cause: Exception | None = None
        try:
            async with self._outbound.stream(
                "POST",
                self._url,
                json={"text": text, "model_id": self._model},
                headers={"xi-api-key": self._key},
                timeout=self._timeout,
                max_bytes=MAX_BYTES,
            ) as response:
                if response.status != 200:
                    raise await SERVICE.refused(response, hide=[self._key, text])
                if not response.headers.get("content-type", "audio/").startswith(("audio/", "application/octet")):
                    raise SERVICE.rubbish()
                async for data in response.pieces():
                    async for speech in sound.push(data):
                        yield speech
                for speech in sound.finish():
                    yield speech
        except OutboundFailed as error:
            failure, cause = SERVICE.lost(error), error
        except Mp3Error as error:
            failure, cause = SERVICE.failed("sent what can't be used", str(error)), error
        for speech in sound.flush():
            yield speech
        if failure is None and not sound.heard:
            failure = SERVICE.failed("sent no sound")
        if failure is not None:
            raise failure from cause


def _source(output_format: str) -> SoundSource:
    found = _FORMAT.fullmatch(output_format)
    if found is not None and found["codec"] == "pcm":
        return RawSound(int(found["rate"]))
    return Mp3Stream()


def _info(name: str, language: str) -> VoiceInfo:
    return VoiceInfo("elevenlabs", name, language, f"ElevenLabs {name}")

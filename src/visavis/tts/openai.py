"""Voices behind the speech endpoint of OpenAI: OpenAI itself, local speech servers, the kiosk's text-to-speech.

Source: OpenAI API reference, "Create speech". The sound is passed on while the service is still making it.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from visavis.errors import InvalidInput, UpstreamFailed
from visavis.media.samples import Resampler, Samples, from_bytes
from visavis.media.wav_stream import WavError, WavStream
from visavis.outbound import Outbound, OutboundFailed, Response
from visavis.outbound.upstream import Upstream
from visavis.settings import Settings
from visavis.tts import Speech, VoiceInfo
from visavis.tts.silence import Trim

SERVICE = Upstream("tts", "the speech service")

SpeechFormat = Literal["wav", "pcm"]
"""How the sound is asked for: a WAV file, or raw s16le mono sound at 24 kHz."""

PCM_RATE = 24_000
"""Hz of OpenAI's raw sound."""

HIGHEST_RATE = 48_000
"""Hz; what is above is brought down to it, as the contract of voices has it."""

PIECE = 0.1
"""Seconds of sound in one `Speech`, at most."""

TIMEOUT = 120.0
"""Seconds without a byte, which may be all the time a service needs for a sentence: what the kiosk gives it."""

MAX_BYTES = 32 * 1024 * 1024
"""One sentence: 40 s of the fattest sound (96 kHz, two channels, 32 bits), 11 min of the usual."""


class OpenAISpeechProvider:
    """Settings: `tts_url`, `tts_api_key`, `tts_model`, and `voice` where `tts` is this provider.

    Options (`VISAVIS_OPTIONS__OPENAI_TTS__…`): `RESPONSE_FORMAT`, `wav` or `pcm`; `LANGUAGE` and `INSTRUCTIONS`,
    as the service wants them, sent if set.
    """

    name = "openai"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._outbound: Outbound | None = None

    def missing(self) -> str | None:
        """See `Provider`."""
        if not self._settings.tts_url:
            return "set VISAVIS_TTS_URL to an OpenAI-compatible endpoint, up to and including /v1"
        if not self._settings.tts_url.startswith(("http://", "https://")):
            return "VISAVIS_TTS_URL has to begin with http:// or https://"
        if self._option("response_format", "wav") not in ("wav", "pcm"):
            return "VISAVIS_OPTIONS__OPENAI_TTS__RESPONSE_FORMAT has to be wav or pcm"
        return None if self._settings.tts_model else "set VISAVIS_TTS_MODEL to the model's name at that endpoint"

    def voices(self) -> Sequence[VoiceInfo]:
        """Only the service knows its voices."""
        return []

    def voice(self, name: str, language: str, model: str = "") -> "SpeechEndpoint":
        """See `VoiceProvider`. Any name is taken as it is. They share connections until `aclose`."""
        if (missing := self.missing()) and not (model and self._settings.tts_url):
            raise InvalidInput(missing)
        if self._outbound is None:
            self._outbound = Outbound.for_configured(self._settings, self._settings.tts_url)
        usual = self._settings.voice if self._settings.tts == self.name else ""
        return SpeechEndpoint(
            self._outbound,
            self._settings.tts_url.rstrip("/") + "/audio/speech",
            model=model or self._settings.tts_model,
            voice=name or usual,
            language=self._option("language"),
            instructions=self._option("instructions"),
            api_key=self._settings.tts_api_key,
            speaks=language,
            response_format="pcm" if self._option("response_format") == "pcm" else "wav",
            upstream=replace(SERVICE, address="VISAVIS_TTS_URL", key="VISAVIS_TTS_API_KEY"),
        )

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        if self._outbound is not None:
            await self._outbound.aclose()

    def _option(self, key: str, default: str = "") -> str:
        value: str = self._settings.option("openai_tts", key, default)
        return value


class SpeechEndpoint:
    """A `Voice` at one address; shared freely."""

    def __init__(
        self,
        outbound: Outbound,
        url: str,
        *,
        model: str,
        voice: str = "",
        language: str = "",
        instructions: str = "",
        api_key: str = "",
        speaks: str = "en",
        response_format: SpeechFormat = "wav",
        timeout: float = TIMEOUT,
        upstream: Upstream = SERVICE,
    ) -> None:
        """`url` is the endpoint itself: `http://host/v1/audio/speech`. Empty fields are not sent.

        `language` is in the service's own words (`English`), `speaks` the BCP 47 tag of it, for `info`. `timeout`
        is in seconds between bytes.
        """
        self.info = VoiceInfo("openai", voice or "default", speaks, voice or "the service's usual voice")
        self._outbound = outbound
        self._url = url
        self._key = api_key.strip()
        self._format: SpeechFormat = response_format
        self._timeout = timeout
        self._upstream = upstream
        optional = {"voice": voice, "language": language, "instructions": instructions}
        self._request = {"model": model, "response_format": response_format}
        self._request |= {name: value for name, value in optional.items() if value}

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        """See `Voice`. What has come of a sentence that is cut is said before the error is raised."""
        if not any(character.isalnum() for character in text):
            return
        sound = _Sound(self._format)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        failure: UpstreamFailed | None = None
        cause: Exception | None = None
        try:
            async with self._outbound.stream(
                "POST",
                self._url,
                json=self._request | {"input": text},
                headers=headers,
                timeout=self._timeout,
                max_bytes=MAX_BYTES,
            ) as response:
                if response.status != 200:
                    raise await self._upstream.refused(response, hide=[self._key, text])
                if self._format == "pcm" and _is_text(response):
                    raise self._upstream.rubbish()
                async for data in response.pieces():
                    for speech in sound.push(data):
                        yield speech
                sound.finish()
        except OutboundFailed as error:
            failure, cause = self._upstream.lost(error), error
        except WavError as error:
            failure, cause = self._upstream.failed("sent what can't be used", str(error)), error
        for speech in sound.flush():
            yield speech
        if failure is None and not sound.heard:
            failure = self._upstream.failed("sent no sound")
        if failure is not None:
            raise failure from cause


def _is_text(response: Response) -> bool:
    """Whether an answer says that it is no sound; a WAV file can be told by itself, raw sound can't."""
    return response.headers.get("content-type", "").startswith(("application/json", "text/"))


class _Raw:
    """Raw sound with the face of `WavStream`."""

    sample_rate = PCM_RATE

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> Samples:
        data = self._rest + data
        self._rest = data[len(data) & ~1 :]
        return from_bytes(data)

    def finish(self) -> None:
        """It may end anywhere."""


class _Sound:
    """Bytes of an answer → `Speech`, without the silence around it."""

    def __init__(self, form: SpeechFormat) -> None:
        self._source: WavStream | _Raw = WavStream() if form == "wav" else _Raw()
        self._resampler: Resampler | None = None
        self._trim: Trim | None = None
        self.heard = False
        """Whether any sound has come."""

    def push(self, data: bytes) -> Iterator[Speech]:
        """Take bytes as they come; give what can be heard for certain. Raises `WavError`."""
        pcm = self._source.push(data)
        if len(pcm):
            self.heard = True
            if self._resampler is None:
                rate = self._source.sample_rate
                self._resampler = Resampler(rate, min(rate, HIGHEST_RATE))
            yield from self._trimmed(self._resampler.push(pcm))

    def finish(self) -> None:
        """The answer was complete. Raises `WavError` if the file in it is not."""
        self._source.finish()

    def flush(self) -> Iterator[Speech]:
        """Give the rest."""
        if self._resampler is not None:
            yield from self._trimmed(self._resampler.flush())
        if self._trim is not None and (last := self._trim.flush()):
            yield replace(last, marked=False)

    def _trimmed(self, pcm: Samples) -> Iterator[Speech]:
        assert self._resampler is not None  # noqa: S101  # for the type checker
        rate = self._resampler.target_rate
        self._trim = self._trim or Trim(rate)
        step = round(PIECE * rate)
        for start in range(0, len(pcm), step):
            if speech := self._trim.push(pcm[start : start + step]):
                # `Trim` is made for voices that know their phonemes; this one knows none.
                yield replace(speech, marked=False)

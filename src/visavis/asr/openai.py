"""Recognisers behind the transcription endpoint of OpenAI: OpenAI itself, Whisper servers, the kiosk's analyzer.

Source: OpenAI API reference, "Create transcription". An utterance is sent when it has
ended, so there are no partials.
"""

import asyncio
import re
import secrets
import wave
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from io import BytesIO

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.errors import Unavailable
from visavis.media import timeline
from visavis.media.samples import Samples
from visavis.outbound import Outbound, OutboundFailed
from visavis.outbound.upstream import Upstream, parsed
from visavis.settings import Settings

SERVICE = Upstream("asr", "the transcription service")

MAX_SECONDS = 600
"""Sound of one utterance that is kept and sent; what is said after it is left out."""

MAX_ANSWER_BYTES = 1024 * 1024
"""Ten minutes of the fastest talk are some 20 kB."""

TIMEOUT = 120.0
"""Seconds from the end of the sound to the transcript: what the kiosk gives its analyzer."""

LIVE_TIMEOUT = 9.0
"""The same for a configured recogniser: its process is taken for hung after ten (`asr.child.PATIENCE`)."""

_NOT_WORDS = r"(?:blank[_ ]audio|(?:background\s+)?music|noise|applause|laughter|silence)"

JUNK = re.compile(rf"\[\s*{_NOT_WORDS}\s*\]|\(\s*{_NOT_WORDS}\s*\)", re.IGNORECASE)
"""What Whisper writes for sound without words (the kiosk contract, 1.5)."""


class OpenAITranscriptionProvider:
    """Settings: `asr_url`, `asr_api_key`, `asr_model`."""

    name = "openai"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._outbound: Outbound | None = None

    def missing(self) -> str | None:
        """See `Provider`."""
        if not self._settings.asr_url:
            return "set VISAVIS_ASR_URL to an OpenAI-compatible endpoint, up to and including /v1"
        if not self._settings.asr_url.startswith(("http://", "https://")):
            return "VISAVIS_ASR_URL has to begin with http:// or https://"
        return None

    def recognizer(self, language: str, model: str = "") -> "TranscriptionEndpoint":
        """See `RecognizerProvider`. They share connections until `aclose`. Raises `Unavailable` without a URL."""
        if missing := self.missing():
            raise Unavailable(f"openai: {missing}")
        if self._outbound is None:
            self._outbound = Outbound.for_configured(self._settings, self._settings.asr_url)
        return TranscriptionEndpoint(
            self._outbound,
            self._settings.asr_url.rstrip("/") + "/audio/transcriptions",
            self._settings.asr_api_key,
            model or self._settings.asr_model,
            timeout=LIVE_TIMEOUT,
            upstream=replace(SERVICE, address="VISAVIS_ASR_URL", key="VISAVIS_ASR_API_KEY"),
        )

    async def aclose(self) -> None:
        """Close the kept connections; in the loop that used them."""
        if self._outbound is not None:
            await self._outbound.aclose()


class TranscriptionEndpoint:
    """A `Recognizer` at one address; takes any number of utterances at once."""

    def __init__(
        self,
        outbound: Outbound,
        url: str,
        api_key: str = "",
        model: str = "",
        temperature: float = 0.0,
        timeout: float = TIMEOUT,
        upstream: Upstream = SERVICE,
    ) -> None:
        """`url` is the endpoint itself: `http://host/v1/audio/transcriptions`."""
        self._outbound = outbound
        self._url = url
        self._model = model
        self._temperature = temperature
        self._timeout = timeout
        self._upstream = upstream
        key = api_key.strip()
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._key = key

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`. An empty `language` lets the service find out."""
        pieces: list[bytes] = []
        heard = 0
        async for pcm in sound:
            kept = pcm[: MAX_SECONDS * SAMPLE_RATE - heard]
            heard += len(kept)
            pieces.append(kept.astype("<i2", copy=False).tobytes())
        text = ""
        if heard:
            try:
                async with asyncio.timeout(self._timeout):
                    text = await self._ask(b"".join(pieces), language)
            except TimeoutError as error:
                raise self._upstream.failed("did not answer in time") from error
            except OutboundFailed as error:
                raise self._upstream.lost(error) from error
        yield Transcript(without_junk(text), True, 0, heard * timeline.SAMPLE_RATE // SAMPLE_RATE)

    async def _ask(self, pcm: bytes, language: str) -> str:
        # Whisper knows languages, not their regions.
        fields = {"temperature": str(self._temperature), "language": re.split("[-_]", language.strip())[0]}
        content_type, content = _form(_wav(pcm), fields | {"model": self._model})
        async with self._outbound.stream(
            "POST",
            self._url,
            content=content,
            content_type=content_type,
            headers=self._headers,
            timeout=self._timeout,
            total=self._timeout,
            max_bytes=MAX_ANSWER_BYTES,
        ) as response:
            if response.status != 200:
                raise await self._upstream.refused(response, hide=[self._key])
            body = await response.body()
        try:
            told = parsed(body)
        except ValueError as error:
            raise self._upstream.rubbish() from error
        if isinstance(told, dict) and isinstance(text := told.get("text"), str):
            return text
        raise self._upstream.rubbish()


def without_junk(text: str) -> str:
    """A transcript without Whisper's words for noises, on one line."""
    return " ".join(JUNK.sub(" ", text).split())


def _wav(pcm: bytes) -> bytes:
    """A WAV file of s16le mono sound at 16 kHz."""
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframesraw(pcm)
    return file.getvalue()


def _form(wav: bytes, fields: Mapping[str, str]) -> tuple[str, bytes]:
    """The content type and the body of a form with a sound file (RFC 7578); empty fields are left out."""
    # Too long to occur in the sound.
    boundary = secrets.token_hex(16)
    between = f"--{boundary}\r\nContent-Disposition: form-data; "
    texts = "".join(f'{between}name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items() if value)
    head = f'{texts}{between}name="file"; filename="utterance.wav"\r\nContent-Type: audio/wav\r\n\r\n'
    body = b"".join((head.encode("utf-8", "replace"), wav, f"\r\n--{boundary}--\r\n".encode()))
    return f"multipart/form-data; boundary={boundary}", body

"""ElevenLabs: `POST /v1/text-to-speech/{voice}/stream`, answered by sound in chunks."""

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from visavis.testing.stub_server import Refused, Stub, StubRequest, check_fields, json_object
from visavis.testing.voice_stubs.sound import cut, mp3_tone, tone

_FORMATS = {
    "mp3_22050_32", "mp3_24000_48", "mp3_44100_32", "mp3_44100_64", "mp3_44100_96", "mp3_44100_128",
    "mp3_44100_192",
    "pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_32000", "pcm_44100", "pcm_48000",
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class ElevenLabsRequest(StubRequest):
    """Something to say."""

    voice: str
    output_format: str
    fields: Mapping[str, str]


class ElevenLabsStub(Stub[ElevenLabsRequest]):
    """Says a second of a tone, whatever the text."""

    PATH = "/v1/text-to-speech"
    CONTENT_TYPE = "audio/mpeg"

    def __init__(self, api_key: str = "stub-key", voice: str = "21m00Tcm4TlvDq8ikWAM") -> None:
        super().__init__(api_key)
        self.voice = voice

    @property
    def base_url(self) -> str:
        """As `VISAVIS_ELEVENLABS_BASE_URL` wants it."""
        return self.url.removesuffix(self.PATH)

    def check(self, path: str, headers: Mapping[str, str]) -> None:
        """See `Stub`."""
        found = re.fullmatch(rf"{self.PATH}/([A-Za-z0-9]{{20}})/stream", urlsplit(path).path)
        if found is None:
            raise Refused(404, f"unknown path {path}")
        if headers.get("xi-api-key") != self.api_key or "authorization" in headers:
            raise Refused(401, "wrong or missing xi-api-key")
        if found[1] != self.voice:
            raise Refused(404, "unknown voice")

    def read(self, headers: Mapping[str, str], body: bytes) -> ElevenLabsRequest:
        """See `Stub`."""
        parts = urlsplit(headers[":path"])
        query = dict(parse_qsl(parts.query))
        if query.keys() - {"output_format"} or query.get("output_format", "mp3_44100_128") not in _FORMATS:
            raise Refused(422, "unknown parameter or output_format")
        found = json_object(headers, body)
        check_fields(found, {"text"}, {"model_id"})
        for name, value in found.items():
            if not isinstance(value, str) or not value:
                raise Refused(422, f"{name} is not a text with something in it")
        return ElevenLabsRequest(
            headers=headers, voice=self.voice, output_format=query["output_format"], fields=found
        )

    def usual(self) -> list[bytes]:
        """See `Stub`."""
        codec, _, rest = self._format().partition("_")
        rate = int(rest.partition("_")[0])
        if codec == "pcm":
            return cut(tone(1.0, rate).astype("<i2").tobytes(), 4001)
        return cut(mp3_tone(1.0, rate, int(rest.partition("_")[2]) * 1000), 500)

    def empty(self) -> list[bytes]:
        """See `Stub`."""
        return []

    def huge(self) -> Iterable[bytes]:
        """See `Stub`."""
        return itertools.repeat(b"".join(self.usual()) * 100)

    def _format(self) -> str:
        return self.requests[-1].output_format if self.requests else "mp3_22050_32"

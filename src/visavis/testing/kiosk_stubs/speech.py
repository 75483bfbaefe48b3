"""Text-to-speech: `POST /v1/audio/speech`, answered by a WAV file."""

import itertools
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from visavis.media.samples import EMPTY, Samples
from visavis.testing.stub_server import Answer, Refused, Stub, StubRequest, check_fields, json_object

MAX_CHARS = 5000
"""Of one input."""

RATE = 24_000
"""Hz of the usual sound."""


@dataclass(slots=True, kw_only=True)
class SpeechRequest(StubRequest):
    """Something to say."""

    fields: Mapping[str, str]

    @property
    def input(self) -> str:
        """The text."""
        return self.fields["input"]


def wav_file(pcm: Samples, sample_rate: int = RATE) -> bytes:
    """A WAV file of int16 mono sound."""
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()


def tone(seconds: float = 0.5, sample_rate: int = RATE) -> Samples:
    """A sound to be heard by its level: a loud sine of 440 Hz."""
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    return (12_000 * np.cos(2 * np.pi * 440 * times)).astype(np.int16)


def said(pcm: Samples, sample_rate: int = RATE) -> Answer:
    """An answer with this sound, in pieces of 4 KiB."""
    return Answer(_cut(wav_file(pcm, sample_rate)))


class SpeechStub(Stub[SpeechRequest]):
    """Says half a second of a tone, whatever the text; as raw sound if that is asked for and `allow_pcm`."""

    PATH = "/v1/audio/speech"
    CONTENT_TYPE = "audio/wav"

    def __init__(self, api_key: str = "", model: str = "", *, allow_pcm: bool = False) -> None:
        """With a `model`, requests have to name that one; without, any. A kiosk never asks for raw sound."""
        super().__init__(api_key)
        self.model = model
        self._formats = {"wav", "pcm"} if allow_pcm else {"wav"}

    def usual(self) -> list[bytes]:
        """See `Stub`."""
        if self.requests and self.requests[-1].fields["response_format"] == "pcm":
            return _cut(tone().astype("<i2").tobytes())
        return list(said(tone()).pieces or ())

    def empty(self) -> list[bytes]:
        """See `Stub`. A WAV file without sound."""
        return _cut(wav_file(EMPTY))

    def huge(self) -> Iterable[bytes]:
        """See `Stub`. A streamed WAV file that never ends."""
        head = wav_file(EMPTY)[:40] + b"\xff\xff\xff\xff"
        return itertools.chain([head], itertools.repeat(tone(5.0).astype("<i2").tobytes()))

    def read(self, headers: Mapping[str, str], body: bytes) -> SpeechRequest:
        """See `Stub`."""
        found = json_object(headers, body)
        check_fields(found, {"model", "input", "response_format"}, {"voice", "language", "instructions"})
        for name, value in found.items():
            if not isinstance(value, str) or not value:
                raise Refused(422, f"{name} is not a text with something in it")
        if len(found["input"]) > MAX_CHARS:
            raise Refused(400, f"input has more than {MAX_CHARS} characters")
        if found["response_format"] not in self._formats:
            raise Refused(400, "unknown response_format")
        if self.model and found["model"] != self.model:
            raise Refused(400, "unknown model")
        return SpeechRequest(headers=headers, fields=found)


def _cut(data: bytes) -> list[bytes]:
    return [data[start : start + 4096] for start in range(0, len(data), 4096)]

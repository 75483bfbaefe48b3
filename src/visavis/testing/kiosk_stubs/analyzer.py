"""The analyzer: `POST /v1/audio/transcriptions`, a form with a sound file."""

import itertools
import json
import re
import wave
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO

from visavis.media.samples import Samples, from_bytes
from visavis.testing.stub_server import Answer, Refused, Stub, StubRequest

_DISPOSITION = re.compile(r'form-data; name="([^"]+)"(?:; filename="([^"/\\]+)")?')


@dataclass(slots=True, kw_only=True)
class AnalyzerRequest(StubRequest):
    """Sound to be recognised."""

    fields: Mapping[str, str]
    """All but the file."""
    filename: str
    pcm: Samples
    sample_rate: int
    """Hz."""


def heard(text: str) -> Answer:
    """An answer with this transcript."""
    raw = json.dumps({"text": text}).encode()
    return Answer([raw[:5], raw[5:]])


class AnalyzerStub(Stub[AnalyzerRequest]):
    """Hears `text`, whatever was said."""

    PATH = "/v1/audio/transcriptions"
    CONTENT_TYPE = "application/json"

    def __init__(self, text: str = "hello from the stub", api_key: str = "", model: str = "") -> None:
        """With a `model`, requests have to name it; without one, they must not name any."""
        super().__init__(api_key)
        self.text = text
        self.model = model

    def usual(self) -> list[bytes]:
        """See `Stub`."""
        return list(heard(self.text).pieces or ())

    def empty(self) -> list[bytes]:
        """See `Stub`."""
        return list(heard("").pieces or ())

    def huge(self) -> Iterable[bytes]:
        """See `Stub`."""
        return itertools.chain([b'{"text": "'], itertools.repeat(b"hello " * 10_000))

    def read(self, headers: Mapping[str, str], body: bytes) -> AnalyzerRequest:
        """See `Stub`."""
        fields: dict[str, str] = {}
        file: tuple[str, bytes] | None = None
        for name, filename, kind, value in _parts(headers.get("content-type", ""), body):
            if name in fields or (name == "file" and file is not None):
                raise Refused(422, f"{name} comes twice")
            if name == "file":
                if not filename.endswith(".wav") or kind != "audio/wav":
                    raise Refused(422, "file is not an audio/wav with a name that ends in .wav")
                file = filename, value
            elif name not in ("temperature", "language", "model"):
                raise Refused(422, f"unexpected: {name}")
            else:
                fields[name] = value.decode()
        if file is None or "temperature" not in fields:
            raise Refused(422, "missing: file or temperature")
        if not re.fullmatch(r"0\.\d+|1\.0", fields["temperature"]):
            raise Refused(422, "temperature is not a number from 0.0 to 1.0")
        if fields.get("language") == "":
            raise Refused(422, "language is empty")
        if fields.get("model", "") != self.model:
            raise Refused(400, "wrong, missing or unexpected model")
        pcm, sample_rate = _sound(file[1])
        return AnalyzerRequest(headers=headers, fields=fields, filename=file[0], pcm=pcm, sample_rate=sample_rate)


def _parts(content_type: str, body: bytes) -> Iterable[tuple[str, str, str, bytes]]:
    """Name, file name, content type and value of every part (RFC 7578)."""
    if not (matched := re.fullmatch(r'multipart/form-data; boundary="?([\w\'()+,./:=?-]{1,70})"?', content_type)):
        raise Refused(415, "content-type is not multipart/form-data with a boundary")
    line = b"--" + matched[1].encode()
    if not body.startswith(line + b"\r\n") or not body.endswith(b"\r\n" + line + b"--\r\n"):
        raise Refused(400, "the form does not begin or end with its boundary")
    for part in body[len(line) + 2 : -len(line) - 6].split(b"\r\n" + line + b"\r\n"):
        head, found, value = part.partition(b"\r\n\r\n")
        named = dict(row.split(": ", 1) for row in head.decode().split("\r\n") if ": " in row)
        disposition = _DISPOSITION.fullmatch(named.get("Content-Disposition", ""))
        if not found or disposition is None:
            raise Refused(400, "a part of the form has no name")
        yield disposition[1], disposition[2] or "", named.get("Content-Type", ""), value


def _sound(wav: bytes) -> tuple[Samples, int]:
    try:
        with wave.open(BytesIO(wav)) as file:
            if (file.getnchannels(), file.getsampwidth()) != (1, 2):
                raise Refused(422, "file is not mono s16")
            pcm = from_bytes(file.readframes(file.getnframes()))
            if not len(pcm) or len(pcm) != file.getnframes():
                raise Refused(422, "file has no sound, or not all of it")
            return pcm, file.getframerate()
    except (wave.Error, EOFError) as error:
        raise Refused(422, "file is not a WAV file") from error

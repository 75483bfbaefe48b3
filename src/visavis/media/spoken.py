"""What was spoken, as bytes: read from clips, joined, as WAV files and at other rates."""

import io
import struct
import wave
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

UNKNOWN = 0xFFFFFFFF
"""The size in the header of a WAV file that is sent while it is made."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A stretch of sound: s16le mono."""

    pcm: bytes
    rate: int
    """Hz."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return round(len(self.pcm) / 2 / self.rate, 3)

    def at(self, rate: int) -> "Spoken":
        """The same at another rate. A sentence begins and ends in silence, so that it can be taken as a whole."""
        if rate == self.rate or not self.pcm:
            return Spoken(self.pcm, rate)
        samples = np.frombuffer(self.pcm, "<i2").astype(np.float64)
        length = max(1, round(len(samples) * rate / self.rate))
        # By the spectrum, which is cut off at the lower rate's limit: an API may not reach `Resampler`.
        spectrum = np.fft.rfft(samples)[: length // 2 + 1]
        resampled: npt.NDArray[np.float64] = np.fft.irfft(spectrum, length) * (length / len(samples))
        return Spoken(np.clip(np.rint(resampled), -32768, 32767).astype("<i2").tobytes(), rate)

    def wav(self) -> bytes:
        """It as a WAV file."""
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(self.rate)
            writer.writeframes(self.pcm)
        return file.getvalue()


def read(path: Path) -> Spoken:
    """A clip. Raises `OSError` if it is gone. Blocks."""
    with wave.open(str(path), "rb") as file:
        return Spoken(file.readframes(file.getnframes()), file.getframerate())


def header(rate: int) -> bytes:
    """The beginning of a WAV file whose length nobody knows yet."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", UNKNOWN, b"WAVE") + form + struct.pack("<4sI", b"data", UNKNOWN)


def joined(parts: Iterable[Spoken]) -> Spoken:
    """One after another, at the rate of the first. There has to be one."""
    each = iter(parts)
    first = next(each)
    return Spoken(b"".join([first.pcm, *(part.at(first.rate).pcm for part in each)]), first.rate)

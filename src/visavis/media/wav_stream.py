"""A WAV file that is read while it is still coming.

Sources: Microsoft, "Multiple Channel Audio Data and WAVE Files" (chunks, WAVE_FORMAT_EXTENSIBLE). Servers that
stream don't know the sizes when they send the header and put 0 or something near the largest number there.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.media.samples import EMPTY, Samples

MIN_RATE, MAX_RATE = 8_000, 96_000
"""Hz."""

UNKNOWN_SIZE = 0x7FFFF000
"""A data chunk of this size or more (SoX writes this one, most 0xFFFFFFFF), or of 0, ends where the file ends."""

MAX_SKIPPED = 1024 * 1024
"""Bytes of other chunks before the sound."""

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


class WavError(ValueError):
    """What comes is no WAV file, or not one that is understood here, or not all of it came."""


@dataclass(frozen=True, slots=True)
class _Format:
    kind: int
    bits: int
    channels: int
    rate: int

    @property
    def frame(self) -> int:
        """Bytes of one sample of all channels."""
        return self.channels * self.bits // 8


class WavStream:
    """Takes the file's bytes in any pieces and gives its sound as int16 mono.

    Understands integers of 8, 16, 24 and 32 bits and floats of 32, one or two channels (their mean is taken).
    """

    def __init__(self) -> None:
        self.sample_rate = 0
        """Hz; 0 until the header has come."""
        self._rest = bytearray()
        self._riff = False
        self._format: _Format | None = None
        self._skip = 0
        self._skipped = 0
        self._in_sound = False
        self._left: int | None = None
        """Bytes of the sound that are still to come; None if it ends with the file."""

    def push(self, data: bytes) -> Samples:
        """Take the next bytes; give the sound that is complete with them, perhaps none. Raises `WavError`."""
        self._rest += data
        if not self._in_sound:
            self._read_header()
        return self._sound() if self._in_sound and self._format else EMPTY

    def finish(self) -> None:
        """The file has ended. Raises `WavError` if it should not have."""
        if not self._in_sound or self._format is None:
            raise WavError("it ends before its sound begins")
        if self._left is not None and self._left >= self._format.frame:
            raise WavError("it ends in the middle of its sound")

    def _read_header(self) -> None:
        """Read up to the first byte of sound, as far as it has come."""
        if not self._riff:
            if not b"RIFF".startswith(self._rest[:4]):
                raise WavError("it is not a WAV file")
            if len(self._rest) < 12:
                return
            if self._rest[8:12] != b"WAVE":
                raise WavError("it is not a WAV file")
            del self._rest[:12]
            self._riff = True
        while self._read_chunk():
            pass

    def _read_chunk(self) -> bool:
        """Take one chunk, or what there is of one to skip; False if it needs more bytes, or at the sound."""
        if self._skip:
            gone = min(self._skip, len(self._rest))
            del self._rest[:gone]
            self._skip -= gone
        if self._skip or len(self._rest) < 8:
            return False
        kind, size = struct.unpack_from("<4sI", self._rest)
        if kind == b"data":
            if self._format is None:
                raise WavError("it has sound before its format")
            del self._rest[:8]
            self._left = None if size == 0 or size >= UNKNOWN_SIZE else size
            self._in_sound = True
            return False
        if self._skipped + size > MAX_SKIPPED:
            raise WavError("it has too much before its sound")
        if kind == b"fmt ":
            if len(self._rest) < 8 + size:
                return False
            self._format = _format(bytes(self._rest[8 : 8 + size]))
            self.sample_rate = self._format.rate
        self._skipped += size
        # Chunks begin at even places.
        self._skip = 8 + size + size % 2
        return True

    def _sound(self) -> Samples:
        assert self._format is not None  # noqa: S101  # for the type checker
        frame = self._format.frame
        ready = len(self._rest) if self._left is None else min(len(self._rest), self._left)
        ready -= ready % frame
        pcm = _samples(bytes(self._rest[:ready]), self._format)
        del self._rest[:ready]
        if self._left is not None:
            self._left -= ready
            if self._left < frame:
                # What follows the sound is not for ears.
                self._rest.clear()
        return pcm


def _format(chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise WavError("its format is not complete")
    kind, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = struct.unpack_from("<H", chunk, 24)[0]
    if (kind, bits) not in {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32)}:
        raise WavError("its encoding is not one of 8, 16, 24 or 32 bit integers or 32 bit floats")
    if channels not in (1, 2) or frame != channels * bits // 8:
        raise WavError("it has neither one channel nor two")
    if not MIN_RATE <= rate <= MAX_RATE:
        raise WavError(f"its sample rate is not between {MIN_RATE} and {MAX_RATE} Hz")
    return _Format(kind, bits, channels, rate)


def _samples(data: bytes, form: _Format) -> Samples:
    """Whole frames as int16 mono."""
    pcm = _int16(data, form)
    if form.channels == 2:
        pcm = (pcm.reshape(-1, 2).sum(axis=1, dtype=np.int32) >> 1).astype(np.int16)
    return pcm


def _int16(data: bytes, form: _Format) -> npt.NDArray[np.int16]:
    if form.kind == _FLOAT:
        floats: npt.NDArray[np.float32] = np.nan_to_num(np.frombuffer(data, "<f4"), posinf=1.0, neginf=-1.0)
        return np.rint(np.clip(floats, -1.0, 1.0) * 32767).astype(np.int16)
    if form.bits == 8:
        return ((np.frombuffer(data, np.uint8).astype(np.int16) - 128) << 8).astype(np.int16)
    if form.bits == 16:
        return np.frombuffer(data, "<i2").astype(np.int16, copy=False)
    if form.bits == 24:
        upper = np.frombuffer(data, np.uint8).reshape(-1, 3)[:, 1:]
        return np.frombuffer(upper.tobytes(), "<i2").astype(np.int16, copy=False)
    return (np.frombuffer(data, "<i4") >> 16).astype(np.int16)

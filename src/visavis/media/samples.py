"""Sound as numbers: int16 mono arrays, resampling, levels."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.media.timeline import SAMPLE_RATE

Samples: TypeAlias = npt.NDArray[np.int16]
"""Mono sound: int16, one dimension."""

EMPTY: Samples = np.zeros(0, dtype=np.int16)
EMPTY.flags.writeable = False


def from_bytes(data: bytes | bytearray | memoryview) -> Samples:
    """Raw s16le bytes as samples; an odd last byte is left out."""
    return np.frombuffer(data, dtype="<i2", count=len(data) // 2).astype(np.int16, copy=False)


def rms(pcm: Samples) -> float:
    """Root mean square, 0 to 32768; 0 for no samples."""
    return float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)))) if len(pcm) else 0.0


def faded(pcm: Samples, length: int) -> Samples:
    """A copy that fades in and out over `length` samples at each end, at most half of it: a cut does not click."""
    length = min(length, len(pcm) // 2)
    result, ramp = pcm.copy(), np.arange(length) / max(length, 1)
    result[:length] = result[:length] * ramp
    result[len(pcm) - length :] = result[len(pcm) - length :] * ramp[::-1]
    return result


class Resampler:
    """Streams mono sound from one rate to another (default: to the engine's 48 kHz).

    Uses libswresample through PyAV, with its state kept from call to call, so pieces join without a click.
    The output is delayed by at most 2 ms until `flush`, which gives the rest.
    """

    def __init__(self, source_rate: int, target_rate: int = SAMPLE_RATE) -> None:
        self.source_rate = source_rate
        self.target_rate = target_rate
        self._resampler = None
        if source_rate != target_rate:
            from av import AudioResampler

            self._resampler = AudioResampler(format="s16", layout="mono", rate=target_rate)

    def push(self, pcm: Samples) -> Samples:
        """Take a piece at the source rate; return what is ready at the target rate, perhaps nothing."""
        if self._resampler is None or not len(pcm):
            return pcm
        from av import AudioFrame

        frame = AudioFrame.from_ndarray(np.ascontiguousarray(pcm).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self.source_rate
        return _joined(self._resampler.resample(frame))

    def flush(self) -> Samples:
        """Return what is still inside. The resampler is used up then."""
        return EMPTY if self._resampler is None else _joined(self._resampler.resample(None))


def _joined(frames: list) -> Samples:  # type: ignore[type-arg]  # PyAV types its frames loosely
    parts = [frame.to_ndarray()[0] for frame in frames if frame is not None]
    return np.concatenate(parts).astype(np.int16, copy=False) if parts else EMPTY


class SampleBuffer:
    """Sound that was written in order and is read in order, addressed by media time.

    What was written before the read position is forgotten; a gap reads as silence.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[int, Samples]] = []
        self.start = 0
        """Media time of the next sample to read."""
        self.end = 0
        """Media time just after the last sample written."""

    def write(self, start: int, pcm: Samples) -> None:
        """Add sound that begins at media time `start`; any part of it before `self.end` is left out."""
        late = max(self.end, self.start) - start
        if late > 0:
            pcm, start = pcm[late:], start + late
        if len(pcm):
            self._parts.append((start, pcm))
            self.end = start + len(pcm)

    def read(self, count: int) -> Samples:
        """The next `count` samples, silence where none were written; advances the read position."""
        out = np.zeros(count, dtype=np.int16)
        begin, end = self.start, self.start + count
        for start, pcm in self._overlapping(end):
            low, high = max(start, begin), min(start + len(pcm), end)
            if low < high:
                out[low - begin : high - begin] = pcm[low - start : high - start]
        self.skip_to(end)
        return out

    def skip_to(self, time: int) -> None:
        """Forget everything before media time `time`."""
        self.start = max(self.start, time)
        while self._parts and self._parts[0][0] + len(self._parts[0][1]) <= self.start:
            self._parts.pop(0)

    def _overlapping(self, end: int) -> Iterator[tuple[int, Samples]]:
        for part in self._parts:
            if part[0] >= end:
                return
            yield part

"""FLAC files, written as the sound comes."""

from pathlib import Path

import numpy as np

from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE


class FlacWriter:
    """Writes int16 mono sound at 48 kHz, one second at a time: about a millisecond of work each."""

    def __init__(self, path: Path) -> None:
        import av

        self._container = av.open(str(path), "w", format="flac")
        self._stream = self._container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        self._stream.format = "s16"
        self._waiting: list[Samples] = []
        self._count = 0
        self._written = 0

    def write(self, pcm: Samples) -> None:
        """Add sound."""
        self._waiting.append(pcm)
        self._count += len(pcm)
        if self._count >= SAMPLE_RATE:
            self._encode()

    def close(self) -> None:
        """Write what is left and finish the file."""
        self._encode()
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()

    def _encode(self) -> None:
        from av import AudioFrame

        if not self._count:
            return
        pcm = np.concatenate(self._waiting).reshape(1, -1)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(pcm), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._written
        self._written += self._count
        self._waiting, self._count = [], 0
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

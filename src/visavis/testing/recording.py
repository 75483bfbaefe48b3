"""A transport that keeps what was played, for tests and benches."""

import numpy as np

from visavis.media.chunk import AVChunk
from visavis.media.pictures import Picture
from visavis.media.samples import EMPTY, Samples


class RecordingTransport:
    """Implements `visavis.transport.Transport` by remembering."""

    def __init__(self) -> None:
        self.chunks: list[AVChunk] = []
        self.flushes = 0
        self.closed = False

    def play(self, chunk: AVChunk) -> None:
        """Remember a chunk."""
        self.chunks.append(chunk)

    def flush(self) -> None:
        """Count the call; what was played has left."""
        self.flushes += 1

    async def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    @property
    def pictures(self) -> list[tuple[int, Picture]]:
        """Every picture with its time."""
        return [picture for chunk in self.chunks for picture in chunk.pictures]

    @property
    def sound(self) -> Samples:
        """Everything that was played, as one array from media time 0."""
        return np.concatenate([chunk.pcm for chunk in self.chunks]) if self.chunks else EMPTY

    @property
    def audible(self) -> Samples:
        """What was not known to be silence, as one array."""
        parts = [chunk.pcm for chunk in self.chunks if not chunk.silent]
        return np.concatenate(parts) if parts else EMPTY

"""`FileTransport`: what is played becomes an MP4 file."""

import asyncio
from fractions import Fraction
from pathlib import Path

from visavis.media.chunk import AVChunk
from visavis.media.containers import Mp4Writer


class FileTransport:
    """Implements `Transport` for a playout with a free-running clock: each `play` encodes at once."""

    def __init__(self, path: Path, width: int, height: int, fps: Fraction, crf: int = 23) -> None:
        self._writer = Mp4Writer(path, width, height, fps, crf)

    def play(self, chunk: AVChunk) -> None:
        """Append to the file. Raises `OSError`, for instance when the disk is full."""
        self._writer.write(chunk)

    def flush(self) -> None:
        """Nothing waits here: what was played is in the file."""

    def abort(self) -> None:
        """Leave no file: what follows, `close` too, does nothing."""
        self._writer.abort()

    async def close(self) -> None:
        """Complete the file, which is rewritten once to put its index in front."""
        await asyncio.to_thread(self._writer.close)

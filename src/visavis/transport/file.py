"""`FileTransport`: what is played becomes an MP4 file."""

import asyncio
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

from visavis.media.chunk import AVChunk
from visavis.media.containers import Mp4Writer

AHEAD = 8
"""Chunks the playout may be ahead of the encoder: while one draws, the other encodes."""


class FileTransport:
    """Implements `Transport` for a playout with a free-running clock, which it holds back to its own speed."""

    def __init__(self, path: Path, width: int, height: int, fps: Fraction, crf: int = 23) -> None:
        self._writer = Mp4Writer(path, width, height, fps, crf)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="visavis-file")
        self._writing: deque[Future[None]] = deque()
        self._failure: OSError | None = None
        self._closed = False

    def play(self, chunk: AVChunk) -> None:
        """Append to the file. Raises `OSError`, for instance when the disk is full."""
        self._writing.append(self._thread.submit(self._writer.write, chunk))
        if len(self._writing) > AHEAD:
            try:
                self._writing.popleft().result()
            except OSError as error:
                self._failure = error
                raise

    def flush(self) -> None:
        """Nothing waits here: what was played is in the file."""

    def abort(self) -> None:
        """Leave no file: what follows, `close` too, does nothing."""
        self._thread.submit(self._writer.abort).result()

    async def close(self) -> None:
        """Complete the file, which is rewritten once to put its index in front.

        Raises `OSError`, also what `play` raised before: then there is no file.
        """
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        try:
            if self._failure is not None:
                self.abort()
                raise self._failure
            while self._writing:
                self._writing.popleft().result()
            self._thread.submit(self._writer.close).result()
        finally:
            self._thread.shutdown()

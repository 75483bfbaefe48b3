"""`FileTransport`: what is played becomes a film."""

import asyncio
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from visavis.media.chunk import AVChunk
from visavis.media.containers import FilmWriter

AHEAD = 8
"""Chunks the playout may be ahead of the encoder: while one draws, the other encodes."""


class FileTransport:
    """Implements `Transport` for a playout with a free-running clock, which it holds back to its own speed."""

    def __init__(self, writer: FilmWriter) -> None:
        self._writer = writer
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
        """Complete the file.

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

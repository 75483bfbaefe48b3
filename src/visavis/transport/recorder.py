"""`Mp4Recorder`: what a playout plays becomes an MP4 beside its transport, encoded in a thread of its own."""

import asyncio
import errno
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from queue import SimpleQueue

import av

from visavis.media.chunk import AVChunk
from visavis.media.containers import Mp4Writer
from visavis.media.timeline import from_seconds

PICTURES = 25
"""Pictures that may wait for the encoder, 10 MB of them; those that come then are left out."""

SOUND = from_seconds(30)
"""Sound that may wait, 3 MB of it: a disk that stands still for longer ends the recording."""


class Mp4Recorder:
    """Implements `Recorder`.

    If the encoder falls behind, pictures are left out and the one before stays longer; sound is never left
    out. The file appears under its name when it is complete.
    """

    def __init__(self, open_writer: Callable[[], Mp4Writer], longest: int) -> None:
        """`open_writer` may block; `longest` is in media time: there the recording ends by itself."""
        self.length = 0
        self.dropped = 0
        """Pictures that were left out."""
        self._open_writer = open_writer
        self._writer: Mp4Writer | None = None
        self._longest = longest
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="visavis-record")
        self._waiting: SimpleQueue[AVChunk | None] = SimpleQueue()
        # Each is written by one thread only.
        self._given_pictures = self._given_sound = 0
        self._done_pictures = self._done_sound = 0
        self._zero: int | None = None
        self._finished = self._overrun = False

    async def open(self) -> None:
        """See `Recorder`."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    def take(self, chunk: AVChunk) -> None:
        """See `Recorder`."""
        if self._finished:
            return
        if self._zero is None:
            self._zero = chunk.start
        if chunk.pictures and self._given_pictures - self._done_pictures >= PICTURES:
            self.dropped += len(chunk.pictures)
            chunk = replace(chunk, pictures=())
        self._given_pictures += len(chunk.pictures)
        self._given_sound += len(chunk.pcm)
        self._waiting.put(chunk)
        self.length = max(self.length, chunk.end - self._zero)
        self._overrun = self._given_sound - self._done_sound > SOUND
        if self._overrun or self.length >= self._longest:
            self.finish()

    def finish(self) -> None:
        """See `Recorder`."""
        if not self._finished:
            self._finished = True
            self._waiting.put(None)

    async def run(self) -> None:
        """See `Recorder`. Cancelled, it still has the file completed."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._encode)
        finally:
            self.finish()
            self._thread.shutdown(wait=False)

    async def discard(self) -> None:
        """See `Recorder`."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._abort)
        finally:
            self._thread.shutdown(wait=False)

    def _open(self) -> None:
        with _plain_errors():
            self._writer = self._open_writer()

    def _abort(self) -> None:
        if self._writer is not None:
            self._writer.abort()

    def _encode(self) -> None:
        if (writer := self._writer) is None:
            raise RuntimeError("open first")
        try:
            with _plain_errors():
                while (chunk := self._waiting.get()) is not None:
                    writer.write(chunk)
                    self._done_pictures += len(chunk.pictures)
                    self._done_sound += len(chunk.pcm)
                    if self._overrun:
                        raise TimeoutError(errno.ETIMEDOUT, "the disk does not keep up")
                writer.close()
        finally:
            writer.abort()


@contextmanager
def _plain_errors() -> Iterator[None]:
    """FFmpeg's errors as `OSError`: some are one already, some are not."""
    try:
        yield
    except av.FFmpegError as error:
        raise OSError(error.errno or errno.EIO, error.strerror or "the encoder failed") from error


def mp4_recorder(path: Path, width: int, height: int, fps: Fraction, longest: int, crf: int = 23) -> Mp4Recorder:
    """A recorder to `path`, whose directory is made if need be."""

    def open_writer() -> Mp4Writer:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Mp4Writer(path, width, height, fps, crf, threads=1)

    return Mp4Recorder(open_writer, longest)

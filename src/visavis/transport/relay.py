"""`RelayRoom`: one client of this server, which another process talks to, as the room that a session visits."""

import asyncio
import logging

import cv2
import msgspec
import numpy as np

from visavis.line import Line, Lost
from visavis.media.chunk import AVChunk
from visavis.media.pictures import I420
from visavis.media.pieces import AllSaid, Hush, PicturePiece, Said, SoundPiece
from visavis.media.samples import Samples, from_bytes
from visavis.transport import Intake, RoomFailed, Visitor

BEHIND = 512 * 1024
"""Bytes that the other side may be behind: some twenty pictures. Beyond that, pictures are left out."""

LOST = 4 * 1024 * 1024
"""Bytes beyond which nobody is there to take them: sound is left out, too."""

QUALITY = 85
"""Of the JPEGs: no artefacts that a viewer sees at 512 pixels, some 25 kB."""

CLIENT = "client"
"""What the one who sends is called."""

log = logging.getLogger(__name__)
_decoder = msgspec.msgpack.Decoder(Said | AllSaid | Hush)


class RelayRoom:
    """Implements `Room` over a Unix socket. Sound goes ahead of the picture that is shown with it.

    Silence between turns is not sent: whoever takes the sound would hear the avatar as speaking all the time.
    """

    alone = False

    def __init__(self, path: str) -> None:
        """`path` of the socket where somebody listens."""
        self.frames = 0
        """Pictures that were sent."""
        self._path = path
        self._line: Line | None = None
        self._sound: list[Samples] = []
        self._start = 0
        self._visitor: Visitor | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def unsent(self) -> int:
        """Samples that were played and have not left yet."""
        return sum(len(pcm) for pcm in self._sound)

    async def join(self, visitor: Visitor) -> str:
        """See `Room`."""
        try:
            async with asyncio.timeout(5):
                self._line = Line(*await asyncio.open_unix_connection(self._path))
        except (OSError, TimeoutError):
            raise RoomFailed("transport.connection_lost") from None
        self._visitor = visitor
        self._listening = asyncio.create_task(self._listen(self._line, visitor), name="listen to a relay")
        self._listening.add_done_callback(self._ended)
        return CLIENT

    def play(self, chunk: AVChunk) -> None:
        """See `Transport.play`."""
        if self._line is None:
            return
        if len(chunk.pcm) and not chunk.silent:
            if not self._sound:
                self._start = chunk.start
            self._sound.append(chunk.pcm)
        else:
            self._send_sound(self._line)
        for start, picture in chunk.pictures:
            self._send_sound(self._line)
            self._show(self._line, start, picture.pixels)

    def flush(self) -> None:
        """See `Transport.flush`."""
        self._sound.clear()

    async def until_heard(self) -> None:
        """At once: whoever sends has come to hear it."""

    def started(self, sender: str) -> None:
        """Nobody asks."""

    def finished(self, sender: str, seconds: float, *, interrupted: bool) -> None:
        """Nobody asks."""

    async def close(self) -> None:
        """See `Room`."""
        line, self._line = self._line, None
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        if line is not None:
            self._send_sound(line)
            line.hang_up()

    async def _listen(self, line: Line, visitor: Visitor) -> None:
        intake: Intake | None = None
        rate = 0
        while True:
            try:
                order = _decoder.decode(await line.receive())
            except Lost:
                visitor.left("")
                return
            if isinstance(order, Said):
                visitor.received()
                if intake is None or rate != order.sample_rate:
                    _end(intake)
                    intake, rate = visitor.open(CLIENT, order.sample_rate, continuous=False), order.sample_rate
                intake.push(from_bytes(order.pcm))
            else:
                _end(intake)
                intake = None
                if isinstance(order, Hush):
                    visitor.clear()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and self._visitor is not None:
            log.error("a relay failed by a defect", exc_info=error)
            self._visitor.left("worker.error")

    def _send_sound(self, line: Line) -> None:
        if self._sound and line.backlog < LOST:
            line.send(SoundPiece(self._start, np.concatenate(self._sound).tobytes()))
        self._sound.clear()

    def _show(self, line: Line, start: int, picture: I420) -> None:
        if line.backlog >= BEHIND:
            return
        line.send(_piece(start, picture))
        self.frames += 1
        if self.frames == 1 and self._visitor is not None:
            self._visitor.shown()


def _end(intake: Intake | None) -> None:
    if intake is not None:
        intake.end()


def _piece(start: int, picture: I420) -> PicturePiece:
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    bgr = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
    jpeg = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))[1]
    return PicturePiece(start, width, height, jpeg.tobytes())

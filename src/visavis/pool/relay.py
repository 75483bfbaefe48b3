"""`Relay`: the door to one session's media, in whichever process it runs, for an API that passes it on itself."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import msgspec

from visavis.line import Line, Lost
from visavis.media.pieces import AllSaid, Hush, Order, PicturePiece, Piece, Said, SoundPiece

__all__ = ["AllSaid", "Hush", "PicturePiece", "Piece", "Relay", "Said", "SoundPiece"]

_decoder = msgspec.msgpack.Decoder(SoundPiece | PicturePiece)


class Relay:
    """Listens on a Unix socket that only this user can reach; `verbs.Relayed` names it to the session.

    An async context manager. One session connects; nothing is kept for it but what its socket holds.
    """

    def __init__(self) -> None:
        self.path = ""
        """Where the session connects to, once it is entered."""
        self._place: tempfile.TemporaryDirectory[str] | None = None
        self._server: asyncio.Server | None = None
        self._connected: asyncio.Future[Line] | None = None

    async def __aenter__(self) -> Self:
        # Not below the data directory: the path of a Unix socket may have 107 bytes (unix(7)).
        self._place = tempfile.TemporaryDirectory(prefix="visavis-")
        self.path = str(Path(self._place.name) / "media")
        self._connected = asyncio.get_running_loop().create_future()
        self._server = await asyncio.start_unix_server(self._accept, self.path)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._connected is not None and not self._connected.cancel():
            self._connected.result().hang_up()
        if self._place is not None:
            # Not in a thread: whoever is cancelled meanwhile would leave it. There is one socket in it.
            self._place.cleanup()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def pieces(self) -> AsyncIterator[Piece]:
        """What the session plays, in order, as it is played; ends when the session does. To be read once."""
        if self._connected is None:
            raise RuntimeError("the relay is not open")
        line = await asyncio.shield(self._connected)
        while True:
            try:
                message = await line.receive()
            except Lost:
                return
            yield _decoder.decode(message)

    async def tell(self, order: Order) -> None:
        """Have the session say something, or fall silent; waits while it is behind. What it can't take is lost."""
        if self._connected is None or not self._connected.done():
            return
        line = self._connected.result()
        line.send(order)
        with suppress(Lost):
            await line.flush()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        if self._connected is None or self._connected.done():
            line.hang_up()
            return
        self._connected.set_result(line)
        if self._server is not None:
            self._server.close()  # one session, one connection

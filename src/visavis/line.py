"""A line between two processes: msgspec messages, length-prefixed msgpack, over a socket."""

import asyncio
import struct

import msgspec

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes; the largest is an SDP, a text or a piece of sound, all limited far below."""

LENGTH = struct.Struct("!I")

_encoder = msgspec.msgpack.Encoder()


class Lost(ConnectionError):
    """The other side is gone."""


class Line:
    """One end of the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def backlog(self) -> int:
        """Bytes that the other side has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    def send(self, message: msgspec.Struct) -> None:
        """Send at once, in order; a message to a side that is gone is lost."""
        data = _encoder.encode(message)
        self._writer.write(LENGTH.pack(len(data)) + data)

    async def receive(self) -> bytes:
        """The next message, still encoded. Raises `Lost` when the other side is gone."""
        try:
            (size,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            if size > MAX_MESSAGE:
                raise Lost("message too large")
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Lost("the other side is gone") from error

    async def flush(self) -> None:
        """Wait until the other side has everything that was sent. Raises `Lost`."""
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise Lost("the other side is gone") from error

    def hang_up(self) -> None:
        """Close the socket; what was not flushed is lost."""
        self._writer.close()

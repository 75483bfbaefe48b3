"""A file server on this machine that is as unreliable as it is told to be."""

import re
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.local_server import listening


@dataclass
class FileServer:
    """Serves the same bytes under every path."""

    content: bytes
    cuts: list[int] = field(default_factory=list)
    """After how many bytes the connection is cut, for each request in turn; those after them are complete."""
    ranges: bool = True
    """Whether it knows the header Range."""
    status: int = 0
    """Answers with it instead, if not 0."""
    redirects: list[str] = field(default_factory=list)
    """Where the next requests are sent."""
    asked: list[str] = field(default_factory=list)
    """`path range` of each request."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/model.bin"

    async def serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        wanted = re.search(r"range: bytes=(\d+)-", head, re.IGNORECASE)
        self.asked.append(f"{head.split()[1]} {wanted[1] if wanted else '-'}")
        if self.redirects or self.status:
            place = f"Location: {self.redirects.pop(0)}\r\n" if self.redirects else ""
            writer.write(f"HTTP/1.1 {self.status or 302} X\r\n{place}Content-Length: 0\r\n\r\n".encode())
            return
        start = int(wanted[1]) if wanted and self.ranges else 0
        size = len(self.content)
        if start:
            first = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{size - 1}/{size}"
        else:
            first = "HTTP/1.1 200 OK"
        body = self.content[start:]
        writer.write(f"{first}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
        writer.write(body[: self.cuts.pop(0)] if self.cuts else body)
        await writer.drain()


@asynccontextmanager
async def serving(content: bytes) -> AsyncIterator[FileServer]:
    server = FileServer(content)
    async with listening(server.serve) as port:
        server.port = port
        yield server

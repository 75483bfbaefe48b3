"""A receiver of webhooks: a real HTTP server that answers as it is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.local_server import listening


@dataclass
class Receiver:
    """What came, and where."""

    url: str = ""
    answers: list[bytes] = field(default_factory=list)
    """What is said next, each once; then `200`."""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    """Headers (lower case) and body."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event | None = None
    """If set, no answer is given before it is."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, value in lines}
        self.came.append((headers, await reader.readexactly(int(headers["content-length"]))))
        self.arrived.set()
        if self.release is not None:
            await self.release.wait()
        writer.write(self.answers.pop(0) if self.answers else status(200))
        await writer.drain()


def status(code: int, *headers: str, body: str = "") -> bytes:
    lines = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {len(body)}", *headers, "", body]
    return "\r\n".join(lines).encode()


@asynccontextmanager
async def receiving(answers: Sequence[bytes] = ()) -> AsyncIterator[Receiver]:
    receiver = Receiver(answers=list(answers))
    async with listening(receiver.serve) as port:
        receiver.url = f"http://127.0.0.1:{port}/hook"
        yield receiver

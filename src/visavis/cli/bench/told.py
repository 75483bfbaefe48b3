"""`Told`: what a server tells about a session, as far as a bench has to know."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from visavis.cli.bench.client import Client


@dataclass(slots=True)
class Told:
    """Grows while the session goes on."""

    understood: list[str] = field(default_factory=list)
    """Final transcripts."""
    ended: list[str] = field(default_factory=list)
    """Why each turn ended."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_understood(self, timeout: float) -> str:
        """The first final transcript; empty if none comes in time."""
        try:
            async with asyncio.timeout(timeout):
                while not self.understood:
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return ""
        return self.understood[0]

    async def listen(self, client: Client, session: str) -> None:
        """Read until the session ends."""
        async for name, data in client.events(session):
            if name == "transcript" and data["is_final"]:
                self.understood.append(data["text"])
            elif name == "speech.ended":
                self.ended.append(data["reason"])
            self.news.set()


@asynccontextmanager
async def told(client: Client, session: str) -> AsyncIterator[Told]:
    """Listen to a session's events meanwhile."""
    found = Told()
    task = asyncio.create_task(found.listen(client, session), name="events")
    try:
        yield found
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

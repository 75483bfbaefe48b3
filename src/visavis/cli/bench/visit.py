"""`Visit`: one session of the server with one viewer, and what can be awaited of it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from visavis.cli.bench.client import Client
from visavis.cli.bench.microphone import Microphone
from visavis.cli.bench.viewer import Packet, Viewer

GIVE_UP = 20.0
"""Seconds after which what should have come counts as missing."""

QUIET = 0.3
"""Seconds without sound after which a turn counts as over; longer than any pause inside a sentence of ours."""


class Visit:
    """A session that somebody watches."""

    def __init__(self, client: Client, session: str, viewer: Viewer) -> None:
        self.session = session
        self.viewer = viewer
        self._client = client

    async def connect(self) -> float:
        """Connect the viewer; returns the time its offer was sent."""
        offer = await self.viewer.offer()
        began = time.monotonic()
        await self.viewer.accept(await self._client.offer(self.session, offer))
        return began

    async def speak(self, text: str) -> float:
        """Have something said; returns the time just before the call."""
        began = time.monotonic()
        await self._client.speak(self.session, text)
        return began

    async def speak_sound(self, wav: bytes) -> float:
        """Have a recording said; returns the time just before the call."""
        began = time.monotonic()
        await self._client.speak_sound(self.session, wav)
        return began

    async def interrupt(self) -> tuple[float, float]:
        """Stop it; returns the times of the call and of its answer."""
        began = time.monotonic()
        await self._client.interrupt(self.session)
        return began, time.monotonic()

    async def sound(self) -> Packet:
        """The first audible packet from now on."""
        return _found(await self.viewer.first(lambda packet: packet.audible, GIVE_UP), "sound")

    async def picture(self) -> Packet:
        """The first packet of a picture from now on."""
        return _found(await self.viewer.first(lambda packet: packet.kind == "video", GIVE_UP), "picture")

    async def quiet(self) -> None:
        """Return when nothing was heard for a while."""
        while await self.viewer.first(lambda packet: packet.audible, QUIET) is not None:
            pass


@asynccontextmanager
async def visit(
    client: Client, avatar: str, model: str, microphone: Microphone | None = None
) -> AsyncIterator[Visit]:
    """A new session with a viewer that has yet to connect; afterwards both are ended."""
    session = await client.create(avatar, model)
    viewer = Viewer(microphone)
    try:
        yield Visit(client, session, viewer)
    finally:
        await viewer.close()
        await client.delete(session)


def _found(packet: Packet | None, what: str) -> Packet:
    if packet is None:
        raise click.ClickException(f"no {what} came from the server within {GIVE_UP:g} s")
    return packet

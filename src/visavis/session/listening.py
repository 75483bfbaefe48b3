"""Listening: one session's ear, and where its sound comes from."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from visavis.media.samples import Samples
from visavis.session.ear import Ear, Floor
from visavis.session.reaper import Reaper

Hear: TypeAlias = Callable[[Samples], None]


class Source(Protocol):
    """Something that gives sound to an ear until it is closed."""

    async def close(self) -> None:
        """Give no more."""


class Listening:
    """Makes the ear when there is something to hear (a detector takes 20 ms to load) and keeps one source."""

    def __init__(self, make_ear: Callable[[Floor], Awaitable[Ear]], floor: Floor, reaper: Reaper) -> None:
        self._make_ear = make_ear
        self._floor = floor
        self._reaper = reaper
        self._ear: Ear | None = None
        self._source: Source | None = None
        self._changing: asyncio.Task[None] | None = None

    def to(self, open_source: Callable[[Hear], Source]) -> None:
        """Listen to a new source instead of the one before."""
        earlier = self._changing
        self._changing = asyncio.create_task(self._change(earlier, open_source), name="listen")

    async def ear(self) -> Ear:
        """The ear, made now if need be."""
        if self._ear is None:
            self._ear = await self._make_ear(self._floor)
        return self._ear

    async def close(self) -> None:
        """Stop listening."""
        if self._changing is not None:
            self._changing.cancel()
            await asyncio.wait([self._changing])
        if self._source is not None:
            await self._source.close()
        if self._ear is not None:
            self._ear.close()

    async def _change(self, earlier: asyncio.Task[None] | None, open_source: Callable[[Hear], Source]) -> None:
        if earlier is not None:
            await asyncio.wait([earlier])
        ear = await self.ear()
        if self._source is not None:
            await self._source.close()
        self._source = open_source(ear.hear)

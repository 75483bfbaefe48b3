"""Listening: one session's ear, and where its sound comes from."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from visavis.errors import Conflict, StageFailed, VisavisError
from visavis.media.samples import Samples
from visavis.session.ear import Ear, Floor
from visavis.session.reaper import Reaper

Hear: TypeAlias = Callable[[Samples], None]


class Source(Protocol):
    """Something that gives sound to an ear until it is closed."""

    async def close(self) -> None:
        """Give no more."""


class Listening:
    """Keeps one source, and makes the ear when there is one: a detector and a recogniser take a while to load."""

    def __init__(self, make_ear: Callable[[Floor], Awaitable[Ear]], floor: Floor, reaper: Reaper) -> None:
        self._make_ear = make_ear
        self._floor = floor
        self._reaper = reaper
        self._ear: Ear | None = None
        self._source: Source | None = None
        self._making: asyncio.Task[Ear] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._transcribing: set[asyncio.Task[str]] = set()

    def to(self, open_source: Callable[[Hear], Source]) -> None:
        """Listen to a new source instead of the one before. What comes before the ear is ready is not heard."""
        earlier, self._source = self._source, open_source(self._hear)
        if earlier is not None:
            self._leaving = asyncio.create_task(self._leave(self._leaving, earlier), name="leave a source")
        if self._making is None:
            self._making = asyncio.create_task(self._make(), name="make an ear")

    async def ear(self) -> Ear:
        """The ear, made now if need be."""
        if self._making is None:
            self._making = asyncio.create_task(self._make(), name="make an ear")
        return await asyncio.shield(self._making)

    async def transcribe(self, pcm: Samples) -> str:
        """What is said in a recording, int16 mono at 16 kHz. `Conflict` if it was interrupted."""
        ear = await self.ear()
        task = asyncio.create_task(ear.transcribe(pcm), name="transcribe")
        self._transcribing.add(task)
        try:
            await asyncio.wait([task])
        finally:
            self._transcribing.discard(task)
            task.cancel()
        if task.cancelled():
            raise Conflict("interrupted")
        return task.result()

    def interrupt(self) -> bool:
        """Stop transcribing recordings; False if none is."""
        for task in self._transcribing:
            task.cancel()
        return bool(self._transcribing)

    async def close(self) -> None:
        """Stop listening."""
        self.interrupt()
        if self._source is not None:
            await self._source.close()
        for task in (self._making, self._leaving):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        if self._ear is not None:
            self._ear.close()

    def _hear(self, pcm: Samples) -> None:
        if self._ear is not None:
            self._ear.hear(pcm)

    async def _make(self) -> Ear:
        try:
            self._ear = await self._make_ear(self._floor)
        except VisavisError as error:
            self._floor.deaf(StageFailed("asr", error.message))
            raise
        return self._ear

    async def _leave(self, before: asyncio.Task[None] | None, source: Source) -> None:
        if before is not None:
            await asyncio.wait([before])
        await source.close()

"""Listening: one session's ear, and where its sound comes from."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from visavis.errors import Conflict, StageFailed, VisavisError
from visavis.media.echo import EchoCanceller
from visavis.media.samples import Samples
from visavis.session.ear import Ear, Floor
from visavis.session.reaper import Reaper

PATIENCE = 5.0
"""Seconds without a piece of pushed sound after which nobody pushes any more: whoever did may have gone."""

Hear: TypeAlias = Callable[[Samples], None]


class Source(Protocol):
    """Something that gives sound to an ear until it is closed."""

    async def close(self) -> None:
        """Give no more."""


class Listening:
    """Keeps one source, and makes the ear when there is one: a detector and a recogniser take a while to load.

    The `canceller` takes the avatar out of what the source hears; None if it hears nothing of it.
    """

    def __init__(
        self,
        make_ear: Callable[[Floor], Awaitable[Ear]],
        floor: Floor,
        reaper: Reaper,
        canceller: EchoCanceller | None = None,
    ) -> None:
        self._make_ear = make_ear
        self._floor = floor
        self._reaper = reaper
        self._canceller = canceller
        self._ear: Ear | None = None
        self._source: Source | None = None
        self._making: asyncio.Task[Ear] | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._transcribing: set[asyncio.Task[str]] = set()
        self._pushing = asyncio.Lock()
        """Keeps pieces in order while the ear is being made."""
        self._patience: asyncio.TimerHandle | None = None
        """Runs while sound is being pushed."""

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

    async def push(self, pcm: Samples, last: bool) -> None:
        """Push to talk: the first piece, int16 mono at 16 kHz, takes the floor by hand, the last one ends it.

        No voice activity is looked for, and the source is not heard meanwhile.
        """
        async with self._pushing:
            ear = await self.ear()
            if self._patience is None:
                ear.press()
            else:
                self._patience.cancel()
            self._patience = asyncio.get_running_loop().call_later(PATIENCE, self._let_go)
            ear.hear(pcm)
            if last:
                self._let_go()

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
        if self._patience is not None:
            self._patience.cancel()
        if self._source is not None:
            await self._source.close()
        for task in (self._making, self._leaving):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        if self._ear is not None:
            self._ear.close()

    def _hear(self, pcm: Samples) -> None:
        if self._canceller is not None:
            pcm = self._canceller.clean(pcm)
        if self._ear is not None and self._patience is None:
            self._ear.hear(pcm)

    def _let_go(self) -> None:
        """That was all that is pushed."""
        if self._patience is not None and self._ear is not None:
            self._patience.cancel()
            self._patience = None
            self._ear.release()

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

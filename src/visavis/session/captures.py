"""Captures: the questions one session hears out, one after the other, and where their sound comes from."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from visavis.errors import Conflict, Unavailable, VisavisError
from visavis.media.samples import Samples
from visavis.session.capture import Asker, Capture
from visavis.session.listening import Hear, Source
from visavis.session.plan import Plan
from visavis.session.recital import Recital

MakeCapture: TypeAlias = Callable[[Plan, Asker], Awaitable[Capture]]

OpenMicrophone: TypeAlias = Callable[[Plan, Hear, Callable[[VisavisError], None]], Awaitable[Source]]
"""Opens the machine's microphone: takes what it hears, int16 mono at 16 kHz, and a call if it is lost."""


async def no_microphone(plan: Plan, hear: Hear, lost: Callable[[VisavisError], None]) -> Source:
    """For sessions that have none to open."""
    raise Unavailable("this session can't open a microphone of the server")


class Captures:
    """At most one question at a time. A source is closed as soon as the question is over."""

    def __init__(self, make: MakeCapture, open_microphone: OpenMicrophone, asker: Asker) -> None:
        self._make = make
        self._open_microphone = open_microphone
        self._asker = asker
        self._beginning = False
        self._capture: Capture | None = None
        self._sourcing: asyncio.Task[None] | None = None

    @property
    def active(self) -> bool:
        """Whether a question is being heard or recognised."""
        return self._beginning or (self._capture is not None and not self._capture.done)

    async def begin(self, plan: Plan, recording: Samples | None) -> None:
        """Begin to hear one; `recording` is its sound, if that is where it comes from.

        Raises `Conflict` (there is one), `InvalidInput` and `Unavailable` (microphone, recogniser).
        """
        if self.active:
            raise Conflict("a question is being heard already")
        self._beginning = True
        try:
            if self._sourcing is not None:
                await asyncio.wait([self._sourcing])
            capture = await self._make(plan, self._asker)
            try:
                source = await self._open(plan, capture, recording)
            except BaseException:  # cancelled, too: nobody would end it
                capture.interrupt()
                raise
            self._capture = capture
            if source is not None:
                self._sourcing = asyncio.create_task(_close(source, capture), name="source of a question")
        finally:
            self._beginning = False

    def hear(self, pcm: Samples, last: bool) -> bool:
        """Take sound that was pushed, `last` of all or not; False if no question wants it."""
        if self._capture is None or not self._capture.hearing:
            return False
        self._capture.hear(pcm)
        if last:
            self._capture.finish()
        return True

    def stop(self) -> bool:
        """That was the question; False if none is being heard."""
        return self._capture is not None and self._capture.stop()

    def interrupt(self) -> bool:
        """Forget it; False if there is none."""
        return self._capture is not None and self._capture.interrupt()

    async def close(self) -> None:
        """Stop. The end of the session is all that is told then: nobody has asked for that of the question."""
        if self._capture is not None:
            self._capture.interrupt(tell=False)
        if self._sourcing is not None:
            await asyncio.wait([self._sourcing])

    async def _open(self, plan: Plan, capture: Capture, recording: Samples | None) -> Source | None:
        if plan.source == "microphone":
            return await self._open_microphone(plan, capture.hear, capture.fail)
        if recording is not None:
            return Recital(recording, plan.pace, capture.hear, capture.finish)
        return None


async def _close(source: Source, capture: Capture) -> None:
    await capture.over.wait()
    await source.close()

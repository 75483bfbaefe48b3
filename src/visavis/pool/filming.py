"""Filming: a session that plays into a file as fast as the machine can, for whoever waits for the whole film."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from visavis.avatar.backdrops import TRANSPARENT
from visavis.errors import InvalidInput
from visavis.face import Cutout, Face
from visavis.media.clock import FreeClock
from visavis.media.containers import FilmWriter, Mp4Writer
from visavis.media.timeline import from_seconds
from visavis.media.webm import WebmWriter
from visavis.pool.studio import Studio
from visavis.pool.verbs import NewSession
from visavis.session.journal import Journal
from visavis.session.log import EventLog
from visavis.session.parts import Limits, Parts
from visavis.session.session import Session
from visavis.transport.file import FileTransport

LONGEST = 1_000_000
"""Characters: a day of speech. Nobody waits at the other end, so the limit is only a safeguard."""

TAIL = from_seconds(0.2)
"""Rest after the last sound, so that the mouth is seen to close."""


@asynccontextmanager
async def filming(
    studio: Studio, request: NewSession, film: Path, background: str | Path = ""
) -> AsyncIterator[Session]:
    """A session whose media become `film`, which appears when the block ends well, after a little rest.

    A film ending in `.webm` is VP9 and Opus, any other an MP4. `background` comes before the request's, and may be
    `transparent`, for a WebM, or any picture's path (`Backdrops.applied`). Raises as `Studio.cast` does, and
    `OSError`. Session and studio are closed afterwards.
    """
    try:
        background = background or request.background
        transparent = background == TRANSPARENT
        if transparent and film.suffix.lower() != ".webm":
            raise InvalidInput("an MP4 can't be transparent: give the film a name that ends in .webm")
        face = await asyncio.to_thread(studio.cast, request, background)
        transport = FileTransport(_writer(film, face, transparent=transparent))
        parts = Parts(
            face=face,
            casting=studio.casting(request),
            chat=studio.chat_model(),
            knowledge=None,
            transport=transport,
            viewers=None,
            make_ear=None,
            clock=FreeClock(),
            journal=Journal(None),
            reaper=studio.reaper,
        )
        session = Session("film", parts, studio.history(request), Limits(LONGEST, 0, 3600), EventLog())
        complete = False
        try:
            yield session
            await session.playout.linger(TAIL)
            complete = True
        finally:
            if not complete:
                transport.abort()
            await session.close()
    finally:
        await studio.close()


def _writer(film: Path, face: Face, *, transparent: bool) -> FilmWriter:
    if film.suffix.lower() != ".webm":
        return Mp4Writer(film, face.width, face.height, face.fps)
    alpha = face.alpha if transparent and isinstance(face, Cutout) else None
    return WebmWriter(film, face.width, face.height, face.fps, alpha)

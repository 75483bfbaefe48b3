"""Filming: a session that plays into a file as fast as the machine can, for whoever waits for the whole film."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from visavis.media.clock import FreeClock
from visavis.media.timeline import from_seconds
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
async def filming(studio: Studio, request: NewSession, film: Path) -> AsyncIterator[Session]:
    """A session whose media become `film`, which appears when the block ends well, after a little rest.

    Raises as `Studio.face` does, and `OSError`. Session and studio are closed afterwards.
    """
    try:
        face = await asyncio.to_thread(studio.face, studio.catalogue.avatar(request.avatar_id), request.model)
        transport = FileTransport(film, face.width, face.height, face.fps)
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

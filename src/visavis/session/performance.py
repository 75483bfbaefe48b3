"""A performance: a turn's sound on its way to the face, the playout and the journal."""

import asyncio
from collections.abc import AsyncIterator

from visavis.face import Face
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE
from visavis.session.events import Warned
from visavis.session.stage import Stage
from visavis.streams import closing
from visavis.tts import Mark, Speech

PIECES_AHEAD = 128
"""Pieces of speech the face may be behind the voice: several seconds, more than the sound's own lead."""


class Performance:
    """Takes sound from whoever makes it. `animate` runs beside, if there is a face."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._speech: asyncio.Queue[Speech | None] = asyncio.Queue(PIECES_AHEAD)
        self._face_fed = stage.face is not None

    async def take(self, pcm: Samples, marks: tuple[Mark, ...] = (), marked: bool = False) -> None:
        """Add sound, int16 mono at 48 kHz, with its marks in turn time; waits while the playout has enough."""
        if not len(pcm) and not marks:
            return
        utterance = self._stage.utterance
        await utterance.sound(pcm)
        if utterance.dropped:
            return
        await self._feed_face(Speech(pcm, SAMPLE_RATE, marks, marked))
        self._stage.journal.sound(pcm)

    async def finish(self) -> None:
        """That was all."""
        self._stage.utterance.finish()
        if self._face_fed:
            await self._speech.put(None)

    async def animate(self, face: Face) -> None:
        """Show what the face makes of it."""
        async with closing(face.animate(self._pieces(), self._stage.after)) as chunks:
            async for chunk in chunks:
                await self._stage.utterance.show(chunk)

    async def _feed_face(self, speech: Speech) -> None:
        utterance = self._stage.utterance
        if not self._face_fed:
            return
        if utterance.real_time and self._speech.full():
            self._face_fed = False
            utterance.abandon_face()
            self._stage.emit(Warned("face_late", "the face model is too slow here; the turn goes on without it"))
            return
        await self._speech.put(speech)
        # A queue with room does not yield: without this the face would begin when the voice has finished.
        await asyncio.sleep(0)

    async def _pieces(self) -> AsyncIterator[Speech]:
        while self._face_fed and (piece := await self._speech.get()) is not None:
            yield piece

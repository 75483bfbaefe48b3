"""A recogniser for child processes, which does what the language of the utterance says."""

import asyncio
import os
import time
from collections.abc import AsyncIterator

from visavis.asr import Transcript
from visavis.errors import StageFailed, Unavailable
from visavis.media.samples import Samples
from visavis.settings import Settings


class ScriptedProvider:
    name = "scripted"

    def __init__(self, settings: Settings) -> None:
        pass

    def missing(self) -> str | None:
        return None

    def recognizer(self, language: str, model: str = "") -> "ScriptedRecognizer":
        if language == "unknown":
            raise Unavailable("scripted has no model; get one")
        return ScriptedRecognizer()


class ScriptedRecognizer:
    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """Says its process id after each piece, and how many samples there were at the end."""
        samples = 0
        if language == "deaf":
            # Reads nothing, ever.
            await anext(aiter(_nothing()))
        if language == "stubborn":
            yield Transcript("here", False, 0, 0)
            try:
                await anext(aiter(_nothing()))
            except asyncio.CancelledError:
                _hang()
        async for piece in sound:
            samples += len(piece)
            if language == "die":
                os._exit(3)
            if language == "hang":
                _hang()
            if language == "defect":
                raise RuntimeError("a defect")
            if language == "fail":
                raise StageFailed("asr", "scripted has failed; try again")
            yield Transcript(str(os.getpid()), False, 0, samples * 3)
        if language != "mute":
            yield Transcript(str(samples), True, 0, samples * 3)


def _hang() -> None:
    time.sleep(1000)


async def _nothing() -> AsyncIterator[None]:
    await asyncio.Event().wait()
    yield

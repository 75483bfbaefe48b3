"""The contract of recognisers, as a check that any provider can be put through."""

import asyncio
from collections.abc import AsyncIterator

from visavis.asr import SAMPLE_RATE, Recognizer
from visavis.media import timeline
from visavis.media.samples import Samples
from visavis.testing.contract import require

_PIECE = SAMPLE_RATE // 25
"""40 ms, as a microphone gives it."""


async def check_recognizer(recognizer: Recognizer, sound: Samples, language: str) -> None:
    """Raise `ContractBroken` if `recognizer` does not keep the contract of `Recognizer`.

    `sound` is one utterance in `language`: int16 mono at 16 kHz, with words that the recogniser should understand
    in part at least.
    """
    await _check_utterance(recognizer, sound, language)
    await _check_cancelling(recognizer, sound, language)
    await _check_utterance(recognizer, sound, language)


async def _pieces(sound: Samples) -> AsyncIterator[Samples]:
    for start in range(0, len(sound), _PIECE):
        yield sound[start : start + _PIECE]
        await asyncio.sleep(0)


async def _check_utterance(recognizer: Recognizer, sound: Samples, language: str) -> None:
    heard = [transcript async for transcript in recognizer.transcribe(_pieces(sound), language)]
    require(len(heard) > 0, "an utterance has no transcript")
    require(
        [transcript.final for transcript in heard].count(True) == 1, "there is not exactly one final transcript"
    )
    require(heard[-1].final, "a transcript comes after the final one")
    require(heard[-1].text.strip() != "", "the final transcript has no words")
    length = len(sound) * timeline.SAMPLE_RATE // SAMPLE_RATE
    for transcript in heard:
        covers = transcript.end - transcript.start
        require(
            0 <= covers <= length + timeline.SAMPLE_RATE // 10, f"a transcript covers {covers} of {length} samples"
        )
    ends = [transcript.end for transcript in heard]
    require(ends == sorted(ends), "a later transcript ends before an earlier one")


async def _check_cancelling(recognizer: Recognizer, sound: Samples, language: str) -> None:
    """An utterance that nobody waits for any more can be given up, also while its sound has stopped coming."""
    half_said = asyncio.Event()

    async def stalled() -> AsyncIterator[Samples]:
        async for piece in _pieces(sound[: len(sound) // 2]):
            yield piece
        half_said.set()
        await asyncio.Event().wait()

    async def read() -> None:
        async for _ in recognizer.transcribe(stalled(), language):
            pass

    task = asyncio.create_task(read())
    waiting = asyncio.create_task(half_said.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    task.cancel()
    outcome = (await asyncio.gather(task, return_exceptions=True))[0]
    require(isinstance(outcome, asyncio.CancelledError), f"a cancelled utterance ends with {outcome!r}")

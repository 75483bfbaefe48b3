"""The contract of voices, as a check that any provider can be put through."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import cast

import numpy as np

from visavis.media.samples import rms
from visavis.testing.contract import require
from visavis.tts import Mark, Speech, Voice

_NOT_IPA = re.compile("[ˈˌːˑ0-9 ]")


async def check_voice(voice: Voice, text: str) -> None:
    """Raise `ContractBroken` if `voice` does not keep the contract of `Voice`.

    `text` is a sentence of some words in the voice's language. It is said about seven times; a voice behind a
    network is really called.
    """
    for field in ("provider", "name", "language", "label"):
        require(getattr(voice.info, field) != "", f"info.{field} is empty")
    await _check_sentence(voice, text)
    await asyncio.gather(*(_check_sentence(voice, text) for _ in range(3)))
    await _check_closing(voice, text)
    await _check_cancelling(voice, text)
    await _check_sentence(voice, text)


async def _check_sentence(voice: Voice, text: str) -> None:
    pieces = [piece async for piece in voice.speak(text)]
    require(len(pieces) > 0, "nothing is said")
    for piece in pieces:
        _check_sound(piece)
    require(len({piece.sample_rate for piece in pieces}) == 1, "the sample rate changes within one sentence")
    require(len({piece.marked for piece in pieces}) == 1, "`marked` changes within one sentence")
    require(rms(np.concatenate([piece.pcm for piece in pieces])) > 50, "the sentence is silent")
    _check_marks(pieces, text)


def _check_sound(piece: Speech) -> None:
    require(piece.pcm.dtype == np.int16 and piece.pcm.ndim == 1, "pcm is not int16 mono")
    require(len(piece.pcm) > 0, "a piece is empty")
    require(8_000 <= piece.sample_rate <= 48_000, f"{piece.sample_rate} Hz is not between 8 and 48 kHz")


def _check_marks(pieces: list[Speech], text: str) -> None:
    begin = 0
    for piece in pieces:
        end = begin + len(piece.pcm)
        for mark in piece.marks:
            require(begin <= mark.start < end, f"{mark} is not in its piece ({begin} to {end})")
            _check_mark(mark, text)
        begin = end
    marks = [mark for piece in pieces for mark in piece.marks]
    starts = [mark.start for mark in marks]
    require(starts == sorted(starts), "marks are not in the order of their times")
    offsets = [mark.offset for mark in marks if mark.kind == "word" and mark.offset >= 0]
    require(offsets == sorted(set(offsets)), "words are not in the order of the text")
    phonemes = any(mark.kind == "phoneme" and mark.value for mark in marks)
    require(phonemes or not pieces[0].marked, "`marked` promises phonemes, but there are none")


def _check_mark(mark: Mark, text: str) -> None:
    if mark.kind == "word":
        require(mark.value != "", "a word is empty")
        given = text[mark.offset : mark.offset + len(mark.value)]
        require(mark.offset < 0 or given == mark.value, f"{mark} is not in the text at that place")
    else:
        require(not _NOT_IPA.search(mark.value), f"{mark.value!r} is not IPA without stress and length")


async def _check_closing(voice: Voice, text: str) -> None:
    """A sentence that is closed early stops."""
    async with aclosing(cast(AsyncGenerator[Speech, None], voice.speak(text))) as speech:
        async for _ in speech:
            break


async def _check_cancelling(voice: Voice, text: str) -> None:
    """A task that reads a sentence can be cancelled."""
    begun = asyncio.Event()

    async def read() -> None:
        async for _ in voice.speak(text):
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(read())
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    task.cancel()
    outcome = (await asyncio.gather(task, return_exceptions=True))[0]
    require(isinstance(outcome, asyncio.CancelledError), f"a cancelled sentence ends with {outcome!r}")

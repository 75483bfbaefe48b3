"""Speech made by hand, and what a face made of it."""

from collections.abc import AsyncIterator, Iterable

import numpy as np

from visavis.face import Face
from visavis.face.portrait.face import Moment
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Live, Loop, Picture
from visavis.media.samples import Samples
from visavis.media.timeline import from_seconds
from visavis.tts import Mark, Speech


def hum(seconds: float, hertz: float = 150.0, level: int = 6000) -> Samples:
    """A tone at 48 kHz."""
    times = np.arange(from_seconds(seconds)) / 48_000
    return (level * np.sin(2 * np.pi * hertz * times)).astype(np.int16)


def marks(phonemes: Iterable[tuple[str, float]]) -> tuple[Mark, ...]:
    """Marks for (phoneme, seconds)."""
    time, found = 0.0, []
    for phoneme, seconds in phonemes:
        found.append(Mark("phoneme", from_seconds(time), phoneme))
        time += seconds
    return tuple(found)


async def said(
    pcm: Samples, spoken: tuple[Mark, ...] = (), marked: bool = True, piece: int = 1500
) -> AsyncIterator[Speech]:
    """The sound in pieces, each with the marks that start in it."""
    for start in range(0, len(pcm), piece):
        part = pcm[start : start + piece]
        here = tuple(mark for mark in spoken if start <= mark.start < start + len(part))
        yield Speech(part, 48_000, here, marked=marked)


async def animated(face: Face, speech: AsyncIterator[Speech], after: Picture | None = None) -> list[AVChunk]:
    """Every chunk of an utterance."""
    return [chunk async for chunk in face.animate(speech, after)]


def shown(chunks: list[AVChunk]) -> list[Picture]:
    """Its pictures."""
    return [picture for chunk in chunks for _, picture in chunk.pictures]


def moment(picture: Picture) -> Moment:
    """What a portrait's live picture shows."""
    assert isinstance(picture, Live)
    assert isinstance(picture.state, Moment)
    return picture.state


def place(picture: Picture) -> Loop:
    """The frame of a loop that a portrait's picture shows, or is drawn on."""
    return picture if isinstance(picture, Loop) else moment(picture).place

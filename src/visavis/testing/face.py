"""The conformance suite of faces: run `check_face` on any `visavis.face.Face`."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np

from visavis.face import Face
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Live, Loop, Picture
from visavis.media.timeline import SAMPLE_RATE, frame_index, frame_start, from_seconds
from visavis.testing.contract import require
from visavis.tts import Mark, Speech

PIECE = 1777
"""Samples in a piece of made-up speech: divides no picture and no packet."""


class Recited:
    """Made-up speech in pieces, which says how much of it was read."""

    def __init__(self, seconds: float, marked: bool) -> None:
        self.length = from_seconds(seconds)
        self.read = 0
        self._marked = marked

    async def __aiter__(self) -> AsyncIterator[Speech]:
        """Vowels and closed lips in turn, a hum beneath them."""
        phonemes = [Mark("phoneme", at * 4800, "mɑsu"[at % 4]) for at in range(self.length // 4800 + 1)]
        while self.read < self.length:
            start, stop = self.read, min(self.read + PIECE, self.length)
            pcm = (6000 * np.sin(np.arange(start, stop) * (2 * np.pi * 180 / SAMPLE_RATE))).astype(np.int16)
            marks = tuple(mark for mark in phonemes if start <= mark.start < stop) if self._marked else ()
            self.read = stop
            yield Speech(pcm, SAMPLE_RATE, marks, marked=self._marked)
            await asyncio.sleep(0)


async def check_face(face: Face) -> None:
    """Raise `ContractBroken` if `face` does not keep the contract of `visavis.face.Face`. Closes it."""
    require(face.width % 2 == 0 and face.height % 2 == 0, "width and height are even")
    require(face.fps > 0 and face.look_ahead >= 0, "fps is positive, look_ahead is not negative")
    last = _check_rest(face, None)
    for seconds, marked in ((0.73, True), (0.73, False), (0.0005, True)):
        last = await _check_speech(face, Recited(seconds, marked), last)
    await _check_laziness(face)
    together = await asyncio.gather(*(_chunks(face, Recited(0.5, True), None) for _ in range(2)))
    require(_same(*together), "utterances drawn at the same time do not change each other")
    _check_rest(face, last)
    await face.close()


def _check_rest(face: Face, after: Picture | None) -> Picture:
    """A second and more of rest; gives the last picture."""
    picture = after
    for count in range(2 * round(face.fps)):
        following = face.rest(picture)
        _check_picture(face, following)
        if count > round(face.fps) // 2:
            require(isinstance(following, Loop), "at rest, a face returns to its loop within half a second")
        if isinstance(picture, Loop) and isinstance(following, Loop):
            index = (picture.index + 1) % len(picture.clip)
            require(following.index == index, "the frames of a loop follow one another")
            changed = picture.clip.key != following.clip.key
            require(not changed or following.is_key, "clips are changed at key indices only")
        picture = following
    if picture is None:
        raise ValueError("a face has at least one picture a second")
    return picture


def _check_picture(face: Face, picture: Picture) -> None:
    pixels = picture.pixels
    require(pixels.shape == (face.height * 3 // 2, face.width), "a picture is I420 of the face's size")
    require(pixels.dtype == np.uint8, "a picture is uint8")
    if isinstance(picture, Loop):
        clip = picture.clip
        require(0 <= picture.index < len(clip), "an index lies in its clip")
        require(len(clip) % clip.key_interval == 0, "the key interval divides a clip's length")
        require((clip.width, clip.height, clip.fps) == (face.width, face.height, face.fps), "clips fit the face")


async def _chunks(face: Face, speech: Recited, after: Picture | None) -> list[AVChunk]:
    return [chunk async for chunk in face.animate(aiter(speech), after)]


async def _check_speech(face: Face, speech: Recited, after: Picture) -> Picture:
    """One utterance and the rest after it; gives the last picture."""
    time, grid, last = 0, 0, after
    for chunk in await _chunks(face, speech, after):
        require(chunk.start == time, "chunks start at 0 and are consecutive")
        require(chunk.pcm.dtype == np.int16 and chunk.pcm.ndim == 1, "sound is int16 mono")
        for start, picture in chunk.pictures:
            require(start == frame_start(grid, face.fps), "pictures lie on the grid of fps, none left out")
            require(chunk.start <= start < max(chunk.end, chunk.start + 1), "a picture lies in its chunk")
            _check_picture(face, picture)
            grid, last = grid + 1, picture
        require(not (chunk.silent and chunk.pcm.any()), "only silence is called silent")
        time = chunk.end
    require(time == speech.length, "as many samples come out as went in")
    require(grid == frame_index(time - 1, face.fps) + 1, "there is a picture for all of the speech")
    return _check_rest(face, last)


async def _check_laziness(face: Face) -> None:
    speech = Recited(5.0, True)
    stream = face.animate(aiter(speech), None)
    first = await anext(stream)
    allowed = max(first.end, face.look_ahead + 1) + face.look_ahead + 2 * PIECE
    require(speech.read <= allowed, "a face reads no further ahead than its look-ahead")
    aclose = getattr(stream, "aclose", None)
    require(aclose is not None, "an utterance can be left by closing its iterator")
    if aclose is not None:
        await aclose()


def _same(one: Sequence[AVChunk], other: Sequence[AVChunk]) -> bool:
    return [_summary(chunk) for chunk in one] == [_summary(chunk) for chunk in other]


def _summary(chunk: AVChunk) -> tuple[int, bytes, list[tuple[int, int]]]:
    """A chunk as a value that can be compared."""
    pictures = [
        (start, hash(p.pixels.tobytes()) if isinstance(p, Live) else p.index) for start, p in chunk.pictures
    ]
    return chunk.start, chunk.pcm.tobytes(), pictures

"""The contract of transports, as a check that any one of them can be put through."""

import asyncio
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np

from visavis.media.chunk import AVChunk
from visavis.media.pictures import I420, Live, Loop, LoopClip, Picture
from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import PACKET, frame_start
from visavis.testing.contract import require
from visavis.transport import Transport

FPS = Fraction(25)

CLOSING = 5.0
"""Seconds `close` may take here; it is meant to take two at most."""


async def check_transport(transport: Transport, width: int = 64, height: int = 64) -> None:
    """Raise `ContractBroken` if `transport` does not keep the contract of `Transport`. It is closed then.

    It is given pictures of `width` x `height` at 25 a second: a second of speech, rest, an interruption, speech
    again, all without waiting.
    """
    before = asyncio.all_tasks()
    material = _Material(width, height)
    transport.flush()
    _play(transport, material.chunks(0, 50, material.live, silent=False))
    await asyncio.sleep(0)
    _play(transport, material.chunks(50, 50, material.loop, silent=True))
    transport.flush()
    transport.flush()
    _play(transport, material.chunks(100, 25, material.live, silent=False))
    material.check()
    try:
        async with asyncio.timeout(CLOSING):
            await transport.close()
            await transport.close()
    except TimeoutError:
        require(False, f"closing takes more than {CLOSING} s")
    left = [task.get_name() for task in asyncio.all_tasks() - before if not task.done()]
    require(not left, f"tasks are left after closing: {left}")


def _play(transport: Transport, chunks: Iterator[AVChunk]) -> None:
    for chunk in chunks:
        result: object = transport.play(chunk)  # type: ignore[func-returns-value]  # that is what is checked
        require(result is None, "play returns something: an awaitable would never be awaited")


class _Material:
    """Sound and pictures, and whether somebody wrote to them."""

    def __init__(self, width: int, height: int) -> None:
        shape = (height * 3 // 2, width)
        self._pixels: list[I420] = [np.full(shape, 16 + 8 * i, dtype=np.uint8) for i in range(25)]
        self._speech: Samples = np.random.default_rng(1).integers(-3000, 3000, PACKET).astype(np.int16)
        self._silence: Samples = np.zeros(PACKET, dtype=np.int16)
        self._before = [array.copy() for array in self._arrays]
        self._clip = LoopClip("conformance", self._pixels, width, height, FPS, 5)

    @property
    def _arrays(self) -> list[I420 | Samples]:
        return [*self._pixels, self._speech, self._silence]

    def live(self, index: int) -> Picture:
        return Live(self._pixels[index % 25])

    def loop(self, index: int) -> Picture:
        return Loop(self._clip, index % 25)

    def chunks(self, first: int, count: int, picture: Callable[[int], Picture], silent: bool) -> Iterator[AVChunk]:
        """What a playout plays: packets with the pictures that begin in them, and one picture without sound."""
        pcm = self._silence if silent else self._speech
        for packet in range(first, first + count):
            begin, end = packet * PACKET, (packet + 1) * PACKET
            starts = [(i, frame_start(i, FPS)) for i in range(packet // 2, packet // 2 + 2)]
            pictures = tuple((start, picture(i)) for i, start in starts if begin <= start < end)
            if packet == first:
                yield AVChunk(begin, pcm, (), silent)
                yield AVChunk(begin, EMPTY, pictures)
            else:
                yield AVChunk(begin, pcm, pictures, silent)

    def check(self) -> None:
        same = all(np.array_equal(now, then) for now, then in zip(self._arrays, self._before, strict=True))
        require(same, "play writes to what it was given")

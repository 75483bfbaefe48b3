"""What a session plays through a relay: over a real socket, with real pictures."""

import asyncio
from collections.abc import AsyncIterator

import cv2
import numpy as np
import pytest

from visavis.media.chunk import AVChunk
from visavis.media.pictures import Live
from visavis.media.samples import EMPTY, Samples
from visavis.pool.relay import AllSaid, Hush, PicturePiece, Piece, Relay, Said, SoundPiece
from visavis.transport import Intake, RoomFailed
from visavis.transport.relay import BEHIND, RelayRoom

GREY = Live(np.full((48, 32), 128, dtype=np.uint8))


def packet(level: int) -> Samples:
    return np.full(960, level, dtype=np.int16)


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    async with Relay() as made:
        yield made


class Guest(Intake):
    """Implements `Visitor`: writes down what it is told."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()

    def shown(self) -> None:
        self.told.put_nowait("shown")

    def open(self, sender: str, sample_rate: int, *, continuous: bool) -> Intake:
        assert not continuous
        self.told.put_nowait(f"open {sample_rate}")
        return self

    def push(self, pcm: Samples) -> None:
        self.told.put_nowait(f"push {pcm.tolist()}")

    def end(self) -> None:
        self.told.put_nowait("end")

    def received(self) -> None:
        self.told.put_nowait("received")

    def clear(self) -> None:
        self.told.put_nowait("clear")

    def left(self, code: str) -> None:
        self.told.put_nowait(f"left {code!r}")


async def visited(relay: Relay, guest: Guest | None = None) -> RelayRoom:
    room = RelayRoom(relay.path)
    await room.join(guest or Guest())
    return room


async def read(relay: Relay) -> list[Piece]:
    return [piece async for piece in relay.pieces()]


async def test_sound_comes_before_the_picture_that_is_shown_with_it(relay: Relay) -> None:
    transport = await visited(relay)
    transport.play(AVChunk(0, packet(1)))
    transport.play(AVChunk(960, packet(2), ((960, GREY),)))
    transport.play(AVChunk(1920, packet(3)))
    await transport.close()
    first, picture, last = await read(relay)
    assert isinstance(first, SoundPiece)
    assert (first.start, np.frombuffer(first.pcm, np.int16).tolist()) == (0, [1] * 960 + [2] * 960)
    assert isinstance(picture, PicturePiece)
    assert (picture.start, picture.width, picture.height) == (960, 32, 32)
    shown = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert abs(int(shown.mean()) - 130) < 3
    assert last == SoundPiece(1920, packet(3).tobytes())


async def test_silence_between_turns_is_not_sent(relay: Relay) -> None:
    transport = await visited(relay)
    transport.play(AVChunk(0, packet(0), ((0, GREY),), silent=True))
    transport.play(AVChunk(960, packet(0), silent=True))
    await transport.close()
    assert [type(piece) for piece in await read(relay)] == [PicturePiece]


async def test_given_an_interrupt_then_nothing_that_waited_is_sent(relay: Relay) -> None:
    transport = await visited(relay)
    transport.play(AVChunk(0, packet(1)))
    transport.flush()
    transport.play(AVChunk(960, EMPTY, ((960, GREY),)))
    await transport.close()
    assert [type(piece) for piece in await read(relay)] == [PicturePiece]


async def test_given_nobody_takes_them_then_pictures_are_left_out_and_sound_is_kept(relay: Relay) -> None:
    transport = await visited(relay)
    pixels = np.random.default_rng(1).integers(0, 255, (768, 512), dtype=np.uint8)
    for index in range(40):
        transport.play(AVChunk(index * 960, packet(1), ((index * 960, Live(pixels)),)))
    pieces = asyncio.create_task(read(relay))
    await transport.close()
    kinds = [type(piece) for piece in await pieces]
    assert kinds.count(SoundPiece) == 40
    size = max(len(piece.jpeg) for piece in pieces.result() if isinstance(piece, PicturePiece))
    # What the socket itself takes comes on top.
    assert BEHIND / size <= kinds.count(PicturePiece) < 40


async def test_a_second_session_is_turned_away(relay: Relay) -> None:
    first = await visited(relay)
    first.play(AVChunk(0, EMPTY, ((0, GREY),)))
    pieces = relay.pieces()
    await anext(pieces)
    with pytest.raises(RoomFailed):
        await visited(relay)
    await first.close()


async def test_given_no_session_then_it_closes() -> None:
    async with Relay() as unused:
        pass
    with pytest.raises(RoomFailed):
        await visited(unused)


async def test_what_it_is_to_say_comes_as_one_utterance_after_the_other(relay: Relay) -> None:
    guest = Guest()
    room = await visited(relay, guest)
    room.play(AVChunk(0, EMPTY, ((0, GREY),)))
    await anext(relay.pieces())
    for order in (
        Said(b"\1\0", 16_000),
        Said(b"\2\0", 16_000),
        AllSaid(),
        Said(b"\3\0", 24_000),
        Hush(),
        AllSaid(),
    ):
        await relay.tell(order)
    told = [await guest.told.get() for _ in range(12)]
    assert told == [
        *("shown", "received", "open 16000", "push [1]", "received", "push [2]", "end"),
        *("received", "open 24000", "push [3]", "end", "clear"),
    ]
    await room.close()
    assert guest.told.empty()


async def test_given_the_client_goes_then_the_visit_is_over() -> None:
    guest = Guest()
    async with Relay() as relay:
        room = await visited(relay, guest)
        room.play(AVChunk(0, EMPTY, ((0, GREY),)))
        await anext(relay.pieces())
        assert await guest.told.get() == "shown"
    assert await guest.told.get() == "left ''"
    await room.close()

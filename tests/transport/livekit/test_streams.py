"""What becomes of the bytes of streams. The readers are made by hand; real ones are in tests/peers."""

import asyncio
from typing import Any, cast

import numpy as np
import pytest
from livekit import rtc

from visavis.media.samples import Samples
from visavis.transport.livekit import streams as module
from visavis.transport.livekit.speaker import Speaker
from visavis.transport.livekit.streams import ENDLESS, Form, Mixer, Streams


def info(mime: str = "application/octet-stream", **attributes: str) -> rtc.ByteStreamInfo:
    return rtc.ByteStreamInfo("id", mime, "lk.audio_stream", 0, None, attributes, "name")


class Reader:
    """A stream that a test feeds."""

    def __init__(self, mime: str = "application/octet-stream", rate: str = "16000") -> None:
        self.info = info(mime, sample_rate=rate, num_channels="1")
        self.closed = False
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

    def feed(self, *pieces: bytes | None) -> None:
        for piece in pieces:
            self._pieces.put_nowait(piece)

    async def __anext__(self) -> bytes:
        piece = await self._pieces.get()
        if piece is None:
            raise StopAsyncIteration
        return piece

    def close(self) -> None:
        self.closed = True


class Heard:
    """A visitor, and all of its intakes."""

    def __init__(self) -> None:
        self.log: list[tuple[str, Any]] = []
        self.ended = asyncio.Semaphore(0)
        self.sounded = asyncio.Event()

    def open(self, sender: str, sample_rate: int, *, continuous: bool) -> "HeardIntake":
        self.log.append(("open", (sender, sample_rate, continuous)))
        return HeardIntake(self)

    def received(self) -> None:
        pass

    def shown(self) -> None:
        raise AssertionError

    def clear(self) -> None:
        raise AssertionError

    def left(self, code: str) -> None:
        raise AssertionError

    @property
    def sounds(self) -> list[list[int]]:
        return [found for what, found in self.log if what == "sound" and found]


class HeardIntake:
    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def push(self, pcm: Samples) -> None:
        self._heard.log.append(("sound", pcm.tolist()))
        self._heard.sounded.set()

    def end(self) -> None:
        self._heard.log.append(("end", None))
        self._heard.ended.release()


def opened(streams: Streams, reader: Reader, sender: str = "agent") -> None:
    streams.opened(cast(rtc.ByteStreamReader, reader), sender)


def test_given_pieces_of_any_length_when_mixed_then_no_byte_is_lost() -> None:
    pcm = np.arange(-50, 50, dtype="<i2")
    data = pcm.tobytes()
    mixer = Mixer(1)
    pieces = [mixer.push(data[at : at + 3]) for at in range(0, len(data), 3)]
    assert np.concatenate(pieces).tolist() == pcm.tolist()


def test_given_several_channels_when_mixed_then_it_is_their_mean() -> None:
    stereo = np.array([[100, 200], [-3, -4], [32767, 32767]], dtype="<i2").tobytes()
    mixer = Mixer(2)
    assert np.concatenate([mixer.push(stereo[:5]), mixer.push(stereo[5:])]).tolist() == [150, -4, 32767]


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"sample_rate": "x"},
        {"sample_rate": "0"},
        {"sample_rate": "-16000"},
        {"sample_rate": "9999999"},
        {"sample_rate": "16000", "num_channels": "0"},
        {"sample_rate": "16000", "num_channels": "99"},
        {"sample_rate": "²"},
    ],
)
def test_given_attributes_that_say_nothing_when_read_then_there_is_no_form(attributes: dict[str, str]) -> None:
    assert Form.of(info(**attributes)) is None


def test_given_attributes_when_read_then_they_are_the_form() -> None:
    assert Form.of(info(sample_rate="24000", num_channels="2")) == Form(24_000, 2, continuous=False)
    assert Form.of(info(ENDLESS, sample_rate="16000")) == Form(16_000, 1, continuous=True)


async def test_given_a_stranger_when_the_speaker_is_pinned_then_its_stream_is_closed_unread() -> None:
    heard = Heard()
    streams = Streams(Speaker("agent"), heard)
    stranger = Reader()
    opened(streams, stranger, "stranger")
    assert stranger.closed
    assert not heard.log
    await streams.close()


async def test_given_a_new_stream_when_the_old_one_never_ended_then_it_is_heard_out_and_the_new_one_follows() -> (
    None
):
    heard = Heard()
    streams = Streams(Speaker(), heard)
    first, second = Reader(), Reader(rate="24000")
    opened(streams, first)
    first.feed(b"\1\0\2\0")
    opened(streams, second)
    second.feed(b"\3\0", None)
    await heard.ended.acquire()
    await heard.ended.acquire()
    assert [each for each in heard.log if each[0] != "open"] == [
        ("sound", [1, 2]),
        ("end", None),
        ("sound", [3]),
        ("end", None),
    ]
    assert first.closed
    await streams.close()


async def test_given_a_stream_that_falls_silent_when_it_is_too_long_then_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "OVER_AFTER", 0.02)
    heard = Heard()
    streams = Streams(Speaker(), heard)
    reader = Reader()
    opened(streams, reader)
    reader.feed(b"\1\0")
    await heard.ended.acquire()
    assert heard.sounds == [[1]]
    await streams.close()


async def test_given_an_utterance_when_cleared_then_the_rest_of_it_is_dropped_but_the_next_one_is_heard() -> None:
    heard = Heard()
    streams = Streams(Speaker(), heard)
    reader = Reader()
    opened(streams, reader)
    reader.feed(b"\1\0")
    await heard.sounded.wait()
    streams.clear()
    # Half a sample is dropped, too, and the second half with it.
    reader.feed(b"\2\0\3", b"\0", None)
    await heard.ended.acquire()
    after = Reader()
    opened(streams, after)
    after.feed(b"\4\0", None)
    await heard.ended.acquire()
    assert heard.sounds == [[1], [4]]
    await streams.close()


async def test_given_an_utterance_that_was_cleared_when_it_goes_on_after_a_pause_then_it_is_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    heard = Heard()
    streams = Streams(Speaker(), heard)
    reader = Reader()
    opened(streams, reader)
    streams.clear()
    reader.feed(b"\1\0", None)
    await heard.ended.acquire()
    assert heard.sounds == [[1]]
    await streams.close()


async def test_given_sound_without_an_end_when_cleared_then_what_follows_is_heard() -> None:
    heard = Heard()
    streams = Streams(Speaker(), heard)
    reader = Reader(ENDLESS)
    opened(streams, reader)
    streams.clear()
    reader.feed(b"\1\0", None)
    await heard.ended.acquire()
    assert heard.log[0] == ("open", ("agent", 16_000, True))
    assert heard.sounds == [[1]]
    await streams.close()


async def test_given_too_many_streams_when_opened_then_they_are_closed_unread() -> None:
    streams = Streams(Speaker(), Heard())
    readers = [Reader() for _ in range(module.MOST + 1)]
    for reader in readers:
        opened(streams, reader)
    assert [reader.closed for reader in readers] == [False] * module.MOST + [True]
    await streams.close()

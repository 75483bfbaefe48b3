"""Recording what is played: in step, never in the way, and whole or not at all."""

import asyncio
import errno
import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.media.film import read
from visavis.films import duration
from visavis.media.chunk import AVChunk
from visavis.media.containers import Mp4Writer
from visavis.media.pictures import Live, Loop, LoopClip, Picture
from visavis.media.samples import Samples
from visavis.media.timeline import PACKET, SAMPLE_RATE, frame_start
from visavis.transport import recorder
from visavis.transport.recorder import Mp4Recorder, mp4_recorder

FPS = Fraction(25)
HOUR = 3600 * SAMPLE_RATE
GREY = np.full((96, 64), 128, dtype=np.uint8)
CLIP = LoopClip("clip", [np.full((96, 64), 16 + 8 * i, dtype=np.uint8) for i in range(25)], 64, 64, FPS, 5)
TONE: Samples = (8000 * np.sin(np.arange(PACKET) / 5)).astype(np.int16)


def chunks(count: int, first: int = 0, *, live: bool = False) -> list[AVChunk]:
    """`count` packets of a playout, from packet `first` on."""
    out = []
    for packet in range(first, first + count):
        begin = packet * PACKET
        index = packet // 2
        picture: Picture = Live(GREY) if live else Loop(CLIP, index % 25)
        due = begin == frame_start(index, FPS)
        out.append(AVChunk(begin, TONE, ((begin, picture),) if due else ()))
    return out


def left(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


async def record(made: Mp4Recorder, played: list[AVChunk]) -> None:
    await made.open()
    for chunk in played:
        made.take(chunk)
    made.finish()
    await made.run()


@pytest.mark.parametrize("count", [1, 2, 51, 100, 149, 163])
@pytest.mark.parametrize("first", [0, 1001])
async def test_sound_and_picture_begin_and_end_together(tmp_path: Path, count: int, first: int) -> None:
    path = tmp_path / "new" / "film.mp4"
    made = mp4_recorder(path, 64, 64, FPS, HOUR)
    await record(made, chunks(count, first))

    film = read(path)
    assert film.times[0] == 0
    assert film.audio_end >= count * 0.02 - 1e-3
    assert abs(film.audio_end - film.video_end) <= 0.02
    assert duration(path) == pytest.approx(max(film.audio_end, film.video_end), abs=0.005)
    assert made.length == count * PACKET
    assert left(path.parent) == ["film.mp4"]


async def test_pictures_are_left_out_when_the_encoder_falls_behind_and_sound_never(tmp_path: Path) -> None:
    gate = threading.Event()

    class Slow(Mp4Writer):
        def write(self, chunk: AVChunk) -> None:
            gate.wait(30)
            super().write(chunk)

    path = tmp_path / "film.mp4"
    made = Mp4Recorder(lambda: Slow(path, 64, 64, FPS), HOUR)
    await made.open()
    running = asyncio.create_task(made.run())
    for chunk in chunks(200, live=True):
        made.take(chunk)
    assert made.dropped == 100 - recorder.PICTURES
    gate.set()
    made.finish()
    await running

    film = read(path)
    assert film.audio_end >= 4.0 - 1e-3
    assert abs(film.audio_end - film.video_end) <= 0.02
    assert film.level(3.9, 4.0) > 0.2
    assert film.times[: recorder.PICTURES] == pytest.approx([i / 25 for i in range(recorder.PICTURES)])


async def test_a_disk_that_stands_still_ends_the_recording(tmp_path: Path) -> None:
    gate = threading.Event()

    class Stuck(Mp4Writer):
        def write(self, chunk: AVChunk) -> None:
            gate.wait(30)
            super().write(chunk)

    made = Mp4Recorder(lambda: Stuck(tmp_path / "film.mp4", 64, 64, FPS), HOUR)
    await made.open()
    running = asyncio.create_task(made.run())
    for chunk in chunks(recorder.SOUND // PACKET + 2):
        made.take(chunk)
    gate.set()
    with pytest.raises(OSError, match="does not keep up"):
        await running
    assert left(tmp_path) == []


async def test_a_full_disk_fails_the_recording_and_leaves_nothing(tmp_path: Path) -> None:
    class Full(Mp4Writer):
        def write(self, chunk: AVChunk) -> None:
            if chunk.start > SAMPLE_RATE:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(chunk)

    made = Mp4Recorder(lambda: Full(tmp_path / "film.mp4", 64, 64, FPS), HOUR)
    with pytest.raises(OSError, match="No space left"):
        await record(made, chunks(100))
    assert left(tmp_path) == []


async def test_a_recording_ends_by_itself_at_its_longest(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    made = mp4_recorder(path, 64, 64, FPS, SAMPLE_RATE)
    await made.open()
    for chunk in chunks(200):
        made.take(chunk)
    await made.run()
    assert duration(path) == pytest.approx(1.0, abs=0.03)


async def test_half_a_recording_is_not_there(tmp_path: Path) -> None:
    made = mp4_recorder(tmp_path / "film.mp4", 64, 64, FPS, HOUR)
    await made.open()
    for chunk in chunks(100):
        made.take(chunk)
    assert left(tmp_path) == ["film.mp4.part"]
    await made.discard()
    assert left(tmp_path) == []


async def test_a_place_that_can_not_be_written_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    made = mp4_recorder(tmp_path / "file" / "film.mp4", 64, 64, FPS, HOUR)
    with pytest.raises(OSError, match="exists|directory"):
        await made.open()
    await made.discard()

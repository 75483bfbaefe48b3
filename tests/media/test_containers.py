from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.media.moving_picture import FPS, HEIGHT, WIDTH, likeness, picture
from visavis.media.chunk import AVChunk
from visavis.media.containers import Mp4Writer
from visavis.media.pictures import I420, Live
from visavis.media.samples import EMPTY, Samples, rms
from visavis.media.timeline import PACKET, SAMPLE_RATE, frame_start
from visavis.testing.transport import check_transport
from visavis.transport.file import FileTransport


class Film:
    """A finished file, decoded."""

    def __init__(self, path: Path) -> None:
        with av.open(str(path)) as container:
            streams = container.streams
            assert [stream.type for stream in streams] == ["video", "audio"]
            self.starts = [stream.start_time for stream in streams]
            self.ends = [float((stream.duration or 0) * (stream.time_base or 0)) for stream in streams]
            self.times: list[float] = []
            self.pictures: list[I420] = []
            sound: list[Samples] = []
            for frame in container.decode(video=0):
                self.times.append(float(frame.time or 0))
                self.pictures.append(frame.to_ndarray().astype(np.uint8))
        with av.open(str(path)) as container:
            for sound_frame in container.decode(audio=0):
                sound.append((sound_frame.to_ndarray().reshape(-1) * 32768).astype(np.int16))
        self.sound: Samples = np.concatenate(sound)


def tone(samples: int) -> Samples:
    return (8000 * np.sin(np.arange(samples) * 2 * np.pi * 220 / SAMPLE_RATE)).astype(np.int16)


def speech(packets: int, fps: Fraction = FPS, begin: int = 0) -> list[AVChunk]:
    chunks = []
    sound = tone(packets * PACKET)
    index = 0
    for i in range(packets):
        pictures = []
        while frame_start(index, fps) < (i + 1) * PACKET:
            pictures.append((begin + frame_start(index, fps), Live(picture(index))))
            index += 1
        chunks.append(AVChunk(begin + i * PACKET, sound[i * PACKET : (i + 1) * PACKET], tuple(pictures)))
    return chunks


def film(path: Path, chunks: Sequence[AVChunk], fps: Fraction = FPS) -> Film:
    writer = Mp4Writer(path, WIDTH, HEIGHT, fps)
    for chunk in chunks:
        writer.write(chunk)
    writer.close()
    return Film(path)


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(25), Fraction(30), Fraction(30000, 1001)])
def test_sound_and_picture_begin_at_zero_and_end_together(tmp_path: Path, fps: Fraction) -> None:
    made = film(tmp_path / "a.mp4", speech(101, fps), fps)
    assert made.starts == [0, 0]
    assert made.times[0] == 0
    assert abs(made.ends[0] - made.ends[1]) < 1 / fps
    assert abs(made.ends[1] - 101 * 0.02) < 0.05
    assert len(made.pictures) == round(2.02 * fps + 0.5)


def test_it_holds_what_was_said_and_shown(tmp_path: Path) -> None:
    made = film(tmp_path / "a.mp4", speech(50))
    assert rms(made.sound[2000:40_000]) == pytest.approx(8000 / np.sqrt(2), rel=0.05)
    for i, pixels in enumerate(made.pictures):
        assert likeness(pixels, picture(i)) > 30


def test_the_first_chunk_is_time_zero(tmp_path: Path) -> None:
    made = film(tmp_path / "a.mp4", speech(50, begin=123_456_789))
    assert made.starts == [0, 0]
    assert made.ends[0] == pytest.approx(1.0, abs=0.04)


def test_the_first_picture_is_shown_from_the_beginning(tmp_path: Path) -> None:
    chunks = [AVChunk(0, tone(PACKET)), *speech(20, begin=PACKET)]
    made = film(tmp_path / "a.mp4", chunks)
    assert made.times[:2] == [0, pytest.approx(0.06)]


def test_the_last_picture_lasts_as_long_as_the_sound(tmp_path: Path) -> None:
    chunks = [*speech(20), AVChunk(20 * PACKET, tone(PACKET * 50))]
    made = film(tmp_path / "a.mp4", chunks)
    assert abs(made.ends[0] - made.ends[1]) < 0.04
    assert len(made.pictures) == 35
    assert likeness(made.pictures[-1], picture(9)) > 30


def test_the_sound_lasts_as_long_as_the_last_picture(tmp_path: Path) -> None:
    chunks = [*speech(20), *(AVChunk(i * 1920, EMPTY, ((i * 1920, Live(picture(i))),)) for i in range(10, 30))]
    made = film(tmp_path / "a.mp4", chunks)
    assert abs(made.ends[0] - made.ends[1]) < 0.04
    assert not made.sound[30_000:].any()


def test_a_gap_in_the_sound_is_silent(tmp_path: Path) -> None:
    chunks = [chunk for i, chunk in enumerate(speech(60)) if not 20 <= i < 40]
    made = film(tmp_path / "a.mp4", chunks)
    assert rms(made.sound[22 * PACKET : 38 * PACKET]) < 10
    assert rms(made.sound[42 * PACKET : 58 * PACKET]) > 5000


def test_sound_without_a_face_is_a_black_film(tmp_path: Path) -> None:
    made = film(tmp_path / "a.mp4", [AVChunk(0, tone(PACKET * 30))])
    assert len(made.pictures) == 15
    assert likeness(made.pictures[0][:HEIGHT], np.full((HEIGHT, WIDTH), 16, np.uint8)) > 40


def test_nothing_at_all_is_one_black_picture(tmp_path: Path) -> None:
    assert len(film(tmp_path / "a.mp4", []).pictures) == 1


def test_the_index_is_in_front(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", speech(20))
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("an earlier one")
    writer = Mp4Writer(path, WIDTH, HEIGHT, FPS)
    for chunk in speech(20):
        writer.write(chunk)
    assert path.read_text() == "an earlier one"
    writer.close()
    writer.close()
    assert Film(path).pictures
    assert list(tmp_path.iterdir()) == [path]


def test_an_aborted_film_leaves_nothing(tmp_path: Path) -> None:
    writer = Mp4Writer(tmp_path / "a.mp4", WIDTH, HEIGHT, FPS)
    for chunk in speech(20):
        writer.write(chunk)
    writer.abort()
    writer.close()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_does_not_exist_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Mp4Writer(tmp_path / "nowhere" / "a.mp4", WIDTH, HEIGHT, FPS)


async def test_the_file_transport_keeps_the_contract(tmp_path: Path) -> None:
    await check_transport(FileTransport(Mp4Writer(tmp_path / "a.mp4", 64, 64, FPS)))
    assert Film(tmp_path / "a.mp4").ends[0] == pytest.approx(2.5, abs=0.05)

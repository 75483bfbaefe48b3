"""What strangers send is decoded in a process of its own."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from visavis.errors import InvalidInput, Unavailable
from visavis.media.foreign import UNDECODABLE, Decoder
from visavis.media.spoken import Spoken, joined, read


@pytest.fixture
def decoder() -> Decoder:
    return Decoder()


def transparent(depth: type[np.unsignedinteger]) -> bytes:
    pixels = np.zeros((200, 128, 4), depth)
    pixels[:100] = np.iinfo(depth).max
    return cv2.imencode(".png", pixels)[1].tobytes()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
async def test_see_through_parts_become_grey(
    decoder: Decoder, tmp_path: Path, depth: type[np.unsignedinteger]
) -> None:
    (tmp_path / "a").write_bytes(transparent(depth))
    assert await decoder.picture(tmp_path / "a", tmp_path / "b", 1080, 1280) == (128, 200)
    found = cv2.imread(str(tmp_path / "b"))
    assert found is not None
    assert found[10, 10].tolist() == [255, 255, 255]
    assert found[190, 10].tolist() == [232, 232, 232]


async def test_sound_is_written_at_the_rate_that_is_wanted(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(Spoken(b"\1\0" * 44_100, 44_100).wav())
    assert await decoder.sound(tmp_path / "a", tmp_path / "b", 24_000, 10) == pytest.approx(1, abs=0.01)
    assert read(tmp_path / "b").rate == 24_000


async def test_what_is_too_long_or_nothing_is_refused(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(Spoken(bytes(2 * 44_100), 44_100).wav())
    with pytest.raises(InvalidInput, match="longer than"):
        await decoder.sound(tmp_path / "a", tmp_path / "b", 24_000, 0.5)
    (tmp_path / "a").write_bytes(b"rubbish")
    with pytest.raises(InvalidInput, match="can't be decoded"):
        await decoder.picture(tmp_path / "a", tmp_path / "b", 100, 100)
    assert not (tmp_path / "b").exists()


async def test_a_process_that_dies_costs_its_file_only(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(InvalidInput, match=UNDECODABLE):
        # Called without its arguments.
        await decoder._run("sound", tmp_path / "a")


async def test_a_disk_that_takes_nothing_is_told(decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(transparent(np.uint8))
    with pytest.raises(Unavailable, match="see to the disk"):
        await decoder.picture(tmp_path / "a", tmp_path / "nowhere" / "b", 100, 100)


def test_spoken_parts_are_joined_at_the_first_ones_rate() -> None:
    whole = joined([Spoken(b"\1\0" * 100, 16_000), Spoken(b"\1\0" * 50, 8000)])
    assert (len(whole.pcm), whole.rate) == (400, 16_000)

"""Files are told from raw samples, whatever those are."""

import numpy as np
import pytest

from tests.media.recorded import FORMATS, recorded, tone
from visavis.media.sniff import HEAD, container

KINDS = {"wav": "wav", "aiff": "aiff", "flac": "flac", "mp3": "mp3", "ogg": "ogg", "aac": "aac"}
KINDS |= {"webm": "matroska", "matroska": "matroska", "m4a": "mp4", "mp4": "mp4"}
BARE = {"write_xing": "0", "id3v2_version": "0", "write_id3v1": "0"}
"""An MP3 that is nothing but frames."""


@pytest.mark.parametrize("name", FORMATS)
def test_real_files(name: str) -> None:
    assert container(recorded(name)[:HEAD]) == KINDS[name.partition("-")[0]]


@pytest.mark.parametrize("name", ["mp3", "mp3-stereo"])
def test_a_bare_mp3_from_its_beginning_or_any_other_place(name: str) -> None:
    data = recorded(name, options=BARE)
    assert data[0] == 0xFF
    for start in range(0, 3000, 7):
        assert container(data[start:]) == "mp3"


def test_a_bare_mp3_of_two_frames() -> None:
    data = recorded("mp3", options=BARE)
    second = data.index(data[:2], 2)
    two = data.index(data[:2], second + 2)
    assert container(data[:two]) == "mp3"
    assert container(data[: two - 1]) == ""


def test_cut_off_heads_are_raw() -> None:
    for data in (b"", b"R", b"RIFF", b"OggS", b"ID3", b"\xff\xfb\x90", b"fLaC\0\0\0", b"\x1a\x45\xdf\xa3"):
        assert container(data) == ""


def test_no_raw_sound_is_taken_for_a_file() -> None:
    chance = np.random.default_rng(5)
    taken = []
    for number in range(2000):
        size = int(chance.integers(1, 8000))
        match number % 4:
            case 0:  # anything
                pcm = chance.integers(0, 256, size, np.uint8)
            case 1:  # with the signs of MPEG, AAC and ID3 strewn in and in front
                pcm = chance.integers(0, 256, size, np.uint8)
                signs = (b"\xff\xfb\x90\x64", b"\xff\xf1\x50\x80", b"\xff\xf3\x40\xc4", b"ID3\xff")
                for sign in signs:
                    for place in [0, *chance.integers(0, size, 40)]:
                        pcm[place : place + 4] = np.frombuffer(sign, np.uint8)[: size - place]
            case 2:  # noise, quiet or loud
                loud = chance.integers(1, 12_000)
                pcm = np.clip(chance.normal(0, loud, size), -32_768, 32_767).astype("<i2").view(np.uint8)
            case _:  # tones, steps, silence
                period = int(chance.integers(2, 900))
                steps = chance.integers(-32_768, 32_767, period).astype("<i2")
                pcm = np.resize(steps if number % 8 == 3 else steps[:1], size).view(np.uint8)
        if kind := container(pcm.tobytes()):
            taken.append((number, kind))
    assert taken == []


@pytest.mark.parametrize("rate", [8000, 16_000, 48_000])
def test_a_tone_is_raw(rate: int) -> None:
    assert container(tone(1.0, rate).tobytes()[:HEAD]) == ""

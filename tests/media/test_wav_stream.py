"""A WAV file that comes in pieces: every encoding, every cut."""

import random
import struct
import wave
from io import BytesIO

import numpy as np
import pytest

from visavis.media.samples import Samples
from visavis.media.wav_stream import WavError, WavStream

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
GUID = bytes.fromhex("0000000000001000800000aa00389b71")[2:]
"""What follows the kind in the subformat of WAVE_FORMAT_EXTENSIBLE."""

SINE = (10_000 * np.sin(np.arange(401) / 7)).astype(np.int16)


def chunk(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return struct.pack("<4sI", kind, len(body) if size is None else size) + body + b"\0" * (len(body) % 2)


def header(
    kind: int = PCM, bits: int = 16, channels: int = 1, rate: int = 24_000, frame: int | None = None
) -> bytes:
    frame = channels * bits // 8 if frame is None else frame
    tag = EXTENSIBLE if kind == EXTENSIBLE else kind
    return struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits)


def extensible(kind: int, bits: int, channels: int) -> bytes:
    return header(EXTENSIBLE, bits, channels) + struct.pack("<HHIH", 22, bits, 0, kind) + GUID


def riff(fmt: bytes, sound: bytes, *, before: bytes = b"", after: bytes = b"", size: int | None = None) -> bytes:
    body = chunk(b"fmt ", fmt) + before + chunk(b"data", sound, size) + after
    return struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WAVE") + body


def encoded(pcm: Samples, kind: int, bits: int) -> bytes:
    if kind == FLOAT:
        return (pcm / np.float32(32767)).astype("<f4").tobytes()
    if bits == 8:
        return ((pcm >> 8) + 128).astype(np.uint8).tobytes()
    wide = pcm.astype("<i4") << 16
    return b"".join(int(sample).to_bytes(4, "little", signed=True)[4 - bits // 8 :] for sample in wide)


def read(file: bytes, cuts: list[int]) -> tuple[Samples, int]:
    stream = WavStream()
    edges = [0, *sorted(cuts), len(file)]
    pieces = [stream.push(file[start:end]) for start, end in zip(edges, edges[1:], strict=False)]
    stream.finish()
    return np.concatenate(pieces), stream.sample_rate


LIST = chunk(b"LIST", b"INFOISFT\x05\0\0\0odd\0\0")
ENCODINGS = [(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32)]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("form", [header, extensible])
@pytest.mark.parametrize(("kind", "bits"), ENCODINGS)
def test_given_any_encoding_when_read_then_it_is_the_same_sound(
    kind: int, bits: int, form: type, channels: int
) -> None:
    file = riff(form(kind, bits, channels), encoded(np.repeat(SINE, channels), kind, bits), before=LIST)
    pcm, rate = read(file, [])
    assert rate == 24_000
    assert pcm.dtype == np.int16
    assert np.max(np.abs(pcm.astype(int) - SINE)) <= (255 if bits == 8 else 1)


@pytest.mark.parametrize("seed", range(200))
def test_given_any_cuts_when_read_then_the_sound_is_the_same_as_of_the_whole(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # cuts, not keys
    kind, bits = chance.choice(ENCODINGS)
    channels = chance.choice([1, 2])
    form = chance.choice([header, extensible])(kind, bits, channels)
    noise = chance.randbytes(channels * (bits // 8) * chance.randrange(1, 300))
    file = riff(
        form,
        noise,
        before=b"".join(
            chunk(b"junk", chance.randbytes(chance.randrange(20))) for _ in range(chance.randrange(3))
        ),
        after=chance.choice([b"", LIST, chance.randbytes(7)]),
    )
    whole, rate = read(file, [])
    assert len(whole) == len(noise) // channels // (bits // 8)
    for count in (1, 5, len(file)):
        again, same_rate = read(file, [chance.randrange(len(file) + 1) for _ in range(count)])
        assert np.array_equal(again, whole)
        assert same_rate == rate
    bytewise, _ = read(file, list(range(len(file))))
    assert np.array_equal(bytewise, whole)


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF - 36, 0xFFFFFFFF])
def test_given_an_unknown_size_when_read_then_the_sound_ends_with_the_file(size: int) -> None:
    file = riff(header(), SINE.tobytes(), size=size)
    pcm, _ = read(file[:4] + b"\xff\xff\xff\xff" + file[8:], [50, 51])
    assert np.array_equal(pcm, SINE)


def test_given_a_piece_of_sound_when_pushed_then_it_comes_before_the_rest() -> None:
    stream = WavStream()
    file = riff(header(), SINE.tobytes())
    assert not len(stream.push(file[:43]))
    assert stream.sample_rate == 24_000
    assert len(stream.push(file[43:49])) == 2
    assert len(stream.push(file[49:50])) == 1


def test_given_two_channels_when_read_then_their_mean_comes() -> None:
    both = np.array([100, 300, -32768, -32768, 32767, 32767, -1, -2], dtype="<i2")
    pcm, _ = read(riff(header(channels=2), both.tobytes()), [])
    assert pcm.tolist() == [200, -32768, 32767, -2]


def test_given_floats_beyond_their_range_when_read_then_they_are_clipped() -> None:
    floats = np.array([2.0, -1e38, np.nan, np.inf, -np.inf, 0.5], dtype="<f4")
    pcm, _ = read(riff(header(FLOAT, 32), floats.tobytes()), [])
    assert pcm.tolist() == [32767, -32767, 0, 32767, -32767, 16384]


def test_given_what_python_writes_when_read_then_it_is_that() -> None:
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(96_000)
        writer.writeframes(SINE.tobytes())
    pcm, rate = read(file.getvalue(), [1, 2, 3])
    assert np.array_equal(pcm, SINE)
    assert rate == 96_000


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (b"<html>", "not a WAV"),
        (b"RIFX" + bytes(40), "not a WAV"),
        (b"RIFF\0\0\0\0AVI " + bytes(40), "not a WAV"),
        (b"", "before its sound"),
        (b"RIF", "before its sound"),
        (riff(header(), b"")[:30], "before its sound"),
        (riff(header(), SINE.tobytes())[:-2], "middle of its sound"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"data", b"ab"), "before its format"),
        (riff(b"\1\0\1\0", b"ab"), "not complete"),
        (riff(header(7, 8), b"ab"), "encoding"),
        (riff(header(PCM, 12, frame=2), b"ab"), "encoding"),
        (riff(header(EXTENSIBLE), b"ab"), "encoding"),
        (riff(header(channels=0), b"ab"), "channel"),
        (riff(header(channels=6), b"ab"), "channel"),
        (riff(header(frame=4), b"ab"), "channel"),
        (riff(header(rate=7999), b"ab"), "sample rate"),
        (riff(header(rate=96_001), b"ab"), "sample rate"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"junk", b"", 0xFFFFFFFF), "too much"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", b"", 0xFFFFFFFF), "too much"),
        (b"RIFF\0\0\0\0WAVE" + chunk(b"junk", bytes(600_000)) * 2, "too much"),
    ],
)
@pytest.mark.parametrize("bytewise", [False, True])
def test_given_a_file_that_is_wrong_when_read_then_it_says_how(file: bytes, words: str, bytewise: bool) -> None:
    cuts = list(range(min(len(file), 100))) if bytewise else []
    with pytest.raises(WavError, match=words):
        read(file, cuts)


def test_given_a_header_without_sound_when_read_then_it_is_empty() -> None:
    pcm, rate = read(riff(header(), b""), [])
    assert len(pcm) == 0
    assert rate == 24_000

"""MP3 that is heard while it comes."""

import io
from typing import Any

import av
import numpy as np
import pytest

from visavis.media.mp3_stream import MAX_RUBBISH, Mp3Error, Mp3Stream
from visavis.media.samples import Samples, rms

RATE = 24_000


def tone(seconds: float = 1.0, rate: int = RATE) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    return (12_000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def mp3(
    pcm: Samples, rate: int = RATE, *, told: bool = False, layout: str = "mono", bit_rate: int = 48_000
) -> bytes:
    """A bare stream, as services send it; `told` adds the tag and the frame that programs put before it."""
    file = io.BytesIO()
    options = {} if told else {"write_xing": "0", "id3v2_version": "0"}
    with av.open(file, "w", format="mp3", options=options) as output:
        stream: Any = output.add_stream("libmp3lame", rate=rate, layout=layout)
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def heard(data: bytes, cut: int = 10**9) -> tuple[Samples, Mp3Stream]:
    stream = Mp3Stream()
    parts = [stream.push(data[start : start + cut]) for start in range(0, len(data), cut)]
    return np.concatenate([*parts, stream.finish()]), stream


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("told", [True, False])
def test_given_any_rate_when_decoded_then_the_sound_is_there(rate: int, told: bool) -> None:
    pcm, stream = heard(mp3(tone(rate=rate), rate, told=told))
    assert stream.sample_rate == rate
    assert abs(len(pcm) - rate) < 3_000
    assert rms(pcm[5_000:15_000]) == pytest.approx(12_000 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("cut", [1, 3, 144, 1000])
def test_given_any_cuts_when_decoded_then_the_samples_are_the_same(cut: int, told: bool) -> None:
    data = mp3(tone(), told=told)
    assert np.array_equal(heard(data, cut)[0], heard(data)[0])


def test_given_an_encoder_that_tells_its_delay_when_decoded_then_the_sound_is_in_its_place() -> None:
    pcm, _ = heard(mp3(tone(), told=True))
    assert np.corrcoef(pcm[2_000:20_000], tone()[2_000:20_000])[0, 1] > 0.999


def test_given_two_channels_when_decoded_then_they_are_mixed() -> None:
    stereo = np.stack([tone(), np.zeros(RATE, np.int16)], axis=1)
    pcm, _ = heard(mp3(stereo, layout="stereo", bit_rate=128_000))
    assert rms(pcm[5_000:15_000]) == pytest.approx(6_000 / np.sqrt(2), rel=0.1)


def test_given_the_first_part_when_it_has_come_then_it_is_heard() -> None:
    data = mp3(tone())
    stream = Mp3Stream()
    assert len(stream.push(data[: len(data) // 4])) > RATE // 6


def test_given_tags_around_the_sound_when_decoded_then_they_are_not_heard() -> None:
    data = mp3(tone())
    tag = b"ID3\x04\x00\x00\x00\x00\x20\x00" + data[:144] * 28 + bytes(64)
    pcm, _ = heard(tag[: 10 + 4096] + data + b"TAG" + bytes(125), 100)
    assert np.array_equal(pcm, heard(data)[0])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "before its sound"),
        (b"ID", "before its sound|no MP3"),
        (b"ID3\x04\x00\x00\x00\x00\x20\x00abc", "before its sound"),
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7fabc", "too much before"),
        (b'{"error": "secret"}', "no MP3|before its sound"),
        (b'{"error": "secret"}' * 1000, "no MP3"),
        (b"RIFF" + bytes(100_000), "no MP3"),
        (mp3(tone()) + b"<html>" * MAX_RUBBISH, "damaged"),
        (mp3(tone()) + mp3(tone(rate=48_000), 48_000), "sample rate changes"),
    ],
    ids=["nothing", "two bytes", "tag", "huge tag", "short text", "text", "wav", "damaged", "rate"],
)
def test_given_what_is_no_mp3_when_pushed_then_the_error_says_so(data: bytes, words: str) -> None:
    for cut in (10**9, 100):
        with pytest.raises(Mp3Error, match=words) as failed:
            heard(data, cut)
        assert "secret" not in str(failed.value)


def test_given_noise_when_pushed_then_only_our_error_comes() -> None:
    for seed in range(20):
        with pytest.raises(Mp3Error):
            heard(np.random.default_rng(seed).bytes(50_000), 1000)

from fractions import Fraction

import numpy as np
import pytest

from tests.media.decoding import Pictures, Sound
from tests.media.moving_picture import FPS, HEIGHT, WIDTH, likeness, picture
from visavis.media.encoding import SILENCE, OpusEncoder, VideoCodec, baseline_level, video_encoder
from visavis.media.samples import Samples, rms
from visavis.media.timeline import PACKET

both = pytest.mark.parametrize("codec", ["VP8", "H264"])


def tone(packets: int) -> list[Samples]:
    wave = 8000 * np.sin(np.arange(packets * PACKET) * 2 * np.pi * 220 / 48_000)
    return list(wave.astype(np.int16).reshape(packets, PACKET))


def nal_types(data: bytes) -> list[int]:
    starts = [i + 3 for i in range(len(data) - 3) if data[i : i + 3] == b"\0\0\1"]
    return [data[start] & 0x1F for start in starts]


@both
def test_every_picture_becomes_one_packet_that_decodes_to_it(codec: VideoCodec) -> None:
    encoder = video_encoder(codec, WIDTH, HEIGHT, FPS, 500)
    decoder = Pictures(codec)
    for i in range(30):
        encoded = encoder.encode(picture(i), i * 3600, key=False)
        assert likeness(decoder.decode(encoded.data), picture(i)) > 32


@both
def test_key_frames_come_when_asked_for_and_only_then(codec: VideoCodec) -> None:
    encoder = video_encoder(codec, WIDTH, HEIGHT, FPS, 500)
    keys = [encoder.encode(picture(i), i * 3600, key=i in (10, 11)).key for i in range(40)]
    assert [i for i, key in enumerate(keys) if key] == [0, 10, 11]


@both
def test_a_decoder_can_start_at_any_key_frame(codec: VideoCodec) -> None:
    encoder = video_encoder(codec, WIDTH, HEIGHT, FPS, 500)
    packets = [encoder.encode(picture(i), i * 3600, key=i == 7).data for i in range(9)]
    decoder = Pictures(codec)
    for i in (7, 8):
        assert likeness(decoder.decode(packets[i]), picture(i)) > 32


@both
def test_a_width_that_no_encoder_likes_is_not_sheared(codec: VideoCodec) -> None:
    encoder = video_encoder(codec, 102, 54, Fraction(24), 500)
    encoded = encoder.encode(picture(3, 102, 54), 0, key=True)
    assert likeness(Pictures(codec).decode(encoded.data), picture(3, 102, 54)) > 32


@both
def test_a_time_that_does_not_ascend_is_no_reason_to_fail(codec: VideoCodec) -> None:
    encoder = video_encoder(codec, WIDTH, HEIGHT, FPS, 500)
    decoder = Pictures(codec)
    for i, pts in enumerate((7200, 7200, 0)):
        assert likeness(decoder.decode(encoder.encode(picture(i), pts, key=False).data), picture(i)) > 32


@both
def test_noise_stays_within_the_bit_rate(codec: VideoCodec) -> None:
    encoder = video_encoder(codec, WIDTH, HEIGHT, FPS, 300)
    random = np.random.default_rng(1)
    sizes = []
    for i in range(100):
        pixels = random.integers(100, 140, picture(0).shape, dtype=np.uint8)
        sizes.append(len(encoder.encode(pixels, i * 3600, key=False).data))
    assert sum(sizes[25:]) * 8 / 3 < 1.25 * 300_000


def test_h264_is_annex_b_constrained_baseline_with_its_parameter_sets_at_every_key() -> None:
    encoder = video_encoder("H264", 512, 512, FPS, 500)
    for i in range(3):
        data = encoder.encode(picture(i, 512, 512), i * 3600, key=True).data
        assert {5, 7, 8} <= set(nal_types(data))
        sps = data.index(b"\0\0\1\x67") + 4
        profile, constraints, level = data[sps : sps + 3]
        assert (profile, constraints & 0x40, level) == (0x42, 0x40, 31)


def test_level_3_1_is_claimed_only_where_it_holds() -> None:
    assert baseline_level(1280, 720, Fraction(30)) == {"level": "3.1"}
    assert baseline_level(1280, 720, Fraction(50)) == {}
    assert baseline_level(1024, 1024, Fraction(25)) == {}


def test_opus_makes_one_packet_per_call_that_decodes_to_the_sound() -> None:
    encoder, decoder = OpusEncoder(), Sound()
    heard = np.concatenate([decoder.decode(encoder.encode(pcm)) for pcm in tone(50)])
    assert len(heard) == 50 * PACKET
    assert rms(heard[PACKET:]) == pytest.approx(8000 / np.sqrt(2), rel=0.1)


def test_the_shared_silence_is_silent_whatever_came_before() -> None:
    encoder, decoder = OpusEncoder(), Sound()
    for pcm in tone(10):
        decoder.decode(encoder.encode(pcm))
    fading = decoder.decode(SILENCE)
    assert len(fading) == PACKET
    assert not decoder.decode(SILENCE).any()


def test_sound_after_the_shared_silence_is_whole() -> None:
    decoder = Sound()
    decoder.decode(SILENCE)
    encoder = OpusEncoder()
    heard = [decoder.decode(encoder.encode(pcm)) for pcm in tone(5)]
    assert rms(heard[-1]) == pytest.approx(8000 / np.sqrt(2), rel=0.1)

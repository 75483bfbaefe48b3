"""Records of the media WebSocket: what the real client makes is understood, and rubbish is refused."""

import json
import struct

import numpy as np
import pytest

from visavis.api.protoface.media_records import (
    MAX_BLOB,
    MAX_HEADER,
    Kind,
    MediaRecord,
    decoded,
    encoded,
    picture,
    said,
    sound,
)
from visavis.errors import InvalidInput
from visavis.pool.relay import PicturePiece, Said, SoundPiece


def made(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def test_a_record_is_what_the_contract_says() -> None:
    message = encoded(Kind.AUDIO, {"sample_rate": 16_000}, b"\1\2")
    header = b'{"sample_rate":16000}'
    assert message == struct.pack(">IBI", 5 + len(header) + 2, 1, len(header)) + header + b"\1\2"
    assert decoded(message) == MediaRecord(Kind.AUDIO, {"sample_rate": 16_000}, b"\1\2")


def test_no_header_is_an_empty_one() -> None:
    assert decoded(made(struct.pack(">BI", 2, 0))) == MediaRecord(Kind.FLUSH, {}, b"")


def test_a_kind_that_is_not_known_is_a_record() -> None:
    assert decoded(made(struct.pack(">BI", 99, 0))).kind == 99


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"", "nine bytes"),
        (b"\0\0\0\4\1\0\0\0", "nine bytes"),
        (made(struct.pack(">BI", 1, 0))[:-1] + b"xx", "length"),
        (struct.pack(">IBI", 2**32 - 1, 1, 0), "length"),
        (made(struct.pack(">BI", 1, 9) + b"{}"), "cut off"),
        (made(struct.pack(">BI", 1, 2**32 - 1) + b"{}"), "header"),
        (made(struct.pack(">BI", 1, MAX_HEADER + 1) + b" " * (MAX_HEADER + 1)), "header"),
        (made(struct.pack(">BI", 1, 2) + b"[]"), "JSON object"),
        (made(struct.pack(">BI", 1, 2) + b"\xff\xfe"), "JSON object"),
        (made(struct.pack(">BI", 1, 4096) + b"[" * 4096), "JSON object"),
        (made(struct.pack(">BI", 1, 0) + b"x" * (MAX_BLOB + 1)), "at most"),
    ],
)
def test_rubbish_is_refused(message: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        decoded(message)


def test_channels_are_mixed() -> None:
    pcm = np.array([[100, 300], [-32768, -32768], [32767, 32766]], dtype="<i2").tobytes()
    found = said(MediaRecord(Kind.AUDIO, {"sample_rate": 24_000, "num_channels": 2}, pcm))
    assert found == Said(np.array([200, -32768, 32766], dtype="<i2").tobytes(), 24_000)


def test_sound_that_does_not_say_is_what_was_asked_for() -> None:
    assert said(MediaRecord(Kind.AUDIO, {}, b"\1\0")) == Said(b"\1\0", 16_000)


@pytest.mark.parametrize(
    ("header", "pcm"),
    [
        ({"sample_rate": 3999}, b""),
        ({"sample_rate": 10**400}, b""),
        ({"sample_rate": "16000"}, b""),
        ({"sample_rate": 16_000.0}, b""),
        ({"sample_rate": True}, b""),
        ({"sample_rate": None}, b""),
        ({"num_channels": 0}, b""),
        ({"num_channels": 9}, b""),
        ({}, b"\0"),
        ({"num_channels": 2}, b"\0\0"),
    ],
)
def test_sound_that_can_not_be_is_refused(header: dict[str, object], pcm: bytes) -> None:
    with pytest.raises(InvalidInput):
        said(MediaRecord(Kind.AUDIO, header, pcm))


def test_what_goes_out_has_the_headers_that_the_client_reads() -> None:
    heard = decoded(sound(SoundPiece(0, b"\1\0"), 48_000))
    assert heard == MediaRecord(Kind.AUDIO, {"sample_rate": 48_000, "num_channels": 1}, b"\1\0")
    seen = decoded(picture(PicturePiece(96_000, 512, 288, b"jpeg"), 50, 48_000))
    assert json.loads(json.dumps(seen.header)) == {
        "width": 512,
        "height": 288,
        "encoding": "jpeg",
        "frame_index": 50,
        "timestamp_ms": 2000,
    }
    assert (seen.kind, seen.blob) == (Kind.VIDEO, b"jpeg")

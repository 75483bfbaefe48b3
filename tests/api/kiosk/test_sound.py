import struct
from typing import Any

import pytest

from visavis.api.kiosk.sound import Sound, read
from visavis.errors import Conflict, InvalidInput


def wav(data: bytes, *, rate: int = 16_000, channels: int = 1, bits: int = 16, **more: Any) -> Any:
    """A WAV with any mistake: `kind`, `frame`, `size`, `form`, `before`."""
    frame = more.get("frame", channels * bits // 8)
    form = struct.pack("<HHIIHH", more.get("kind", 1), channels, rate, rate * frame, frame, bits)
    form = more.get("form", form)
    before = more.get("before", b"")
    head = b"WAVE" + before + b"fmt " + struct.pack("<I", len(form)) + form
    return b"RIFF\0\0\0\0" + head + b"data" + struct.pack("<I", more.get("size", len(data))) + data


PCM = struct.pack("<4h", 1, -2, 300, -32_768)
EXTENSIBLE = struct.pack("<HHIIHHHHIH", 0xFFFE, 1, 16_000, 32_000, 2, 16, 22, 16, 4, 1) + bytes(14)


@pytest.mark.parametrize(
    ("body", "heard"),
    [
        (PCM, Sound(8000, PCM)),
        (wav(PCM), Sound(16_000, PCM)),
        (wav(PCM, rate=44_100), Sound(44_100, PCM)),
        (wav(PCM, size=0), Sound(16_000, PCM)),
        (wav(PCM, size=0xFFFFFFFF), Sound(16_000, PCM)),
        (wav(PCM + b"\1"), Sound(16_000, PCM)),
        (wav(PCM, before=b"LIST\3\0\0\0abc\0"), Sound(16_000, PCM)),
        (wav(PCM, form=EXTENSIBLE), Sound(16_000, PCM)),
        (wav(PCM, channels=2), Sound(16_000, struct.pack("<2h", 1, 300))),
        (wav(bytes([0x80, 0xFF, 0x00]), bits=8), Sound(16_000, struct.pack("<3h", 0, 0x7F00, -0x8000))),
        (wav(b"\xff\x01\x00\xff\xfe\xff", bits=24), Sound(16_000, struct.pack("<2h", 1, -2))),
        (wav(struct.pack("<2i", 7 << 16, -1), bits=32), Sound(16_000, struct.pack("<2h", 7, -1))),
        (
            wav(struct.pack("<4i", 7 << 16, 0, 8 << 16, 0), bits=32, channels=2),
            Sound(16_000, struct.pack("<2h", 7, 8)),
        ),
        (wav(b""), Sound(16_000, b"")),
    ],
)
def test_what_is_understood(body: bytes, heard: Sound) -> None:
    assert read(body, 8000) == heard


@pytest.mark.parametrize(
    "body",
    [
        b"",
        wav(PCM)[:36],
        wav(PCM)[:20],
        wav(PCM, form=b"\1\0"),
        wav(PCM, kind=3),
        wav(PCM, kind=6, bits=8),
        wav(PCM, bits=12),
        wav(PCM, frame=7),
        wav(PCM, channels=0, frame=0),
        wav(PCM, rate=3999),
        wav(PCM, rate=192_001),
        b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd",
    ],
)
def test_what_is_not(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read(body, 16_000)


def test_half_a_sample() -> None:
    with pytest.raises(Conflict):
        read(b"abc", 16_000)

"""Tells a sound file of some container or codec from raw samples, by its first bytes.

Raw samples can be any bytes: a signature counts only if chance does not make it. The headers of MPEG and AAC
frames are two of three bytes at most that mean something, so a chain of them is looked for.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Final

HEAD: Final = 64 * 1024
"""Bytes of a file that are enough to look at."""

FRAMES = 4
"""Headers in a row that make a chain; fewer if the last frame ends with the file."""

RUN_UP = 4096
"""Bytes before the first whole frame, if a stream was cut in the middle of one: an MP3's longest has 1441."""

BITRATES = {
    # kbit/s by index (ISO 11172-3 table 3-B.1, 13818-3): layer III of MPEG 1, and of MPEG 2 and 2.5.
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Hz by version (3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5) and index."""


def container(head: bytes) -> str:
    """What kind of file begins with `head` (`HEAD` bytes of it, or all): wav, mp3…; empty for raw samples."""
    for kind, begins in SIGNATURES.items():
        if begins(head):
            return kind
    if _chained(head, _mpeg_frame):
        return "mp3"
    return "aac" if _chained(head, _adts_frame) else ""


def _wav(head: bytes) -> bool:
    return head[:4] in (b"RIFF", b"RF64", b"RIFX") and head[8:12] == b"WAVE"


def _aiff(head: bytes) -> bool:
    return head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC")


def _flac(head: bytes) -> bool:
    # The first block is STREAMINFO, 34 bytes long (RFC 9639, 8.2).
    return head[:4] == b"fLaC" and len(head) > 8 and head[4] & 0x7F == 0 and head[5:8] == b"\0\0\x22"


def _ogg(head: bytes) -> bool:
    # Version 0, and the first page begins a stream (RFC 3533, 6).
    return head[:5] == b"OggS\0" and len(head) > 5 and head[5] & ~0x05 == 0x02


def _matroska(head: bytes) -> bool:
    return head[:4] == b"\x1a\x45\xdf\xa3" and any(name in head[:128] for name in (b"webm", b"matroska"))


def _mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and 8 <= int.from_bytes(head[:4], "big") <= 1024


def _id3(head: bytes) -> bool:
    # Major version 2 to 4, and a length in bytes of seven bits (ID3v2.4, 3.1).
    return (
        head[:3] == b"ID3"
        and len(head) >= 10
        and 2 <= head[3] <= 4
        and head[4] != 0xFF
        and not head[5] & 0x0F
        and not any(byte & 0x80 for byte in head[6:10])
    )


SIGNATURES: dict[str, Callable[[bytes], bool]] = {
    "wav": _wav,
    "aiff": _aiff,
    "flac": _flac,
    "ogg": _ogg,
    "matroska": _matroska,
    "mp4": _mp4,
    "mp3": _id3,
}


def _mpeg_frame(header: bytes) -> tuple[int, bytes] | None:
    """Length of the layer III frame that `header` (4 bytes) begins, and what all frames of its file share."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if header[0] != 0xFF or header[1] < 0xE0 or version == 1 or layer != 1:
        return None
    if bitrate in (0, 15) or rate == 3 or header[3] & 3 == 2:
        return None
    samples = 1152 if version == 3 else 576
    length = samples // 8 * BITRATES[version == 3][bitrate] * 1000 // RATES[version][rate] + (header[2] >> 1 & 1)
    return length, bytes((header[1], header[2] & 0x0C))


def _adts_frame(header: bytes) -> tuple[int, bytes] | None:
    """The same of an ADTS frame, by the 6 bytes that its length needs (ISO 13818-7, 6.2)."""
    if header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return None
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return (length, header[1:3] + bytes((header[3] & 0xC0,))) if length > 7 else None


def _chained(head: bytes, frame: Callable[[bytes], tuple[int, bytes] | None]) -> bool:
    """Whether frames follow each other from somewhere within `RUN_UP`."""
    start = head.find(b"\xff")
    while 0 <= start <= RUN_UP:
        if _follow(head, start, frame):
            return True
        start = head.find(b"\xff", start + 1)
    return False


def _follow(head: bytes, start: int, frame: Callable[[bytes], tuple[int, bytes] | None]) -> bool:
    shared: list[bytes] = []
    while start + 6 <= len(head) and len(shared) < FRAMES:
        if (found := frame(head[start : start + 6])) is None:
            return False
        length, same = found
        shared.append(same)
        start += length
    if any(one != other for one, other in pairwise(shared)):
        return False
    # A whole short file: its last frame ends with it.
    return len(shared) == FRAMES or (len(shared) >= 2 and start == len(head))

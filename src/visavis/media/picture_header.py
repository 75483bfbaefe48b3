"""What kind of picture a file is, and how large: by its header, before anything is decoded.

Sources: PNG (ISO/IEC 15948, 5), JPEG (ITU-T T.81, annex B), WebP (RFC 9649, 2).
"""

from dataclasses import dataclass
from typing import Literal

from visavis.errors import InvalidInput

MAX_SIDE = 12_000
"""Pixels."""

MAX_PIXELS = 25_000_000
"""75 MB when decoded."""

MIN_SIDE = 8

LONGEST = 4
"""How many times as long as the other a side may be."""

CUT = "the image is cut off"


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a file says it is."""

    kind: Literal["png", "jpeg", "webp"]
    width: int
    height: int


def is_picture(data: bytes) -> bool:
    """Whether it is meant to be one of the kinds that are taken."""
    return _kind(data) is not None


def check(data: bytes) -> PictureHeader:
    """The header of a whole file. `InvalidInput` for other kinds, for what is cut off, too large or too long."""
    match _kind(data):
        case "png":
            found = _png(data)
        case "jpeg":
            found = _jpeg(data)
        case "webp":
            found = _webp(data)
        case None:
            raise InvalidInput("the image has to be a JPEG, PNG or WebP file")
    width, height = found.width, found.height
    if min(width, height) < MIN_SIDE:
        raise InvalidInput(f"the image has to be at least {MIN_SIDE} pixels wide and high")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise InvalidInput(
            f"the image is {width} x {height} pixels; at most {MAX_PIXELS // 1_000_000} million are taken"
        )
    if max(width, height) > LONGEST * min(width, height):
        raise InvalidInput(f"one side of the image is more than {LONGEST} times as long as the other")
    return found


def _kind(data: bytes) -> Literal["png", "jpeg", "webp"] | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _png(data: bytes) -> PictureHeader:
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise InvalidInput(CUT)
    place = 8
    while place + 12 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        place += 12 + length
        if kind == b"IEND":
            width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
            return PictureHeader("png", width, height)
    raise InvalidInput(CUT)


def _jpeg(data: bytes) -> PictureHeader:
    place, size = 2, (0, 0)
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            raise InvalidInput("the image can't be decoded")
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        # SOF0 to SOF15 but DHT, JPG and DAC: precision, lines, samples per line.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = (int.from_bytes(data[at : at + 2], "big") for at in (place + 5, place + 7))
            size = width, height
        elif marker == 0xDA:
            if data.find(b"\xff\xd9", place) < 0:
                raise InvalidInput(CUT)
            return PictureHeader("jpeg", *size)
        place += 2 + length
    raise InvalidInput(CUT)


def _webp(data: bytes) -> PictureHeader:
    if len(data) < 30 or 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise InvalidInput(CUT)
    match data[12:16]:
        case b"VP8X":
            if data[20] & 0x02:
                raise InvalidInput("the image moves; send a still one")
            width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        case _:
            raise InvalidInput("the image can't be decoded")
    return PictureHeader("webp", width, height)

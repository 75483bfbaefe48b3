"""Pictures as people send them, and as nobody should."""

import struct
import zlib

import cv2
import numpy as np

from tests.avatar.faces import astronaut


def encoded(kind: str, width: int = 120, height: int = 160) -> bytes:
    """A picture with a red left and a blue right half."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (0, 0, 255)
    pixels[:, width // 2 :] = (255, 0, 0)
    return cv2.imencode(kind, pixels)[1].tobytes()


def portrait(kind: str = ".jpg") -> bytes:
    """A picture of a person, as people send them."""
    return cv2.imencode(kind, astronaut()[:430, 20:420])[1].tobytes()


def decoded(data: bytes) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return found.astype(np.uint8, copy=False)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int) -> bytes:
    """A small file of a huge picture."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((side // 8 + 1) * side), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def turned(jpeg: bytes, orientation: int, secret: bytes = b"Somewhere 12") -> bytes:
    """A JPEG with EXIF data that says how it is to be held, and where it was taken."""
    text = secret + b"\0"
    entries = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack(">HHII", 0x010E, 2, len(text), 8 + 2 + 24 + 4)
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08" + struct.pack(">H", 2) + entries + b"\0\0\0\0" + text
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]

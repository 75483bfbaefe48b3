"""Media records: what a Pipecat client and its avatar send each other (contract protoface 1.8).

One binary message is one record, big-endian: u32 length of what follows | u8 type | u32 length of the header |
header, a JSON object | blob.
"""

import json
import struct
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from visavis.errors import InvalidInput
from visavis.pool.relay import PicturePiece, Said, SoundPiece

MAX_HEADER = 4096
"""Bytes; the client's largest has about a hundred."""

MAX_BLOB = 1024 * 1024
"""Bytes; the client sends 40 ms at a time, which is 1280."""

RATES = range(4000, 192_001)
"""Hz that sound may have."""

CHANNELS = range(1, 9)
"""That sound may have; they are mixed."""

RATE = 16_000
"""Hz of sound whose record does not say: what the bootstrap asks for."""

HEAD = struct.Struct(">IBI")

_LENGTH = 4
"""Bytes that the length itself takes."""


class Kind(IntEnum):
    """What a record is."""

    AUDIO = 0x01
    FLUSH = 0x02
    INTERRUPT = 0x03
    LISTEN_AUDIO = 0x04
    CLOSE = 0x05
    READY = 0x10
    VIDEO = 0x11
    METRICS = 0x12
    ERROR = 0x13


class MediaRecord(NamedTuple):
    """A record that came in."""

    kind: int
    """A `Kind`, or one that newer clients know."""
    header: Mapping[str, Any]
    blob: bytes


def encoded(kind: Kind, header: Mapping[str, Any] | None = None, blob: bytes = b"") -> bytes:
    """A record as a message."""
    head = json.dumps(header or {}, separators=(",", ":")).encode()
    return HEAD.pack(HEAD.size - _LENGTH + len(head) + len(blob), kind, len(head)) + head + blob


def decoded(message: bytes) -> MediaRecord:
    """The record in a message. Raises `InvalidInput`, which says what is wrong with it."""
    if len(message) < HEAD.size:
        raise InvalidInput("a record has at least nine bytes")
    length, kind, size = HEAD.unpack_from(message)
    if length != len(message) - _LENGTH:
        raise InvalidInput("the record's length is not that of its message")
    if size > MAX_HEADER:
        raise InvalidInput(f"a record's header may have at most {MAX_HEADER} bytes")
    if size > len(message) - HEAD.size:
        raise InvalidInput("the record's header is cut off")
    if len(message) - HEAD.size - size > MAX_BLOB:
        raise InvalidInput(f"a record may carry at most {MAX_BLOB} bytes; send 40 ms at a time")
    return MediaRecord(kind, _object(message[HEAD.size : HEAD.size + size]), message[HEAD.size + size :])


def said(record: MediaRecord) -> Said:
    """The sound in a record of the kind `AUDIO`, as one channel. Raises `InvalidInput`."""
    rate = _number(record.header, "sample_rate", RATE, RATES)
    channels = _number(record.header, "num_channels", 1, CHANNELS)
    if len(record.blob) % (2 * channels):
        raise InvalidInput("sound has to be whole samples: s16le, of every channel as many")
    pcm = np.frombuffer(record.blob, dtype="<i2")
    if channels > 1:
        pcm = np.rint(pcm.reshape(-1, channels).mean(axis=1)).astype("<i2")
    return Said(pcm.tobytes(), rate)


def sound(piece: SoundPiece, sample_rate: int) -> bytes:
    """What is heard, of `sample_rate` Hz, as a message."""
    return encoded(Kind.AUDIO, {"sample_rate": sample_rate, "num_channels": 1}, piece.pcm)


def picture(piece: PicturePiece, index: int, sample_rate: int) -> bytes:
    """What is seen, the picture number `index` of its session, as a message."""
    header = {
        "width": piece.width,
        "height": piece.height,
        "encoding": "jpeg",
        "frame_index": index,
        "timestamp_ms": piece.start * 1000 // sample_rate,
    }
    return encoded(Kind.VIDEO, header, piece.jpeg)


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidInput("the record's header is no JSON object")
    return found


def _number(header: Mapping[str, Any], name: str, usual: int, allowed: range) -> int:
    value = header.get(name, usual)
    if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
        raise InvalidInput(f"{name} has to be a whole number from {allowed[0]} to {allowed[-1]}")
    return value

"""Sound that a client pushes: a WAV, whatever its samples are, or raw PCM (contract 1.1, 1.5).

Deployed clients send complete WAV files, header and all. Source: Microsoft, "Multiple Channel Audio Data and WAVE
Files".
"""

import struct
from typing import NamedTuple

from visavis.errors import Conflict, InvalidInput

MIN_RATE, MAX_RATE = 4000, 192_000
"""Hz."""

PCM, EXTENSIBLE = 1, 0xFFFE

UNSIGNED = bytes(value ^ 0x80 for value in range(256))
"""8 bit samples have no sign → those that have one."""


class Sound(NamedTuple):
    """What was pushed."""

    sample_rate: int
    """Hz."""
    pcm: bytes
    """s16le, mono."""


def read(body: bytes, sample_rate: int) -> Sound:
    """`body` is a WAV, or raw s16le mono at `sample_rate` Hz. Raises `InvalidInput`, `Conflict` (odd)."""
    if not body:
        raise InvalidInput("the body is empty: send a WAV or raw PCM")
    if body[:4] == b"RIFF" and body[8:12] == b"WAVE":
        return _wav(body)
    if len(body) % 2:
        raise Conflict("Raw PCM has two bytes a sample: an odd number of bytes was sent")
    return Sound(sample_rate, body)


def _wav(body: bytes) -> Sound:
    place, form = 12, b""
    while place + 8 <= len(body):
        kind, size = struct.unpack_from("<4sI", body, place)
        place += 8
        if kind == b"fmt ":
            form = body[place : place + size]
        elif kind == b"data":
            # Whoever streams does not know the size yet, and says 0 or the largest number.
            end = place + size if size else len(body)
            return _samples(body[place:end], form)
        # Chunks begin at even places.
        place += size + size % 2
    raise InvalidInput("the WAV has no sound in it")


def _samples(data: bytes, form: bytes) -> Sound:
    if len(form) < 16:
        raise InvalidInput("the WAV does not say what its sound is like")
    kind, channels, sample_rate, _, frame, bits = struct.unpack_from("<HHIIHH", form)
    if kind == EXTENSIBLE and len(form) >= 26:
        kind = struct.unpack_from("<H", form, 24)[0]
    if kind != PCM or bits not in (8, 16, 24, 32) or not channels or frame != channels * bits // 8:
        raise InvalidInput("the WAV must be PCM of 8, 16, 24 or 32 bit")
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        raise InvalidInput(f"the WAV's rate must be {MIN_RATE} to {MAX_RATE} Hz")
    data = data[: len(data) - len(data) % frame]
    if channels == 1 and bits == 16:
        return Sound(sample_rate, data)
    # The first channel, and of its samples the two upper bytes.
    upper = bits // 8 - 1
    pcm = bytearray(len(data) // frame * 2)
    if bits == 8:
        pcm[1::2] = data[::frame].translate(UNSIGNED)
    else:
        pcm[::2] = data[upper - 1 :: frame]
        pcm[1::2] = data[upper::frame]
    return Sound(sample_rate, bytes(pcm))

"""Pieces of a session's media, as its process hands them to another one that brings them to a client."""

from typing import TypeAlias

import msgspec


class SoundPiece(msgspec.Struct, frozen=True, tag=True):
    """What is heard from `start` on."""

    start: int
    """Media time of the first sample."""
    pcm: bytes
    """s16le mono at 48 kHz."""


class PicturePiece(msgspec.Struct, frozen=True, tag=True):
    """What is seen from `start` on."""

    start: int
    """Media time."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    jpeg: bytes


Piece: TypeAlias = SoundPiece | PicturePiece
"""What a session plays."""


class Said(msgspec.Struct, frozen=True, tag=True):
    """Sound that the session is to say."""

    pcm: bytes
    """s16le mono, whole samples."""
    sample_rate: int
    """Hz."""


class AllSaid(msgspec.Struct, frozen=True, tag=True):
    """That was an utterance."""


class Hush(msgspec.Struct, frozen=True, tag=True):
    """Say nothing more of what came so far."""


Order: TypeAlias = Said | AllSaid | Hush
"""What a session is told."""

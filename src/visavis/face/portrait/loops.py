"""Motion loops on disk: drawn once for each avatar, then memory-mapped by every session and process."""

import contextlib
import hashlib
import threading
import uuid
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import numpy as np

from visavis.avatar import Avatar
from visavis.media.pictures import I420, LoopClip

VERSION = 1
"""Raise it when the same files would be drawn differently."""
SUFFIXES = {".json", ".png", ".jpg", ".jpeg"}

_drawing = threading.Lock()


def digest(avatar: Avatar) -> str:
    """Names the content of an avatar's files and the code that draws them: 16 hex digits."""
    found = hashlib.sha256(f"portrait {VERSION}".encode())
    for path in sorted(avatar.path.iterdir()):
        if path.suffix in SUFFIXES:
            content = path.read_bytes()
            found.update(f"{path.name} {len(content)} ".encode())
            found.update(content)
    return found.hexdigest()[:16]


def clip(
    folder: Path,
    avatar: Avatar,
    name: str,
    size: tuple[int, int],
    fps: Fraction,
    lengths: tuple[int, int],
    draw: Callable[[int], I420],
) -> LoopClip:
    """The clip `name` of `avatar` from `folder`, drawn by `draw(index)` if it is not there yet.

    `size` is (width, height), `lengths` (number of frames, key interval). Processes may race: each
    writes a file of its own and the last one to finish names it; the content is the same.
    """
    width, height = size
    count, key_interval = lengths
    key = f"{avatar.id}-{name}-{width}x{height}-{digest(avatar)}"
    path = (folder / f"{key}.i420").absolute()
    shape = (count, height * 3 // 2, width)
    with _drawing:
        if not path.is_file() or path.stat().st_size != int(np.prod(shape)):
            _draw(path, count, draw)
    frames = np.memmap(path, dtype=np.uint8, mode="r", shape=shape)
    return LoopClip(key, cast("Sequence[I420]", frames), width, height, fps, key_interval)


def _draw(path: Path, count: int, draw: Callable[[int], I420]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(f".{uuid.uuid4().hex}")
    try:
        with written.open("wb") as file:
            for index in range(count):
                file.write(np.ascontiguousarray(draw(index)).data)
        written.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            written.unlink()

"""Motion loops on disk: drawn once for each avatar, then read by every session and process."""

import contextlib
import fcntl
import hashlib
import os
import threading
import uuid
import weakref
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import overload

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

    `size` is (width, height), `lengths` (number of frames, key interval). One process draws, others wait.
    """
    width, height = size
    count, key_interval = lengths
    key = f"{avatar.id}-{name}-{width}x{height}-{digest(avatar)}"
    path = (folder / f"{key}.i420").absolute()
    shape = (count, height * 3 // 2, width)
    with _drawing, _alone(path.with_suffix(".lock")):
        if not path.is_file() or path.stat().st_size != int(np.prod(shape)):
            _draw(path, count, draw)
    return LoopClip(key, Frames(path, shape), width, height, fps, key_interval)


class Frames(Sequence[I420]):
    """Frames in a file, read when asked for: mapped ones would count as memory of every process, 60 MiB a loop.

    Each is the caller's own array.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int]) -> None:
        self._file = os.open(path, os.O_RDONLY)
        self._shape = shape
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self._shape[0]

    @overload
    def __getitem__(self, index: int) -> I420: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[I420]: ...

    def __getitem__(self, index: int | slice) -> I420 | Sequence[I420]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        count, rows, columns = self._shape
        if not -count <= index < count:
            raise IndexError(index)
        frame = np.empty((rows, columns), dtype=np.uint8)
        os.preadv(self._file, [frame.data], index % count * rows * columns)
        return frame


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock among processes; the kernel lets go of it if this one dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _draw(path: Path, count: int, draw: Callable[[int], I420]) -> None:
    written = path.with_suffix(f".{uuid.uuid4().hex}")
    try:
        with written.open("wb") as file:
            for index in range(count):
                file.write(np.ascontiguousarray(draw(index)).data)
        written.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            written.unlink()

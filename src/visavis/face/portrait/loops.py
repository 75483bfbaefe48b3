"""Motion loops on disk: drawn once for each avatar, then read by every session and process."""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import threading
import time
import uuid
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, overload

import numpy as np

from visavis.avatar import Avatar
from visavis.media.pictures import I420, LoopClip

VERSION = 3
"""Raise it when the same files would be drawn differently."""
SUFFIXES = {".json", ".png", ".jpg", ".jpeg"}

BACKDROPS = 8
"""How many combinations of avatar and background, beside the usual ones, are kept: those used last."""

POLL = 0.02
"""Seconds from one look to the next whether another process has done with a clip."""

_BACKDROP = re.compile(r"-on([0-9a-f]{8})-\d+x\d+-")
_NONE: Mapping[int, Sequence[I420]] = {}


class ProcessEnds(Exception):
    """Nobody needs a clip any more."""


def digest(avatar: Avatar) -> str:
    """Names the content of an avatar's files and the code that draws them: 16 hex digits."""
    found = hashlib.sha256(f"portrait {VERSION}".encode())
    for path in sorted(avatar.path.iterdir()):
        if path.suffix in SUFFIXES:
            content = path.read_bytes()
            found.update(f"{path.name} {len(content)} ".encode())
            found.update(content)
    # Landmarks may be known from elsewhere than the bundle.
    found.update(json.dumps(avatar.metadata.get("animation"), sort_keys=True).encode())
    if avatar.background is not None:
        found.update(backdrop(avatar).encode())
    if isinstance(avatar.background, Path):
        found.update(avatar.background.read_bytes())
    return found.hexdigest()[:16]


def backdrop(avatar: Avatar) -> str:
    """What a clip's name has in it if something else than usual is behind the person; else nothing."""
    if avatar.background is None:
        return ""
    return "-on" + hashlib.sha256(f"{avatar.id} {avatar.background}".encode()).hexdigest()[:8]


def clip(
    folder: Path,
    avatar: Avatar,
    name: str,
    size: tuple[int, int],
    fps: Fraction,
    lengths: tuple[int, int],
    draw: Callable[[int], I420],
    borrowed: Mapping[int, Sequence[I420]] = _NONE,
) -> LoopClip:
    """The clip `name` of `avatar` from `folder`, drawn by `draw(index)` if it is not there yet.

    `size` is (width, height), `lengths` (number of frames, key interval). One process draws, others wait; what
    other versions of this avatar's files left there is deleted then. `borrowed`: for the stretches from one key
    index to the next, counted from 0, that another clip has just so, that clip's frames. Raises `OSError`.
    """
    width, height = size
    count, key_interval = lengths
    name += backdrop(avatar)
    key = f"{avatar.id}-{name}-{width}x{height}-{float(fps):.5g}fps-{digest(avatar)}"
    path = (folder / f"{key}.i420").absolute()
    own = [index for index in range(count) if index // key_interval not in borrowed]
    shape = (len(own), height * 3 // 2, width)
    with _alone(path.with_suffix(".lock")):
        if not path.is_file() or path.stat().st_size != int(np.prod(shape)):
            _tidy(folder, avatar.id, name, key)
            _draw(path, (draw(index) for index in own))
        if avatar.background is not None:
            os.utime(path)
            _forget(folder)
    frames: Sequence[I420] = Frames(path, shape)
    if borrowed:
        frames = Spliced(frames, borrowed, count, key_interval)
    return LoopClip(key, frames, width, height, fps, key_interval)


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


class Spliced(Sequence[I420]):
    """Frames of a file with stretches of other clips between them."""

    def __init__(
        self, own: Sequence[I420], borrowed: Mapping[int, Sequence[I420]], count: int, key_interval: int
    ) -> None:
        self._places: list[tuple[Sequence[I420], int]] = []
        kept = 0
        for index in range(count):
            other = borrowed.get(index // key_interval)
            self._places.append((own, kept) if other is None else (other, index))
            kept += other is None

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> I420: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[I420]: ...

    def __getitem__(self, index: int | slice) -> I420 | Sequence[I420]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        frames, place = self._places[index]
        return frames[place]


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock among processes; the kernel lets go of it if this one dies. Raises `ProcessEnds`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        while not _locked(file):
            if not threading.main_thread().is_alive():
                raise ProcessEnds
            time.sleep(POLL)
        yield


def _locked(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _draw(path: Path, frames: Iterable[I420]) -> None:
    written = path.with_suffix(f".{uuid.uuid4().hex}")
    try:
        with written.open("wb") as file:
            for frame in frames:
                file.write(np.ascontiguousarray(frame).data)
        written.replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            written.unlink()


def _tidy(folder: Path, avatar: str, name: str, key: str) -> None:
    """Delete what was drawn and encoded of clip `name` before the avatar's files were as they are now.

    Also what a process that was killed has left of `key`, whose lock is held here. Whoever still plays one of them
    has it open, and keeps it.
    """
    current = key.rpartition("-")[2]
    drawn = re.compile(rf"{re.escape(avatar)}-{re.escape(name)}-\d+x\d+-(?:[\d.]+fps-)?([0-9a-f]{{16}})\.")
    unfinished = re.compile(rf"{re.escape(key)}\.[0-9a-f]{{32}}")
    for path in folder.iterdir():
        found = drawn.match(path.name)
        if found is not None and (found[1] != current or unfinished.fullmatch(path.name)):
            path.unlink(missing_ok=True)


def _forget(folder: Path) -> None:
    """Delete what was drawn and encoded for the backgrounds used least recently: clients may choose any."""
    found: dict[str, list[tuple[float, Path]]] = {}
    for path in folder.iterdir():
        if (match := _BACKDROP.search(path.name)) is None:
            continue
        # Another process may just be deleting it.
        with contextlib.suppress(FileNotFoundError):
            found.setdefault(match[1], []).append((path.stat().st_mtime, path))
    for files in sorted(found.values(), key=max, reverse=True)[BACKDROPS:]:
        for _, path in files:
            path.unlink(missing_ok=True)

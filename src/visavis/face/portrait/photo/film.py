"""A bundle's sequence of pictures: played forth and back as its idle loop, with a mouth in each of them."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, overload

import cv2
import numpy as np

from visavis.avatar import Avatar
from visavis.errors import InvalidInput
from visavis.face.portrait import loops
from visavis.face.portrait.photo.marks import Frame, Marks
from visavis.media.pictures import BGR, I420, LoopClip

PLACES = ("frames", "full_frames")
"""Directories of a bundle that may hold the pictures."""
METADATA = "mouth_metadata.json"
SUFFIXES = {".png", ".jpg", ".jpeg"}
LONGEST = 10
"""Seconds of it that are used."""
LARGEST = 4 * 2**20
"""Bytes of its metadata."""


class Film:
    """The pictures of one avatar, and where the mouth is in each."""

    def __init__(self, avatar: Avatar, paths: list[Path], mouths: list[Frame | None]) -> None:
        self._avatar = avatar
        self._size = avatar.width // 2 * 2, avatar.height // 2 * 2
        key = max(round(avatar.fps), 1)
        paths = paths[: LONGEST * key]
        # There and back again is a whole number of key intervals, and even.
        whole = key if key % 2 == 0 else 2 * key
        there = len(paths) - 1
        length = 2 * there
        if length >= whole:
            length = length // whole * whole
            self._key = key
        else:
            self._key = length
        half = length // 2
        self._order = [*range(half + 1), *range(half - 1, 0, -1)]
        self._paths, self._mouths = paths, mouths

    def clip(self, folder: Path) -> LoopClip:
        """The loop, made the first time."""
        found = hashlib.sha256()
        for path in self._paths:
            status = path.stat()
            found.update(f"{path.name} {status.st_size} {status.st_mtime_ns} ".encode())
        name = f"film1-{found.hexdigest()[:16]}"
        # Kept once, whichever way it is played.
        there = len(self._order) // 2 + 1
        width, height = self._size
        kept = loops.clip(folder, self._avatar, name, self._size, self._avatar.fps, (there, self._key), self._read)
        frames = _Ordered(kept.frames, self._order)
        return LoopClip(kept.key, frames, width, height, self._avatar.fps, self._key)

    def first(self) -> I420:
        """The picture in which the mouth is where the manifest says."""
        return self._read(0)

    def mouth(self, index: int, usual: Frame) -> Frame:
        """Where the mouth is in frame `index` of the loop."""
        number = self._order[index]
        found = self._mouths[number] if number < len(self._mouths) else None
        return usual if found is None else found

    def _read(self, number: int) -> I420:
        found = cv2.imread(str(self._paths[number]), cv2.IMREAD_COLOR)
        if found is None:
            raise InvalidInput(f"avatar {self._avatar.id!r}: picture {number + 1} of its sequence cannot be read")
        picture: BGR = found.astype(np.uint8, copy=False)
        if (picture.shape[1], picture.shape[0]) != self._size:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        return cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)


class _Ordered(Sequence[I420]):
    """Frames in another order."""

    def __init__(self, frames: Sequence[I420], order: list[int]) -> None:
        self._frames, self._order = frames, order

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> I420: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[I420]: ...

    def __getitem__(self, index: int | slice) -> I420 | Sequence[I420]:
        if isinstance(index, slice):
            return [self._frames[each] for each in self._order[index]]
        return self._frames[self._order[index]]


def find(avatar: Avatar, marks: Marks | None) -> Film | None:
    """The film of a bundle whose manifest says that it is one, or that has no other picture."""
    wanted = avatar.metadata.get("reference_mode") == "frames"
    place = avatar.metadata.get("frame_dir")
    names = (place, *PLACES) if isinstance(place, str) and place.isidentifier() else PLACES
    for name in names:
        folder = avatar.path / name
        paths = (
            sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES) if folder.is_dir() else []
        )
        if len(paths) < 2 or not (wanted or avatar.reference() == paths[0]):
            continue
        return Film(avatar, paths, _mouths(folder / METADATA, paths, avatar, marks))
    return None


def _mouths(path: Path, paths: list[Path], avatar: Avatar, marks: Marks | None) -> list[Frame | None]:
    """One place for each picture, where the file has one for it."""
    if marks is None or not path.is_file() or path.stat().st_size > LARGEST:
        return []
    try:
        found: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise InvalidInput(f"avatar {avatar.id!r}: {METADATA} cannot be read") from None
    if isinstance(found, Mapping) and isinstance(found.get("frames"), Mapping | list):
        found = found["frames"]
    if isinstance(found, Mapping):
        found = [found.get(picture.name, found.get(picture.stem)) for picture in paths]
    if not isinstance(found, list):
        return []
    size = np.array([avatar.width // 2 * 2, avatar.height // 2 * 2], dtype=np.float64)
    return [_mouth(entry, size, marks.mouth) for entry in found[: len(paths)]]


def _mouth(entry: object, size: np.ndarray[tuple[int, ...], np.dtype[np.float64]], usual: Frame) -> Frame | None:
    """The place of one mouth."""
    if not isinstance(entry, Mapping):
        return None
    centre = entry.get("mouth_center")
    if not isinstance(centre, list) or len(centre) != 2:
        return None
    values = [*centre, entry.get("mouth_rx", usual.unit / size[0]), entry.get("angle", math.degrees(usual.angle))]
    if any(isinstance(v, bool) or not isinstance(v, int | float) or not abs(v) <= 360 for v in values):
        return None
    x, y, rx, angle = (float(value) for value in values)
    if not (0 < x < 1 and 0 < y < 1 and 0 < rx < 0.5 and abs(angle) <= 60):
        return None
    return Frame(x * float(size[0]), y * float(size[1]), rx * float(size[0]), math.radians(angle))

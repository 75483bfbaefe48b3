"""Films: MP4 files named by our own ids, in a directory of their own, that are deleted when they are old."""

import struct
import time
from pathlib import Path
from uuid import UUID

from visavis.errors import NotFound
from visavis.settings import Settings

ABANDONED = 600.0
"""Seconds without a byte after which half a film was left by a process that died."""

BOX = struct.Struct(">I4s")
"""The head of an MP4 box: bytes of all of it, and its kind (ISO/IEC 14496-12, 4.2)."""

MOVIE = 1024 * 1024
"""Bytes from the beginning of our files within which the movie header is: their index is in front."""

HEADER = 40
"""Bytes of a movie header, as far as it is read."""


class Films:
    """Those of one directory. A film is there under its name when it is whole, and never before."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def place(self, film: str) -> Path:
        """Where the film of that id is, or will be. `NotFound` for what is no id of ours."""
        try:
            return self._directory / f"{UUID(film)}.mp4"
        except ValueError:
            raise NotFound("film not found") from None

    def find(self, film: str) -> Path | None:
        """Where it is, if it is there."""
        path = self.place(film)
        return path if path.is_file() else None

    def forget(self, film: str) -> None:
        """Delete it, and what there is of it."""
        path = self.place(film)
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".part").unlink(missing_ok=True)

    def sweep(self, hours: float) -> None:
        """Delete what is older than `hours`, and halves that nobody works on any more."""
        if not self._directory.is_dir():
            return
        now = time.time()
        for path in self._directory.iterdir():
            try:
                age = now - path.stat().st_mtime
            except FileNotFoundError:
                continue
            if age > (ABANDONED if path.suffix == ".part" else hours * 3600):
                path.unlink(missing_ok=True)


def recordings(settings: Settings) -> Films:
    """Recordings of sessions, by the session's id."""
    return Films(settings.data_dir / "recordings")


def bundles(settings: Settings) -> Films:
    """Offline bundles, by the job's id."""
    return Films(settings.data_dir / "renders")


def duration(path: Path) -> float:
    """The length of a film in seconds; 0 if it is none of ours."""
    with path.open("rb") as file:
        return seconds(file.read(MOVIE))


def seconds(head: bytes) -> float:
    """The length of a film by its first `MOVIE` bytes, read from its movie header; 0 if there is none."""
    place = 0
    while place + BOX.size <= len(head):
        size, kind = BOX.unpack_from(head, place)
        if kind == b"moov":
            return _movie_seconds(head, place + BOX.size)
        if size < BOX.size:
            break
        place += size
    return 0.0


def _movie_seconds(head: bytes, place: int) -> float:
    """Of the `mvhd` box at `place`: version, dates, time scale, duration (ISO/IEC 14496-12, 8.2.2)."""
    if len(head) < place + HEADER:
        return 0.0
    _, kind = BOX.unpack_from(head, place)
    dates, layout = (16, ">IQ") if head[place + 8] else (8, ">II")
    scale, length = struct.unpack_from(layout, head, place + 12 + dates)
    return length / scale if kind == b"mvhd" and scale else 0.0

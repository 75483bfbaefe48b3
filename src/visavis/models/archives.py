"""Unpacking archives of others: nothing is written outside the directory, nor more than is allowed."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from visavis.errors import InvalidInput

MAX_UNPACKED = 8 * 1024**3
"""Bytes that one archive may hold."""

Open = Callable[[], IO[bytes] | None]


def unpack(archive: Path, directory: Path) -> None:
    """Unpack a .zip or .tar (with gzip, bzip2 or xz) into a new `directory`.

    A single directory that everything is in is left out. Links and devices are left out, too.

    Raises `InvalidInput` for a name that leads out of the directory, too much content, and what is no archive.
    """
    directory.mkdir(parents=True)
    left = MAX_UNPACKED
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                left = _write(_zip_members(zipped), directory, left)
        else:
            with tarfile.open(archive) as tarred:
                left = _write(_tar_members(tarred), directory, left)
    except FileExistsError as error:
        raise InvalidInput("the archive holds a name twice") from error
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise InvalidInput("the archive is damaged, or of a kind that is not known") from error
    _lift(directory)


def _zip_members(zipped: zipfile.ZipFile) -> Iterator[tuple[str, int, Open]]:
    for info in zipped.infolist():
        # The upper half holds the Unix mode: only plain files, which some programs mark with 0.
        if not info.is_dir() and (info.external_attr >> 28) in (0, 0o10):
            yield info.filename, info.file_size, lambda info=info: zipped.open(info)  # type: ignore[misc]  # bound now


def _tar_members(tarred: tarfile.TarFile) -> Iterator[tuple[str, int, Open]]:
    for info in tarred:
        if info.isfile():
            yield info.name, info.size, lambda info=info: tarred.extractfile(info)  # type: ignore[misc]  # bound now


def _write(members: Iterator[tuple[str, int, Open]], directory: Path, left: int) -> int:
    for name, size, opened in members:
        target = directory.joinpath(*_parts(name))
        left -= size
        if left < 0:
            raise InvalidInput("the archive holds too much")
        target.parent.mkdir(parents=True, exist_ok=True)
        source = opened()
        if source is not None:
            # Both libraries stop at the size that the member is declared with.
            with source, target.open("xb") as out:
                shutil.copyfileobj(source, out, 1024 * 1024)
    return left


def _parts(name: str) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or {"\\", "\0", ":"} & set(name):
        raise InvalidInput("the archive holds a name that leads out of its directory")
    return path.parts


def _lift(directory: Path) -> None:
    """If there is nothing but one directory, put its content in its place."""
    inside = list(directory.iterdir())
    if len(inside) == 1 and inside[0].is_dir():
        lifted = directory.with_name(directory.name + ".lifted")
        inside[0].rename(lifted)
        directory.rmdir()
        lifted.rename(directory)

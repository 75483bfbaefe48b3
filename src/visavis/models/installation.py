"""Installing a model: downloaded beside its place, checked, unpacked, and put in its place as a whole."""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from visavis.errors import Conflict, Unavailable
from visavis.models.archives import unpack
from visavis.models.catalogue import REDIRECTS, File, Model
from visavis.models.download import download
from visavis.models.shelf import Shelf
from visavis.outbound import Outbound
from visavis.settings import Settings

ROOM = 3
"""Times the size of the download: itself, what is in it, and some more."""

NOTE = "visavis-model.json"
"""In the model's directory: where it comes from, and under which licence."""

Progress = Callable[[int], None]
"""Told how many bytes of the whole model are there now."""


async def install(
    settings: Settings, model: Model, progress: Progress, redirects: Iterable[str] = REDIRECTS
) -> Path:
    """Install `model`; returns its directory. What an earlier, unfinished call has downloaded is used.

    Raises `Unavailable` for a full disk or a wrong checksum, `OutboundFailed` if it can't be downloaded,
    `InvalidInput` for an archive that can't be unpacked, `Conflict` if another process is at it.
    """
    shelf = Shelf(settings)
    place = shelf.place(model.name)
    if place.is_dir():
        return place
    work = shelf.directory / f".{model.name}.part"
    work.mkdir(parents=True, exist_ok=True)
    with _alone(work):
        _check_room(work, model)
        outbound = Outbound(settings, [*(file.url for file in model.files), *redirects])
        try:
            before = 0
            for number, file in enumerate(model.files):
                await download(outbound, file, _part(work, number), _after(before, progress))
                before += file.size
        finally:
            await outbound.aclose()
        _assemble(model, work).rename(place)
        shutil.rmtree(work)
    return place


def _after(before: int, progress: Progress) -> Progress:
    return lambda have: progress(before + have)


def _part(work: Path, number: int) -> Path:
    return work / f"{number}.download"


def _assemble(model: Model, work: Path) -> Path:
    """The model's directory, complete, but not yet in its place."""
    whole = work / "whole"
    if whole.exists():
        shutil.rmtree(whole)
    for number, file in enumerate(model.files):
        if file.name:
            whole.mkdir(exist_ok=True)
            _part(work, number).rename(whole / file.name)
        else:
            unpack(_part(work, number), whole)
    (whole / NOTE).write_text(json.dumps(_note(model), indent=2, ensure_ascii=False) + "\n", "utf-8")
    return whole


def _note(model: Model) -> dict[str, object]:
    return {
        "name": model.name,
        "about": model.about,
        "licence": model.licence,
        "licence_url": model.licence_url,
        "files": [{"url": file.url, "sha256": file.sha256} for file in model.files],
    }


def _check_room(work: Path, model: Model) -> None:
    there = sum(path.stat().st_size for path in work.iterdir() if path.is_file())
    needed = _room(model.files) - there
    free = shutil.disk_usage(work).free
    if free < needed:
        missing = (needed - free) // 1024**2 + 1
        raise Unavailable(f"there is not enough room on the disk: make {missing} MiB more")


def _room(files: Iterable[File]) -> int:
    return sum(file.size * (1 if file.name else ROOM) for file in files)


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Hold the work for this process; the lock ends with it, however it ends."""
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("this model is being installed by another command") from error
        yield

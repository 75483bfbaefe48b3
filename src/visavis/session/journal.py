"""The journal: what each turn said, and how much of it was heard. Recordings and bug reports are made from it."""

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from io import BufferedWriter
from pathlib import Path

import msgspec

from visavis.media.flac import compress, pieces
from visavis.media.samples import Samples, from_bytes
from visavis.media.timeline import SAMPLE_RATE
from visavis.session.events import EndReason, TurnKind

log = logging.getLogger(__name__)


class Word(msgspec.Struct, frozen=True):
    """A word or phoneme of a turn."""

    kind: str
    value: str
    start: int
    """Turn time, samples at 48 kHz."""


class Entry(msgspec.Struct, frozen=True):
    """One turn, in `<turn>.json` beside `<turn>.flac`."""

    turn: str
    kind: TurnKind
    asked: str
    """The prompt, for a chat."""
    text: str
    heard: str
    samples: int
    """Length of the sound, at 48 kHz."""
    heard_samples: int
    reason: EndReason
    started_at: float
    """Unix time in seconds."""
    position: int
    """Media time of the session at which the turn's sound began."""
    marks: list[Word]


class TurnJournal:
    """One turn being written down. The sound is kept raw while it comes, which costs nothing."""

    def __init__(self, directory: Path | None, turn: str, finish: Callable[[Path, Path, Entry], None]) -> None:
        self._directory = directory
        self._turn = turn
        self._finish = finish
        self._sound: BufferedWriter | None = None
        self.marks: list[Word] = []
        self.started_at = time.time()

    def sound(self, pcm: Samples) -> None:
        """Add sound, int16 mono at 48 kHz."""
        if self._directory is None:
            return
        try:
            if self._sound is None:
                self._directory.mkdir(parents=True, exist_ok=True)
                self._sound = self._path("s16").open("wb")
            self._sound.write(pcm.tobytes())
        except OSError as error:
            # A full disk is no reason to fall silent.
            log.error("a turn's journal could not be written: %s", error.strerror)
            self._directory = None

    def end(self, entry: Entry) -> None:
        """The turn is over: have both files finished."""
        if self._directory is None:
            return
        self._close()
        page = self._path("json")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            # At once: whoever hears that the turn has ended may ask for what is written of it.
            part = self._path("part")
            part.write_bytes(msgspec.json.encode(entry))
            part.replace(page)
        except OSError as error:
            log.error("a turn's journal could not be written: %s", error.strerror)
        self._finish(self._path("s16"), self._path("flac"), entry)
        self._directory = None

    def discard(self) -> None:
        """Leave no trace."""
        if self._directory is not None:
            self._close()
            self._path("s16").unlink(missing_ok=True)
        self._directory = None

    def _close(self) -> None:
        if self._sound is not None:
            self._sound.close()
            self._sound = None

    def _path(self, suffix: str) -> Path:
        return (self._directory or Path()) / f"{self._turn}.{suffix}"


class Journal:
    """One session's journal; keeps nothing if `directory` is None. Compresses away from the event loop."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._finishing: set[asyncio.Task[None]] = set()

    def begin(self, turn: str) -> TurnJournal:
        """Start to write a turn down."""
        return TurnJournal(self._directory, turn, self._finish)

    async def close(self) -> None:
        """Wait until everything is written."""
        if self._finishing:
            await asyncio.wait(self._finishing)

    def _finish(self, raw: Path, flac: Path, entry: Entry) -> None:
        task = asyncio.create_task(asyncio.to_thread(_compress, raw, flac), name=f"journal {entry.turn}")
        self._finishing.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._finishing.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a turn's journal could not be written: %s", error)


def _compress(raw: Path, flac: Path) -> None:
    if raw.exists():
        compress(raw, flac)


def heard_turns(directory: Path) -> list[Entry]:
    """The turns of a session of which something was heard, in that order. Blocks."""
    found = []
    for path in directory.glob("*.json"):
        try:
            entry = msgspec.json.decode(path.read_bytes(), type=Entry)
        except (OSError, msgspec.DecodeError):
            # Being written or being swept just now, or left by a crash.
            continue
        if entry.heard_samples > 0:
            found.append(entry)
    return sorted(found, key=lambda entry: (entry.position, entry.started_at))


def heard_sound(directory: Path, entry: Entry) -> Iterator[Samples]:
    """What was heard of a turn, int16 mono at 48 kHz, piece by piece. Blocks; raises `OSError`."""
    try:
        # The other file is only whole when this one is gone.
        raw = (directory / f"{entry.turn}.s16").open("rb")
    except FileNotFoundError:
        yield from pieces(directory / f"{entry.turn}.flac", entry.heard_samples)
        return
    with raw:
        left = entry.heard_samples
        while left > 0 and (pcm := from_bytes(raw.read(2 * min(left, SAMPLE_RATE)))).size:
            left -= len(pcm)
            yield pcm


def sweep(directory: Path, hours: float, mib: int) -> None:
    """Delete sessions' journals that are older than `hours`, then the oldest until `mib` MiB are left."""
    if not directory.is_dir():
        return
    aged = sorted((path.stat().st_mtime, path) for path in directory.iterdir() if path.is_dir())
    limit = time.time() - hours * 3600
    sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for _, path in aged}
    total = sum(sizes.values())
    for modified, path in aged:
        if modified < limit or total > mib * 1024 * 1024:
            shutil.rmtree(path, ignore_errors=True)
            total -= sizes[path]

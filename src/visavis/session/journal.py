"""The journal: what each turn said, and how much of it was heard. Recordings and bug reports are made from it."""

import shutil
import time
from pathlib import Path

import msgspec

from visavis.media.flac import FlacWriter
from visavis.media.samples import Samples
from visavis.session.events import EndReason, TurnKind


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
    """One turn being written down."""

    def __init__(self, directory: Path | None, turn: str) -> None:
        self._directory = directory
        self._turn = turn
        self._sound: FlacWriter | None = None
        self.marks: list[Word] = []
        self.started_at = time.time()

    def sound(self, pcm: Samples) -> None:
        """Add sound, int16 mono at 48 kHz."""
        if self._directory is None:
            return
        if self._sound is None:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._sound = FlacWriter(self._directory / f"{self._turn}.flac")
        self._sound.write(pcm)

    def end(self, entry: Entry) -> None:
        """Finish both files."""
        if self._sound is not None:
            self._sound.close()
            self._sound = None
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
            (self._directory / f"{self._turn}.json").write_bytes(msgspec.json.encode(entry))

    def discard(self) -> None:
        """Leave no trace."""
        if self._sound is not None and self._directory is not None:
            self._sound.close()
            self._sound = None
            (self._directory / f"{self._turn}.flac").unlink()
        self._directory = None


class Journal:
    """One session's journal; keeps nothing if `directory` is None."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory

    def begin(self, turn: str) -> TurnJournal:
        """Start to write a turn down."""
        return TurnJournal(self._directory, turn)


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

"""What a server's processes use: processor time and memory, from Linux's /proc (proc(5))."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
"""Units of processor time in a second."""

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Use:
    """What one process has used."""

    pid: int
    parent: int
    cpu_seconds: float
    """User and system time since it started."""
    rss_mib: float
    """Resident memory: its own and what it shares with others, such as mapped files."""
    own_mib: float
    """Resident memory that is backed by no file: what would be free again without the process."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A server at one moment: its first process, which answers requests, and the media workers below it."""

    root: Use
    workers: tuple[Use, ...]

    @classmethod
    def read(cls, pid: int) -> "Tree":
        """The process `pid` and everything below it. `ProcessLookupError` if it is gone."""
        found = {use.pid: use for use in map(_read, _pids()) if use}
        if pid not in found:
            raise ProcessLookupError(pid)
        below = {pid}
        while more := {use.pid for use in found.values() if use.parent in below} - below:
            below |= more
        return cls(found[pid], tuple(found[each] for each in sorted(below - {pid})))

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all of them."""
        return self.root.cpu_seconds + sum(use.cpu_seconds for use in self.workers)

    @property
    def own_mib(self) -> float:
        """Memory of all of them that no file backs."""
        return self.root.own_mib + sum(use.own_mib for use in self.workers)


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _read(pid: int) -> Use | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        memory = Path(f"/proc/{pid}/statm").read_text("utf-8").split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in brackets and may hold anything, brackets and spaces too.
    fields = stat[stat.rindex(")") + 2 :].split()
    resident, shared = (int(pages) * os.sysconf("SC_PAGE_SIZE") / MIB for pages in memory[1:3])
    return Use(
        pid=pid,
        parent=int(fields[1]),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / TICKS,
        rss_mib=resident,
        own_mib=resident - shared,
    )

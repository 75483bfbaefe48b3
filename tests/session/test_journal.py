import os
from pathlib import Path

from visavis.session.journal import sweep


def kept(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def session(directory: Path, name: str, kib: int, age: float) -> None:
    (directory / name).mkdir()
    (directory / name / "turn.flac").write_bytes(bytes(kib * 1024))
    modified = (directory / name).stat().st_mtime - age
    os.utime(directory / name, (modified, modified))


def test_journals_older_than_the_limit_are_deleted(tmp_path: Path) -> None:
    session(tmp_path, "old", 1, age=3 * 3600)
    session(tmp_path, "new", 1, age=3600)
    sweep(tmp_path, hours=2, mib=10)
    assert kept(tmp_path) == ["new"]


def test_the_oldest_journals_are_deleted_beyond_the_size(tmp_path: Path) -> None:
    for age, name in enumerate(["newest", "newer", "older"]):
        session(tmp_path, name, 600, age=60 * age)
    sweep(tmp_path, hours=24, mib=1)
    assert kept(tmp_path) == ["newest"]


def test_nothing_to_sweep_is_fine(tmp_path: Path) -> None:
    sweep(tmp_path / "missing", hours=1, mib=1)
    sweep(tmp_path, hours=1, mib=1)
    assert kept(tmp_path) == []

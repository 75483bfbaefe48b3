"""The databases that the store is tested on: SQLite, and with `--peers` PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ACCOUNT = "postgres"
"""Who runs the server where the tests are run by root, whom it refuses."""


def programs() -> Path | None:
    """Where PostgreSQL's programs are."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.peers)]
"""For a fixture's `params`."""


@contextmanager
def postgresql() -> Iterator[str]:
    """A server of its own, empty, and its URL for SQLAlchemy."""
    where = programs()
    assert where is not None, "PostgreSQL's programs are not here: ./dev test --peers installs them"
    root = os.geteuid() == 0
    directory = Path(tempfile.mkdtemp(prefix="visavis-postgresql-"))
    try:
        if root:
            shutil.chown(directory, ACCOUNT)
        data = str(directory / "data")

        def run(*command: str) -> None:
            environment = {"LC_ALL": "C", "PATH": os.environ["PATH"]}
            account = ACCOUNT if root else None
            subprocess.run(  # noqa: S603  our own commands
                command, check=True, capture_output=True, user=account, cwd=directory, env=environment, timeout=60
            )

        run(str(where / "initdb"), "-D", data, "-U", "visavis", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses= -k {directory} -F"
        control = (str(where / "pg_ctl"), "-D", data, "-w")
        run(*control, "-l", str(directory / "log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://visavis@/postgres?host={directory}"
        finally:
            run(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory)

"""What a figure depends on besides the code: the machine, and which code it was."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from visavis import __version__


def describe(server: str) -> dict[str, Any]:
    """The machine, the code and the time of a run; `server` says what was measured."""
    return {
        "server": server,
        "cpu": cpu_model(),
        "cores": os.cpu_count() or 0,
        "python": platform.python_version(),
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def cpu_model() -> str:
    """The processor as Linux names it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def commit() -> str:
    """The version, and the commit if this is a checkout; a plus says that files differ from it."""
    git = shutil.which("git")
    if git is None:
        return __version__
    here = str(Path(__file__).parent)

    def ask(*arguments: str) -> str:
        command = [git, "-C", here, *arguments]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
        return answer.stdout.strip() if answer.returncode == 0 else ""

    found = ask("rev-parse", "--short", "HEAD")
    return f"{__version__} ({found}{'+' if ask('status', '--porcelain') else ''})" if found else __version__

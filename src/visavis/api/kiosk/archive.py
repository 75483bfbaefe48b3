"""The clips on disk: one directory for each session, named by our id."""

import logging
import re
import shutil
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from visavis.errors import InvalidInput, NotFound

NAME = re.compile(r"response_[0-9]{3,6}\.wav", re.ASCII)
"""What clips are called; nothing else is ever read."""

log = logging.getLogger(__name__)


class Archive:
    """Finds and deletes clips below one directory. All of it blocks for a moment."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def clip(self, session_id: str, name: str) -> Path:
        """A clip of a known session. Raises `InvalidInput` (no clip is called so), `NotFound`."""
        if not NAME.fullmatch(name):
            raise InvalidInput("clips are called response_NNN.wav")
        path = self._of(session_id) / name
        if not path.is_file():
            raise NotFound("there is no such clip; a sentence that could not be spoken leaves a gap")
        return path

    def remove(self, session_id: str) -> None:
        """Delete a session's clips, if there are any."""
        shutil.rmtree(self._of(session_id), ignore_errors=True)

    def sweep(self, limit: float, keep: Collection[str]) -> None:
        """Delete the clips that were last written before `limit` (Unix time), except of sessions in `keep`."""
        try:
            old = [path for path in self._directory.iterdir() if path.stat().st_mtime < limit]
        except FileNotFoundError:
            return
        except OSError as error:
            log.error("old clips can't be deleted: %s", error.strerror)
            return
        for path in old:
            if path.name not in keep:
                shutil.rmtree(path, ignore_errors=True)
                log.info("clips of session %s were deleted", path.name)

    def _of(self, session_id: str) -> Path:
        try:
            return self._directory / str(UUID(session_id))
        except ValueError:
            raise NotFound("there is no such clip") from None

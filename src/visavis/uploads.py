"""Files that clients send, on their way from the process that took them to the one that works on them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from visavis.errors import NotFound, TooLarge
from visavis.ids import new_id
from visavis.settings import Settings


class Uploads:
    """A directory of files named by our own ids; a client's file name is never used."""

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.data_dir / "uploads"

    async def keep(self, pieces: AsyncIterator[bytes], max_bytes: int) -> str:
        """Write a file; returns its id. `TooLarge`, beyond which nothing is kept."""
        upload = new_id()
        path = self._directory / upload
        await asyncio.to_thread(self._directory.mkdir, parents=True, exist_ok=True)
        size = 0
        try:
            with path.open("wb") as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > max_bytes:
                        raise TooLarge(f"the file is larger than the {max_bytes} bytes that are accepted here")
                    await asyncio.to_thread(file.write, piece)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return upload

    def path(self, upload: str) -> Path:
        """Where the file of that id is. `NotFound`."""
        try:
            path = self._directory / str(UUID(upload))
        except ValueError:
            raise NotFound("upload not found") from None
        if not path.is_file():
            raise NotFound("upload not found")
        return path

    def forget(self, upload: str) -> None:
        """Delete it, if it is still there."""
        (self._directory / str(UUID(upload))).unlink(missing_ok=True)

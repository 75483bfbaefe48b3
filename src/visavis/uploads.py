"""Files that clients send, on their way from the process that took them to the one that works on them."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

from visavis.errors import NotFound, TooLarge
from visavis.ids import new_id
from visavis.settings import Settings

TOKEN = re.compile(r"[0-9a-f]{32}")


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
        except BaseException:  # cancelled, too: half a file is none
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


class PublicFiles:
    """WAV files that a service elsewhere may fetch for a while, by a token that nobody can guess."""

    def __init__(self, directory: Path, seconds: float = 300.0) -> None:
        self._directory = directory
        self._seconds = seconds

    def offer(self, content: bytes) -> str:
        """Let it be fetched from now on; returns its token."""
        self.sweep()
        token = secrets.token_hex(16)
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / f"{token}.wav").write_bytes(content)
        return token

    def find(self, token: str) -> Path:
        """Where it is. `NotFound` for what is no token, or is over."""
        self.sweep()
        path = self._directory / f"{token}.wav"
        if not TOKEN.fullmatch(token) or not path.is_file():
            raise NotFound("upload not found")
        return path

    def sweep(self) -> float | None:
        """Delete what is over; seconds until the next one will be, None if there is none."""
        left: float | None = None
        for path in self._directory.iterdir() if self._directory.is_dir() else ():
            try:
                remaining = path.stat().st_mtime + self._seconds - time.time()
            except FileNotFoundError:
                continue
            if remaining <= 0:
                path.unlink(missing_ok=True)
            else:
                left = remaining if left is None else min(left, remaining)
        return left

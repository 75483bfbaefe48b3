"""Downloading one file: resumed where it was cut, checked when it is complete."""

import errno
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

from visavis.errors import Unavailable
from visavis.models.catalogue import File
from visavis.outbound import Outbound, OutboundFailed, Response

MAX_REDIRECTS = 4
"""GitHub needs one, Hugging Face two."""

TIMEOUT = 30.0
"""Seconds without a byte after which the connection is given up, and another made."""

TOTAL = 6 * 3600.0
"""Seconds for one connection: 350 MB at 130 kbit/s."""

PIECE = 1024 * 1024
"""Bytes that are read back at a time, to go on with the checksum of what is there already."""

Progress = Callable[[int], None]
"""Told how many bytes of the file are there now; may be fewer than before."""


class Part:
    """What is there of a file, on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def size(self) -> int:
        """Bytes; 0 if there is nothing."""
        return self._path.stat().st_size if self._path.exists() else 0

    @property
    def sha256(self) -> str:
        """Of what is there, in hexadecimal."""
        digest = hashlib.sha256()
        with self._path.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
        return digest.hexdigest()

    def open(self, *, anew: bool) -> BinaryIO:
        """To be written to: from the beginning, or after what is there."""
        return self._path.open("wb" if anew else "ab")

    def drop(self) -> None:
        """Delete it."""
        self._path.unlink(missing_ok=True)


async def download(outbound: Outbound, file: File, path: Path, progress: Progress) -> None:
    """Get `file` into `path`, going on after what is there already.

    A connection that breaks is made again as long as that brings anything. Raises `OutboundFailed` when it does
    not, or when the server refuses; `Unavailable` for a wrong checksum (what is there is deleted) or a full disk.
    """
    part = Part(path)
    resumed = part.size > 0
    while True:
        before = part.size
        try:
            await _fetch(outbound, file, part, progress)
        except OutboundFailed as error:
            if error.reason not in ("broken", "timeout") or part.size <= before:
                raise
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise Unavailable("the disk is full; make room and run the command again: it goes on") from error
        else:
            if part.sha256 == file.sha256:
                return
            part.drop()
            if not resumed:
                raise Unavailable("what was downloaded has another checksum than it should; it is not used")
            # What was there before may have been damaged: once more, from the beginning.
            resumed = False


async def _fetch(outbound: Outbound, file: File, part: Part, progress: Progress) -> None:
    """One connection. Returns when the file is complete, by its size."""
    if part.size > file.size:
        part.drop()
    have = part.size
    progress(have)
    if have == file.size:
        return
    headers = {"Range": f"bytes={have}-"} if have else {}
    async with _followed(outbound, file.url, headers, file.size + 1) as response:
        if response.status not in (200, 206):
            raise OutboundFailed("refused", f"the server answered with status {response.status}")
        anew = response.status == 200
        if not anew and not _continues(response, have, file.size):
            raise OutboundFailed("refused", "the server has another file by now")
        have = 0 if anew else have
        with part.open(anew=anew) as out:
            async for piece in response.pieces():
                out.write(piece)
                have += len(piece)
                progress(have)
    if have < file.size:
        raise OutboundFailed("broken", "the connection was closed before the file was complete")


def _continues(response: Response, have: int, size: int) -> bool:
    """Whether the answer is the rest of the file after `have` bytes."""
    return re.fullmatch(rf"bytes {have}-\d+/({size}|\*)", response.headers.get("content-range", "")) is not None


@asynccontextmanager
async def _followed(
    outbound: Outbound, url: str, headers: dict[str, str], max_bytes: int
) -> AsyncIterator[Response]:
    """The answer behind redirects. Each address is checked like the first; none leads from https to http."""
    for _ in range(MAX_REDIRECTS + 1):
        async with outbound.stream(
            "GET", url, headers=headers, timeout=TIMEOUT, total=TOTAL, max_bytes=max_bytes
        ) as response:
            if response.status not in (301, 302, 303, 307, 308):
                yield response
                return
            target = urljoin(url, response.headers.get("location", ""))
        if url.startswith("https:") and not target.startswith("https:"):
            raise OutboundFailed("refused", "the server redirects to an address that is not https://")
        url = target
    raise OutboundFailed("refused", "the server redirects too often")

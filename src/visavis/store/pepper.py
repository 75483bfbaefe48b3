"""The server's pepper: what makes its digests of other people's secrets and requests worthless elsewhere."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

from visavis.errors import Unavailable
from visavis.settings import Settings

SIZE = 32
"""Bytes."""


class Pepper:
    """32 random bytes in a file below `data_dir` that only its owner can read, made when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.data_dir / "pepper"
        self._bytes = b""

    def digest(self, *parts: bytes) -> str:
        """HMAC-SHA256 of the parts in 64 hexadecimal digits: other parts never give the same.

        The first call reads or makes the file: call it in a thread. Raises `Unavailable` if it can't.
        """
        if not self._bytes:
            self._bytes = _kept(self._path)
        sum_ = hmac.new(self._bytes, digestmod=hashlib.sha256)
        for part in parts:
            sum_.update(len(part).to_bytes(8, "big") + part)
        return sum_.hexdigest()


def _kept(path: Path) -> bytes:
    try:
        if not path.exists():
            _make(path)
        found = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"the pepper under VISAVIS_DATA_DIR can't be read or made: {error.strerror}") from error
    if len(found) != SIZE:
        raise Unavailable("the pepper under VISAVIS_DATA_DIR is damaged; delete it, and restart the server")
    return found


def _make(path: Path) -> None:
    """Never half a file, and of two processes that make it at once both use the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        whole.touch(0o600, exist_ok=False)
        whole.write_bytes(secrets.token_bytes(SIZE))
        with suppress(FileExistsError):
            os.link(whole, path)
    finally:
        whole.unlink(missing_ok=True)

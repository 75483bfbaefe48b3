"""Where avatars and voices are made of what users send."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

from fastapi import Depends
from starlette.datastructures import UploadFile
from starlette.requests import Request

from visavis.avatar import Gallery
from visavis.errors import InvalidInput, TooLarge
from visavis.ids import new_id
from visavis.media import picture_header
from visavis.media.foreign import Decoder
from visavis.pool.voices import CLONED_RATE, Voices
from visavis.settings import Settings
from visavis.store import Store, VoiceRecords
from visavis.sweeping import Sweeper
from visavis.uploads import Uploads

MAX_IMAGE = 10 * 1024 * 1024
"""Bytes (contract opentalking 1.2)."""

MAX_SOUND = 12 * 1024 * 1024
"""Bytes of a sample of a voice (contract opentalking 1.8)."""

MIN_SOUND = 256

LONGEST_SAMPLE = 300.0
"""Seconds."""

SWEEP_EVERY = 60.0
"""Seconds from one look for samples that are over to the next."""

SAMPLE_HOURS = 24.0
"""How long the sample of a voice that belongs to a session is kept."""


class Picture(NamedTuple):
    """A picture that was checked and written anew."""

    path: Path
    size: tuple[int, int]
    """Width and height in pixels, both even."""


class Workshop:
    """Checks what is sent. An async context manager: while it is open, what is over is deleted."""

    def __init__(self, settings: Settings, store: Store, uploads: Uploads) -> None:
        self.voices = Voices(settings)
        self.records: VoiceRecords = store.voices
        self.gallery = Gallery(settings)
        self._settings = settings
        self._uploads = uploads
        self._decoder = Decoder()
        self._session_samples = settings.data_dir / "voice-samples"
        self._sweeper = Sweeper("voice samples", SWEEP_EVERY, self._sweep)

    async def __aenter__(self) -> "Workshop":
        await self._sweeper.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._sweeper.__aexit__(*exc)

    @asynccontextmanager
    async def picture(self, file: UploadFile, field: str) -> AsyncIterator[Picture]:
        """What is in `file` as a checked PNG, which is gone afterwards. Raises `InvalidInput`, `TooLarge`."""
        content = await _content(file, field, MAX_IMAGE)
        try:
            await asyncio.to_thread(picture_header.check, content)
        except InvalidInput as error:
            raise InvalidInput(f"{field}: {error.message}") from None
        async with self._converted(content) as (source, target):
            try:
                size = await self._decoder.picture(
                    source, target, self._settings.avatar_max_width, self._settings.avatar_max_height
                )
            except InvalidInput as error:
                raise InvalidInput(f"{field}: {error.message}") from None
            yield Picture(target, size)

    @asynccontextmanager
    async def sound(self, file: UploadFile, field: str) -> AsyncIterator[Path]:
        """What is in `file` as a WAV file of 24 kHz mono, which is gone afterwards. Raises `InvalidInput`."""
        try:
            content = await _content(file, field, MAX_SOUND)
        except TooLarge as error:
            # The contract has 400 for this one.
            raise InvalidInput(error.message) from None
        if len(content) < MIN_SOUND:
            raise InvalidInput(f"{field}: the recording is too short: it has to have at least {MIN_SOUND} bytes")
        async with self._converted(content) as (source, target):
            try:
                await self._decoder.sound(source, target, CLONED_RATE, LONGEST_SAMPLE)
            except InvalidInput as error:
                raise InvalidInput(f"{field}: {error.message}") from None
            yield target

    def sample_of(self, session_id: str) -> Path:
        """Where the sample of the voice that belongs to one of our sessions is, or will be."""
        return self._session_samples / f"{session_id}.wav"

    def keep_sample(self, session_id: str, sample: Path) -> None:
        """Keep a checked sample for a session. Blocks."""
        self._session_samples.mkdir(parents=True, exist_ok=True)
        self.sample_of(session_id).write_bytes(sample.read_bytes())

    @asynccontextmanager
    async def _converted(self, content: bytes) -> AsyncIterator[tuple[Path, Path]]:
        async def whole() -> AsyncIterator[bytes]:
            yield content

        upload = await self._uploads.keep(whole(), len(content))
        source = self._uploads.path(upload)
        target = source.with_name(new_id())
        try:
            yield source, target
        finally:
            self._uploads.forget(upload)
            target.unlink(missing_ok=True)

    async def _sweep(self) -> None:
        await asyncio.to_thread(self.voices.samples.sweep)
        await asyncio.to_thread(sweep_samples, self._session_samples)


def sweep_samples(directory: Path, hours: float = SAMPLE_HOURS) -> None:
    """Delete the samples of sessions that are older than `hours`."""
    for path in directory.iterdir() if directory.is_dir() else ():
        if path.stat().st_mtime + hours * 3600 < time.time():
            path.unlink(missing_ok=True)


async def _content(file: UploadFile, field: str, most: int) -> bytes:
    content = await file.read(most + 1)
    if not content:
        raise InvalidInput(f"{field}: must not be empty")
    if len(content) > most:
        raise TooLarge(f"{field}: at most {most // 1024 // 1024} MiB are accepted")
    return content


async def workshop(request: Request) -> Workshop:
    """The workshop of the application that answers `request`."""
    found: Workshop = request.app.state.workshop
    return found


AtWorkshop = Annotated[Workshop, Depends(workshop)]
"""The type of a route's argument that wants the workshop."""

"""Where avatars and voices are made of what users send."""

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from fastapi import Depends
from starlette.datastructures import UploadFile
from starlette.requests import Request

from visavis.avatar import Catalogue, Gallery
from visavis.avatar.analysis.examination import MAX_IMAGE, Wish, examine
from visavis.avatar.survey import Survey, wanting
from visavis.errors import InvalidInput, TooLarge
from visavis.ids import new_id
from visavis.media.foreign import Decoder
from visavis.pool.voices import CLONED_RATE, Voices
from visavis.settings import Settings
from visavis.store import Store, VoiceRecords
from visavis.sweeping import Sweeper
from visavis.uploads import Uploads

MAX_SOUND = 12 * 1024 * 1024
"""Bytes of a sample of a voice (contract opentalking 1.8)."""

MIN_SOUND = 256

AT_ONCE = 2
"""Pictures and films that are looked at at the same time."""

PIECE = 1024 * 1024
"""Bytes that are written at once."""

LONGEST_SAMPLE = 300.0
"""Seconds."""

SWEEP_EVERY = 60.0
"""Seconds from one look for samples that are over to the next."""

SAMPLE_HOURS = 24.0
"""How long the sample of a voice that belongs to a session is kept."""

log = logging.getLogger(__name__)


class Picture(NamedTuple):
    """A picture that was checked and written anew."""

    path: Path
    size: tuple[int, int]
    """Width and height in pixels, both even."""
    animation: dict[str, Any] | None
    """`metadata.animation`: where its face is; None if it has none."""


class Workshop:
    """Checks what is sent. An async context manager: while it is open, what is over is deleted."""

    def __init__(self, settings: Settings, store: Store, uploads: Uploads) -> None:
        self.voices = Voices(settings)
        self.records: VoiceRecords = store.voices
        self.gallery = Gallery(settings)
        self._settings = settings
        self._uploads = uploads
        self._decoder = Decoder()
        self.room = asyncio.Semaphore(AT_ONCE)
        """For whoever looks at a picture or a film in a thread: the threads are everybody's."""
        self._session_samples = settings.data_dir / "voice-samples"
        self._sweeper = Sweeper("voice samples", SWEEP_EVERY, self._sweep)
        self._surveyor = Sweeper("landmarks", SWEEP_EVERY, self._look)

    async def __aenter__(self) -> "Workshop":
        await self._sweeper.__aenter__()
        await self._surveyor.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._surveyor.__aexit__(*exc)
        await self._sweeper.__aexit__(*exc)

    @asynccontextmanager
    async def picture(self, file: UploadFile, field: str, face: Wish = "maybe") -> AsyncIterator[Picture]:
        """What is in `file` as a checked PNG, which is gone afterwards. Raises `InvalidInput`, `TooLarge`."""
        async with self.upload(file, field) as source:
            work = self._settings.data_dir / "cache" / "portraits" / new_id()
            await asyncio.to_thread(work.mkdir, parents=True)
            try:
                async with self.room:
                    found = await asyncio.to_thread(examine, self._settings, source, work, None, face)
                yield Picture(work / "reference.png", (found.width, found.height), found.animation)
            except InvalidInput as error:
                raise InvalidInput(f"{field}: {error.message}") from None
            finally:
                await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    @asynccontextmanager
    async def upload(self, file: UploadFile, field: str, most: int = MAX_IMAGE) -> AsyncIterator[Path]:
        """The file as it was sent, gone afterwards; `most` in bytes. Raises `InvalidInput`, `TooLarge`."""

        async def pieces() -> AsyncIterator[bytes]:
            while piece := await file.read(PIECE):
                yield piece

        if not file.size:
            raise InvalidInput(f"{field}: must not be empty")
        if file.size > most:
            raise TooLarge(f"{field}: at most {most // 1024 // 1024} MiB are accepted")
        upload = await self._uploads.keep(pieces(), most)
        try:
            yield self._uploads.path(upload)
        finally:
            self._uploads.forget(upload)

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

    async def _look(self) -> None:
        """Find the faces of bundles that do not say where theirs are: new ones can be put there at any time."""
        survey = Survey(self._settings)
        for avatar in await asyncio.to_thread(Catalogue(self._settings).avatars):
            if wanting(avatar) and not await asyncio.to_thread(survey.known, avatar):
                refusal = await asyncio.to_thread(survey.look, avatar)
                if refusal:
                    log.warning("avatar %s will not move its mouth: %s", avatar.id, refusal)

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

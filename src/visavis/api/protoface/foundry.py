"""Where avatars are made of pictures that customers send: checked at once, made in the background."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from visavis.api.errands import Errands
from visavis.api.protoface.errors import Refusal, wrong_field
from visavis.api.protoface.lineup import DEMO_SLUG, Lineup
from visavis.api.protoface.views import avatar as shown
from visavis.avatar import Catalogue, Gallery
from visavis.avatar.consent import Consent
from visavis.avatar.portrait import make_portrait
from visavis.errors import AtCapacity, InvalidInput, VisavisError
from visavis.ids import ulid
from visavis.media import picture_header
from visavis.settings import Settings
from visavis.store import AvatarRecord, AvatarRecords, Store
from visavis.uploads import Uploads

MAX_IMAGE = 10 * 1024 * 1024
"""Bytes."""

AT_ONCE = 16
"""Avatars that are being made or wait for it; beyond that a new one is refused."""

AT_WORK = 2
"""Of these, that are worked on: each keeps a thread busy for a second or two."""

RETRY_AFTER = 5
"""Seconds."""

STOPPED = "the server was stopped while this avatar was being made; send the picture again"
BROKEN = "this avatar could not be made; the server's log tells more"

log = logging.getLogger(__name__)


class Order(NamedTuple):
    """What an avatar is to be made of."""

    picture: Path
    """As it was sent: only its header has been checked."""
    record: AvatarRecord
    consent: Consent | None


class Foundry:
    """Makes and deletes them. An async context manager: leaving it gives up what is being made."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, lineup: Lineup, store: Store, uploads: Uploads
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._lineup = lineup
        self._records: AvatarRecords = store.avatars
        self._uploads = uploads
        self._gallery = Gallery(settings)
        self._room = asyncio.Semaphore(AT_WORK)
        self._errands = Errands()
        self._making: set[str] = set()
        self.settled = asyncio.Event()
        """Set when what an earlier server left unfinished has failed."""

    async def __aenter__(self) -> "Foundry":
        """Begin; returns at once."""
        self._errands.begin(self._fail_unfinished(), "avatars left unfinished")
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._errands.close()

    async def begin(
        self, organisation: str, name: str, runtime_type: str, content: bytes, consent: Consent | None
    ) -> AvatarRecord:
        """Take an order. Raises `Refusal` (422, 429), `AtCapacity`, `Unavailable`."""
        if len(self._making) >= AT_ONCE:
            raise AtCapacity("too many avatars are being made; try again later", RETRY_AFTER)
        await asyncio.to_thread(_check, content)
        record = AvatarRecord(f"av_{ulid()}", organisation, "", name, runtime_type, "processing", "", time.time())
        upload = await self._uploads.keep(_whole(content), MAX_IMAGE)
        taken = False
        try:
            taken = await self._records.add(record, self._settings.protoface_avatars)
        finally:
            if not taken:
                self._uploads.forget(upload)
        if not taken:
            words = f"{self._settings.protoface_avatars} avatars are allowed; delete one first"
            raise Refusal(429, "custom_avatars", words, kind="quota_exceeded")
        self._making.add(record.id)
        self._errands.begin(
            self._carry_out(Order(self._uploads.path(upload), record, consent), upload), f"avatar {record.id}"
        )
        return record

    async def delete(self, record: AvatarRecord) -> None:
        """Delete an avatar and all that was made of its picture. Raises `Unavailable`."""
        await self._records.delete(record.id)
        await asyncio.to_thread(self._remove, record)

    async def make(self, order: Order) -> str:
        """Make the avatar's bundle; returns its name. Raises `InvalidInput`: why it can't be made, for people."""
        async with self._room:
            return await asyncio.to_thread(self._make, order)

    def _make(self, order: Order) -> str:
        base = self._catalogue.avatar(DEMO_SLUG)
        # Named by its id, which nobody guesses, and left out of the lists of APIs that know no organisations.
        told = {"hidden": True, "title": order.record.name}
        made = make_portrait(self._settings, order.picture, order.record.id, base, order.consent, told=told)
        return made.id

    async def _carry_out(self, order: Order, upload: str) -> None:
        record = order.record
        try:
            made = replace(record, status="ready", slug=await self.make(order))
        except InvalidInput as error:
            made = replace(record, status="failed", failure_reason=error.message)
        except (VisavisError, OSError) as error:
            log.error("avatar %s can't be made", record.id, exc_info=error)
            made = replace(record, status="failed", failure_reason=BROKEN)
        finally:
            self._making.discard(record.id)
            self._uploads.forget(upload)
        if not await self._settle(made):
            # It was deleted meanwhile.
            await asyncio.to_thread(self._remove, made)

    async def _settle(self, record: AvatarRecord) -> bool:
        return await self._records.settle(record, time.time(), shown(record).model_dump_json().encode())

    async def _fail_unfinished(self) -> None:
        try:
            for record in await self._records.unfinished():
                if record.id not in self._making:
                    # It may have been made after nobody waited for it any more.
                    await asyncio.to_thread(self._remove_named, record)
                    await self._settle(replace(record, status="failed", failure_reason=STOPPED))
        except VisavisError as error:
            log.error("avatars left unfinished can't be closed: %s", error.message)
        self.settled.set()

    def _remove(self, record: AvatarRecord) -> None:
        if (bundle := self._lineup.bundle(record)) is not None:
            self._gallery.delete(bundle)

    def _remove_named(self, record: AvatarRecord) -> None:
        for path in (self._settings.data_dir / "avatars").glob(f"custom-{record.id}-*"):
            self._remove(replace(record, slug=path.name))


def _check(content: bytes) -> None:
    try:
        header = picture_header.check(content)
    except InvalidInput as error:
        raise wrong_field("image", error.message) from None
    if header.kind == "webp":
        raise wrong_field("image", "the image has to be a PNG or JPEG file")


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content

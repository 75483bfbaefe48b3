"""The avatars an organisation may show: those that came with the server, and its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from visavis.api.protoface.errors import Refusal
from visavis.avatar import Avatar, Catalogue
from visavis.errors import InvalidInput, NotFound
from visavis.store import AvatarRecord, AvatarRecords, Store

DEMO = "av_demo"
"""What older pages of the contract call the first of them."""

DEMO_SLUG = "demo-avatar"

LONGEST_ID = 36
"""Characters."""


def unknown() -> Refusal:
    """The error for an avatar that there is not, or that is somebody else's."""
    return Refusal(404, "avatar_not_found", "avatar not found")


class Lineup:
    """Finds avatars. Every method may raise `Unavailable`."""

    def __init__(self, catalogue: Catalogue, store: Store) -> None:
        self._catalogue = catalogue
        self._records: AvatarRecords = store.avatars

    async def find(self, organisation: str, avatar_id: str) -> AvatarRecord:
        """The avatar of that id. Raises `Refusal` (404)."""
        if avatar_id == DEMO or avatar_id.startswith("av_stock_"):
            return await self._stock_one(avatar_id)
        known = avatar_id.isascii() and avatar_id.isprintable() and len(avatar_id) <= LONGEST_ID
        found = await self._records.find(organisation, avatar_id) if known and organisation else None
        if found is None:
            raise unknown()
        return found

    async def stock(self) -> Sequence[AvatarRecord]:
        """Those that everybody has, the demo avatar first."""
        shown = await asyncio.to_thread(self._catalogue.avatars)
        return await self._records.stock([(each.id, each.name or each.id) for each in shown if not each.custom])

    async def made(self, organisation: str) -> Sequence[AvatarRecord]:
        """Those that the organisation has made, the newest first."""
        return await self._records.made(organisation) if organisation else []

    def bundle(self, record: AvatarRecord) -> Avatar | None:
        """The bundle behind a record, if it is there. Blocks."""
        try:
            return self._catalogue.avatar(record.slug) if record.slug else None
        except (NotFound, InvalidInput):
            return None

    async def _stock_one(self, avatar_id: str) -> AvatarRecord:
        slug = DEMO_SLUG if avatar_id == DEMO else ""
        record = await self._records.numbered("" if slug else avatar_id, slug)
        if record is None or await asyncio.to_thread(self.bundle, record) is None:
            # It may have come since the list was last looked at; or it has gone.
            known = await self.stock()
            record = next((each for each in known if each.id == avatar_id or each.slug == slug), None)
        if record is None:
            raise unknown()
        return replace(record, id=avatar_id)

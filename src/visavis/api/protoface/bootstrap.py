"""The bootstrap of a Pipecat pipeline: a session whose media go through this server (contract protoface 1.8)."""

import json
import math
import secrets

import msgspec

from visavis.api.idempotency import Answer
from visavis.api.principal import Principal
from visavis.api.protoface.agency import Agency
from visavis.api.protoface.creation import on_record, ready, record, take
from visavis.api.protoface.fields import PipecatCreateRequest
from visavis.api.protoface.live import Live
from visavis.api.protoface.quality import tier
from visavis.api.protoface.schemas import PipecatRelay, PipecatSession
from visavis.api.protoface.views import shown
from visavis.api.rates import Rates
from visavis.pool import NewSession
from visavis.pool.verbs import Relayed
from visavis.store import AvatarSession

HIDDEN = "[redacted]"
"""What stands for the media token in answers that are kept."""


class Bootstrap:
    """One request for a session.

    Unlike a room's, the same request again makes another session: nothing in it says that the same pipeline asks.
    """

    def __init__(
        self, agency: Agency, asker: Principal, rates: Rates, body: PipecatCreateRequest, base_url: str
    ) -> None:
        """`base_url` is where the client reaches this server: `wss://avatar.example`."""
        self._agency = agency
        self._asker = asker
        self._rates = rates
        self._body = body
        self._base_url = base_url.rstrip("/")

    async def carry_out(self) -> Answer:
        """The answer, with its token hidden. Raises `Refusal`, `QuotaExceeded`, `AtCapacity`, `Unavailable`."""
        take(self._rates, self._asker)
        session = await on_record(await self._make())
        url = f"{self._base_url}/v1/pipecat/sessions/{session.id}/media"
        told = PipecatSession(session=shown(session), relay=PipecatRelay(media_url=url, media_token=HIDDEN))
        return Answer(201, told.model_dump_json().encode())

    async def _make(self) -> Live:
        agency, asker = self._agency, self._asker
        quality = self._body.quality or "standard"
        face = tier(quality, agency.settings)
        avatar = await ready(agency, asker, self._body.avatar_id)
        session = record(agency, asker, self._body, quality, {"type": "pipecat"})
        request = NewSession(
            avatar_id=avatar.slug, model=face.model, size=face.size, fps=face.fps, owner=asker.tenant
        )
        live = Live(session, request, math.inf, secrets.token_bytes(32), agency.store.avatar_sessions)
        agency.dispatcher.reserve(live, asker)
        try:
            path = await agency.outlets.open(live)
            live.request = msgspec.structs.replace(request, room=_room(path, session))
            await agency.dispatcher.begin(live)
        except BaseException:  # cancelled, too: nobody knows of it
            agency.dispatcher.release(live)
            await agency.outlets.close(session.id)
            raise
        return live


def revealed(answer: Answer, agency: Agency) -> Answer:
    """An answer with its token, for whoever may have it."""
    told = json.loads(answer.body)
    told["relay"]["media_token"] = agency.outlets.token(told["session"]["id"])
    return Answer(answer.status, json.dumps(told).encode(), answer.replayed)


def _room(path: str, session: AvatarSession) -> Relayed:
    return Relayed(path, float(session.idle_timeout), float(session.max_duration))

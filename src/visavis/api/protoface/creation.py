"""Creating a session: checked, given a place, put on record; the worker comes later (contract protoface 1.3)."""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from visavis.api.idempotency import Answer
from visavis.api.principal import Principal
from visavis.api.protoface.agency import Agency
from visavis.api.protoface.errors import Refusal, wrong_field
from visavis.api.protoface.fields import (
    DEFAULT_DURATION,
    DEFAULT_IDLE,
    WORKER_IDENTITY,
    LiveKitTransport,
    SessionCreateRequest,
    SessionTerms,
)
from visavis.api.protoface.live import Live
from visavis.api.protoface.quality import tier
from visavis.api.protoface.tokens import expiry
from visavis.api.protoface.views import wire
from visavis.api.rates import Rates
from visavis.api.statuses import headers_of
from visavis.errors import InvalidInput, RateLimited, Unavailable
from visavis.ids import ulid
from visavis.outbound.livekit import livekit_url
from visavis.pool import NewSession
from visavis.pool.verbs import Room
from visavis.store import AvatarRecord, AvatarSession

_SECRET = secrets.token_bytes(32)
"""Digests of requests mean nothing outside this process: they are kept as long as their sessions."""


class Creation:
    """One request for a session."""

    def __init__(self, agency: Agency, asker: Principal, rates: Rates, body: SessionCreateRequest) -> None:
        self._agency = agency
        self._asker = asker
        self._rates = rates
        self._body = body

    async def carry_out(self) -> Answer:
        """The answer: the session it makes, or the one that the same request has made and that is still good.

        Clients that send no Idempotency-Key ask again when an answer is late, and two workers with one token
        would throw each other out of the room (contract protoface 0.2). Raises `Refusal`, `QuotaExceeded`,
        `AtCapacity`, `Unavailable`.
        """
        transport = self._body.transport
        if not isinstance(transport, LiveKitTransport):
            raise Refusal(400, "transport.unsupported", "only livekit is served here", param="transport.type")
        ends = _token_ends(transport)
        twin = _digest(self._asker.organisation, self._body)
        if (live := self._agency.dispatcher.twin(twin)) is None:
            take(self._rates, self._asker)
            live = await self._make(transport, ends, twin)
        return Answer(201, wire(await on_record(live)))

    async def _make(self, transport: LiveKitTransport, ends: float, twin: bytes) -> Live:
        dispatcher, settings = self._agency.dispatcher, self._agency.settings
        quality = self._body.quality or "standard"
        face = tier(quality, settings)
        avatar = await ready(self._agency, self._asker, self._body.avatar_id)
        try:
            url = await livekit_url(transport.url, settings)
        except InvalidInput as error:
            raise wrong_field("transport.url", error.message) from None
        # Nothing is awaited from here on until it has its place: of equal requests at once one makes it.
        if (live := dispatcher.twin(twin)) is not None:
            return live
        session = self._record(transport, quality)
        request = NewSession(
            avatar_id=avatar.slug,
            model=face.model,
            size=face.size,
            fps=face.fps,
            owner=self._asker.tenant,
            room=Room(
                url=url,
                name=transport.room_name,
                token=transport.worker_token,
                audio_source=transport.audio_source or "data_stream",
                subscribe_to=transport.subscribe_to_identity or "",
                synthetic_audio=bool(transport.synthetic_audio_if_no_input),
                idle_timeout=float(session.idle_timeout),
                max_duration=float(session.max_duration),
            ),
        )
        live = Live(session, request, ends, twin, self._agency.store.avatar_sessions)
        dispatcher.reserve(live, self._asker)
        await dispatcher.begin(live)
        return live

    def _record(self, transport: LiveKitTransport, quality: str) -> AvatarSession:
        told = {
            "type": "livekit",
            "url": transport.url,
            "room_name": transport.room_name,
            "worker_identity": transport.worker_identity or WORKER_IDENTITY,
            "audio_source": transport.audio_source or "data_stream",
            "subscribe_to_identity": transport.subscribe_to_identity,
            "synthetic_audio_if_no_input": bool(transport.synthetic_audio_if_no_input),
        }
        return record(self._agency, self._asker, self._body, quality, told)


async def ready(agency: Agency, asker: Principal, avatar_id: str) -> AvatarRecord:
    """The avatar of that id. A `Refusal` (422, 409) if there is none, or it can't be shown."""
    try:
        avatar = await agency.lineup.find(asker.organisation, avatar_id)
    except Refusal as error:
        # 404 is not among what creations may answer.
        raise wrong_field("avatar_id", error.message, error.own_code) from None
    if avatar.status != "ready":
        words = "is still being made" if avatar.status == "processing" else "could not be made"
        raise Refusal(409, "avatar_not_ready", f"this avatar {words}", "avatar_id")
    return avatar


def record(
    agency: Agency, asker: Principal, body: SessionTerms, quality: str, transport: Mapping[str, Any]
) -> AvatarSession:
    """A new session, as it will be on record; `transport` without its secrets."""
    longest = min(body.max_duration_seconds or DEFAULT_DURATION, agency.settings.protoface_max_seconds)
    return AvatarSession(
        id=f"sess_{ulid()}",
        organisation=asker.organisation,
        key_id=asker.id,
        avatar_id=body.avatar_id,
        status="queued",
        quality=quality,
        transport=json.dumps(transport),
        metadata=json.dumps(body.metadata or {}),
        max_duration=longest,
        idle_timeout=body.idle_timeout_seconds or DEFAULT_IDLE,
        created_at=time.time(),
    )


def take(rates: Rates, asker: Principal) -> None:
    """Count one more creation. A `Refusal` (429) that tells of the limit if it is one too many."""
    try:
        rates.take(asker)
    except RateLimited as error:
        headers = {**rates.look(asker).headers, **(headers_of(error) or {})}
        raise Refusal(429, "too_many_requests", error.message, headers=headers) from None


def sent(answer: Answer, rates: Rates, asker: Principal) -> Response:
    """The answer to a creation on its way out."""
    return Response(answer.body, answer.status, rates.look(asker).headers, media_type="application/json")


async def on_record(live: Live) -> AvatarSession:
    """A session as it was created, as soon as it is on record. Raises `Unavailable`."""
    await live.kept.wait()
    if live.unkept:
        raise Unavailable("the session could not be put on record; try again later")
    return live.created


def _token_ends(transport: LiveKitTransport) -> float:
    try:
        return expiry(transport.worker_token, transport.room_name, time.time())
    except InvalidInput as error:
        raise wrong_field("transport.worker_token", error.message) from None


def _digest(organisation: str, body: SessionCreateRequest) -> bytes:
    """The same for two requests that ask for the same, whatever they leave out."""
    asked = json.dumps([organisation, body.model_dump(mode="json")], sort_keys=True)
    return hmac.new(_SECRET, asked.encode(), hashlib.sha256).digest()

"""What a room's token says about itself. Nobody here can verify it: the LiveKit server does."""

import base64
import binascii
import json
from typing import Any

from visavis.transport import RoomFailed

ON_BEHALF = "lk.publish_on_behalf"
"""Attribute of a participant: whose avatar it is."""


def patron(token: str, room: str, now: float) -> str:
    """Whose avatar a token (JWT) lets into `room` at `now` (Unix time) to publish there; empty if it says nothing.

    Raises `RoomFailed`: expired, or nothing of the kind.
    """
    claims = _claims(token)
    grant = claims.get("video")
    expires = claims.get("exp")
    if not isinstance(grant, dict) or not isinstance(expires, int | float) or isinstance(expires, bool):
        raise RoomFailed("transport.token_invalid")
    if expires <= now:
        raise RoomFailed("transport.token_expired")
    may = grant.get("roomJoin") is True and grant.get("canPublish") is not False
    if not may or grant.get("room") != room or not claims.get("sub"):
        raise RoomFailed("transport.token_invalid")
    attributes = claims.get("attributes")
    return str(attributes.get(ON_BEHALF, "")) if isinstance(attributes, dict) else ""


def _claims(token: str) -> dict[str, Any]:
    parts = token.split(".")
    try:
        payload = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)) if len(parts) == 3 else b""
        claims = json.loads(payload)
    except (binascii.Error, ValueError, RecursionError):
        raise RoomFailed("transport.token_invalid") from None
    if not isinstance(claims, dict):
        raise RoomFailed("transport.token_invalid")
    return claims

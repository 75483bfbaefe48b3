"""The token that lets a worker into a customer's room, read without its secret: what is wrong is said at once.

Nothing it claims is trusted: the room's server decides (contract protoface 6).
"""

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from visavis.errors import InvalidInput

SKEW = 60.0
"""Seconds by which clocks may differ, for tokens that are not good yet."""


def expiry(token: str, room_name: str, now: float) -> float:
    """When a token ends, Unix time in seconds, if it lets a worker join `room_name` and publish at `now`.

    Raises `InvalidInput`, which says what is wrong and nothing of the token.
    """
    claims = _claims(token)
    ends, begins = _number(claims, "exp"), _number(claims, "nbf")
    if ends is None:
        raise InvalidInput("has no exp: it has to say when it ends")
    if ends <= now:
        raise InvalidInput("has expired; mint a new one")
    if begins is not None and begins > now + SKEW:
        raise InvalidInput("is not valid yet (nbf)")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise InvalidInput("has no sub: it has to name the worker's identity")
    grants = claims.get("video")
    if not isinstance(grants, dict) or grants.get("roomJoin") is not True:
        raise InvalidInput("does not grant video.roomJoin")
    if grants.get("room") != room_name:
        raise InvalidInput("is for another room than transport.room_name")
    if grants.get("canPublish") is False:
        raise InvalidInput("forbids to publish (video.canPublish)")
    return ends


def _claims(token: str) -> Mapping[str, Any]:
    parts = token.split(".")
    found = None
    if len(parts) == 3 and all(parts) and token.isascii():
        try:
            found = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        except (binascii.Error, ValueError, RecursionError):
            found = None
    if not isinstance(found, dict):
        raise InvalidInput("is no JWT")
    return found


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    # A whole number may be too large for a float, and nobody's clock gets there.
    sane = isinstance(value, int | float) and not isinstance(value, bool) and -1e12 < value < 1e12
    return float(value) if sane and value is not None else None

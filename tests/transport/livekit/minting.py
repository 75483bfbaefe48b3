"""Tokens for rooms, as LiveKit's customers mint them: a JWT with HS256."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

KEY = "devkey"
HEADER = b'{"alg":"HS256","typ":"JWT"}'
SECRET = "a-secret-of-tests-that-is-long-enough-for-it"


def token(
    identity: str,
    room: str,
    *,
    secret: str = SECRET,
    life: float = 86_400,
    attributes: dict[str, str] | None = None,
    **grants: Any,
) -> str:
    """A token that lets `identity` into `room` for `life` seconds; `grants` over the usual ones."""
    usual = {"roomJoin": True, "room": room, "canPublish": True, "canSubscribe": True, "canPublishData": True}
    now = int(time.time())
    claims: dict[str, Any] = {"iss": KEY, "sub": identity, "name": identity, "exp": now + life}
    claims["video"] = usual | grants
    if attributes:
        claims["attributes"] = attributes
    signed = f"{_base64(HEADER)}.{_base64(json.dumps(claims).encode())}"
    return f"{signed}.{_base64(hmac.digest(secret.encode(), signed.encode(), hashlib.sha256))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

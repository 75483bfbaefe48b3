"""Signatures of Standard Webhooks (standardwebhooks.com, version 1, symmetric)."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"


def headers(secrets: Sequence[str], event_id: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    """What the receiver checks: the event's id, the time (Unix, seconds), and a signature for each secret."""
    signed = f"{event_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_sign(secret, signed)}" for secret in secrets),
    }


def _sign(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()

"""Identifiers: ours are random, the client's are checked before use."""

import re
import secrets
import time
import uuid

SLUG = re.compile(r"^[0-9A-Za-z_\-\u3400-\u4dbf\u4e00-\u9fff]{1,128}$")
"""An avatar's id: letters, digits, `-`, `_` and CJK (contract opentalking 1.0)."""


NAME_MAX = 255
"""Bytes of the longest file name (Linux); a CJK character takes three."""


def new_id() -> str:
    """A UUID4 in its usual form, used for sessions, turns and jobs."""
    return str(uuid.uuid4())


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid() -> str:
    """A ULID (github.com/ulid/spec): 26 upper-case characters that sort by the millisecond they were made in."""
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def is_slug(value: str) -> bool:
    """Whether `value` may name an avatar; what may not can never become part of a file name."""
    return SLUG.fullmatch(value) is not None and len(value.encode()) <= NAME_MAX

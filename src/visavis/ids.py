"""Identifiers: ours are random, the client's are checked before use."""

import re
import uuid

SLUG = re.compile(r"^[0-9A-Za-z_\-\u3400-\u4dbf\u4e00-\u9fff]{1,128}$")
"""An avatar's id: letters, digits, `-`, `_` and CJK (contract opentalking 1.0)."""


NAME_MAX = 255
"""Bytes of the longest file name (Linux); a CJK character takes three."""


def new_id() -> str:
    """A UUID4 in its usual form, used for sessions, turns and jobs."""
    return str(uuid.uuid4())


def is_slug(value: str) -> bool:
    """Whether `value` may name an avatar; what may not can never become part of a file name."""
    return SLUG.fullmatch(value) is not None and len(value.encode()) <= NAME_MAX

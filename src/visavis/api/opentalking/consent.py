"""Consent: who agreed that a voice is cloned, when, and to which text."""

import json
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from visavis.errors import InvalidInput

YES = frozenset({"true", "1", "yes", "on"})
NO = frozenset({"", "false", "0", "no", "off", "null"})

LONGEST_NAME, LONGEST_VERSION = 200, 100
"""Characters."""


class Consent(NamedTuple):
    """What is kept of it."""

    by: str = ""
    """Empty if nobody agreed."""
    at: float | None = None
    """Unix time in seconds."""
    text: str = ""
    """The version of the text that was agreed to."""


def consent(sent: str, asker: str) -> Consent:
    """What a request says: `true` (the asker agrees), a name, or JSON: `{"who": …, "when": …, "version": …}`.

    Raises `InvalidInput` for what is none of them.
    """
    told = sent.strip()
    if told.lower() in NO:
        return Consent()
    if told.lower() in YES:
        return Consent(asker, time.time())
    if not told.startswith("{"):
        return Consent(_text("who", told, LONGEST_NAME), time.time())
    try:
        found = json.loads(told)
    except (ValueError, RecursionError):
        raise InvalidInput("consent: not valid JSON") from None
    who = _text("who", _first(found, "who", "by", "name"), LONGEST_NAME)
    if not who:
        raise InvalidInput("consent: who agreed has to be named: who")
    version = _text("version", _first(found, "version", "text_version"), LONGEST_VERSION)
    return Consent(who, _time(_first(found, "when", "at")), version)


def _first(found: Mapping[str, Any], *names: str) -> Any:
    return next((found[name] for name in names if found.get(name) is not None), "")


def _text(field: str, value: Any, longest: int) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidInput(f"consent: {field} must be a string")
    text = str(value).strip()
    if len(text) > longest or not text.isprintable():
        raise InvalidInput(f"consent: {field} must be at most {longest} characters, without control characters")
    return text


def _time(value: Any) -> float:
    """Unix time in seconds, ISO 8601, or now for nothing."""
    if value == "":
        return time.time()
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            value = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        seconds = float(value)
    except (ValueError, TypeError, OverflowError):
        seconds = math.nan
    if isinstance(value, bool) or not 0 <= seconds < 1e11:
        raise InvalidInput("consent: when must be a time: 2026-05-01T12:00:00Z or seconds since 1970")
    return seconds

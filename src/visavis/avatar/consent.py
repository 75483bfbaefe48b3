"""Consent: who agreed that an avatar is made of a face, when, and to which text."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from visavis.errors import InvalidInput
from visavis.settings import Settings

TEXT = "portrait-1"
"""The version of the text on our own page; the text itself is in docs/avatars.md."""

LONGEST = 200
"""Characters of a name, and of a version."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What is kept of it in `metadata.consent`."""

    by: str
    """Who agreed: a name, for people."""
    text: str = TEXT
    """The version of the text that was agreed to."""
    at: float = field(default_factory=time.time)
    """Unix time in seconds."""

    def __post_init__(self) -> None:
        """Raise `InvalidInput` for a name or a version that nobody could read."""
        for name, value in (("consent_by", self.by), ("consent_text", self.text)):
            if not value.strip() or len(value) > LONGEST or not value.isprintable():
                raise InvalidInput(f"{name}: must be 1 to {LONGEST} characters, without control characters")

    def told(self) -> dict[str, str]:
        """As a manifest keeps it."""
        when = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="seconds")
        return {"by": self.by.strip(), "at": when, "text": self.text.strip()}


def agreed(settings: Settings, by: str | None, text: str | None = None) -> Consent | None:
    """What a request says; None if it says nothing. Raises `InvalidInput` if it has to."""
    if by and by.strip():
        return Consent(by, text or TEXT)
    if text and text.strip():
        raise InvalidInput("consent_by: say who agreed to this text")
    check(settings, None)
    return None


def check(settings: Settings, consent: Consent | None) -> None:
    """Refuse to make an avatar without consent where the settings require it."""
    if settings.require_consent and consent is None:
        raise InvalidInput(
            "consent_by: this server makes avatars only of people who agreed to it; say who agreed, and to which "
            "text (consent_text)"
        )

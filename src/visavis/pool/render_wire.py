"""What the API process and a render process say to each other."""

from typing import Any

import msgspec


class Task(msgspec.Struct, frozen=True):
    """What to render: length-prefixed msgpack on standard input, which stays open as long as the server lives."""

    settings: dict[str, Any]
    avatar: str
    model: str
    """The face model."""
    film: str
    """Path of the MP4 to make."""
    journal: str
    """Path of the session's journal."""
    sound: str = ""
    """Path of a recording to say instead of what the journal has."""


class Report(msgspec.Struct, frozen=True):
    """How far it is: a line of JSON on standard output."""

    progress: float
    """Rendered media time over all of it, 0 to 1."""
    error: str = ""
    """Why there is no film, for people."""

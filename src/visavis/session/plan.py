"""How a session hears one question out: from where, and how it knows that it is over."""

from typing import Literal

import msgspec

Source = Literal["microphone", "recording", "pushed"]
Endpointing = Literal["level", "voice"]


class Plan(msgspec.Struct, frozen=True):
    """What `Listen` asks for (contract kiosk 1.2, 1.5). Times are seconds of sound unless they say otherwise."""

    source: Source
    device: int | str | None = None
    """microphone: its index or a part of its name; None for the system's default."""
    sample_rate: int = 16_000
    """microphone: Hz to open it at."""
    pace: float = 1.0
    """recording: seconds of it that are heard per second; 0 as fast as it can be."""
    endpointing: Endpointing = "level"
    """What counts as speech: loudness, or what a voice activity detector says."""
    threshold: int = 900
    """level: root mean square of int16 samples in 0.1 s at which it counts."""
    silence: float = 1.5
    """Silence after speech that ends it."""
    longest: float = 20.0
    """The most that is heard, from just before the first speech on."""
    chunk: float = 4.0
    """Sound that is recognised at a time."""
    patience: float = 0.0
    """microphone, pushed: seconds by the clock without speech after which it ends; 0 for no end."""
    answer: bool = True
    """False: the transcript is all that is wanted."""

"""Media time: a sample index at 48 kHz, an int, so that sound and picture never drift by rounding."""

from fractions import Fraction

SAMPLE_RATE = 48_000
"""Samples per second of media time, and the rate of all sound inside the engine."""

HEARD_RATE = 16_000
"""Samples per second of what detectors and recognisers are given."""

PACKET = 960
"""Samples in one sound packet: 20 ms."""

VIDEO_CLOCK = 90_000
"""RTP clock rate of every video codec (RFC 3551)."""


def from_seconds(seconds: float) -> int:
    """The media time nearest to `seconds`."""
    return round(seconds * SAMPLE_RATE)


def to_seconds(samples: int) -> float:
    """Media time as seconds."""
    return samples / SAMPLE_RATE


def to_ms(samples: int) -> float:
    """Media time as milliseconds."""
    return samples * 1000 / SAMPLE_RATE


def to_video_clock(samples: int) -> int:
    """Media time on the 90 kHz clock of RTP video: exact, since 90/48 = 15/8, rounded down."""
    return samples * 15 // 8


def frame_start(index: int, fps: Fraction) -> int:
    """The media time at which picture `index` of a grid of `fps` pictures a second starts."""
    return index * SAMPLE_RATE * fps.denominator // fps.numerator


def frame_index(samples: int, fps: Fraction) -> int:
    """The picture that is shown at media time `samples`: the last one whose start is not later."""
    index = samples * fps.numerator // (SAMPLE_RATE * fps.denominator)
    return index + 1 if frame_start(index + 1, fps) <= samples else index

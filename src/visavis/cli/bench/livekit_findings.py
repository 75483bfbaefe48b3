"""What a run of `bench livekit` found out, and how each of it is counted."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from visavis.cli.bench.figures import Measure
from visavis.cli.bench.targets import TARGETS

SPANS: Mapping[str, tuple[str, str]] = {
    "livekit create": ("POST /v1/sessions → answer", "ms"),
    "livekit first picture": ("POST /v1/sessions → first picture at a viewer who was there before", "ms"),
    "livekit clear": ("lk.clear_buffer is called → the viewer's loudspeaker gets the last sound", "ms"),
    "livekit clear, answer": ("lk.clear_buffer is called → answer", "ms"),
    "livekit position": ("position in lk.playback_finished ↔ the last of it that the viewer heard, apart", "ms"),
    "livekit position, mean": ("how much more was told than heard, mean", "ms"),
    "livekit skew": ("quality mock: a flash is shown to the viewer ↔ its beep is heard, apart", "ms"),
    "livekit skew, at first": ("the same in the first 12 s, while the viewer's jitter buffer settles", "ms"),
    "livekit skew, mean": ("how much later the beep is, mean", "ms"),
    "livekit idle pictures": ("pictures a second at the viewer, one value a session", "fps"),
    "livekit speaking pictures": ("the same, while it speaks", "fps"),
    "livekit idle cpu": ("processor per idle session in a room of its own, all processes of the server", "%"),
    "livekit speaking cpu": ("the same, while all of them speak; visemes from the sound", "%"),
}
"""By name: what is measured, and its unit."""


@dataclass(slots=True)
class Findings:
    """What has been measured so far."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    left_out: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, *values: float) -> None:
        """Note values of one of `SPANS`."""
        self.values[name].extend(values)

    def measures(self) -> list[Measure]:
        """All of it, in the order of `SPANS`."""
        return [
            Measure(name, span, unit, found, TARGETS.get(name, ()))
            for name, (span, unit) in SPANS.items()
            if (found := self.values.get(name))
        ]

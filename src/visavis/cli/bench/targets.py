"""What the figures should be: the targets of the first release, on two cores of a shared machine."""

from collections.abc import Mapping

from visavis.cli.bench.figures import Target

TARGETS: Mapping[str, tuple[Target, ...]] = {
    "healthy": (Target("p50", 1.5),),
    "cold first sound": (Target("p50", 1.5),),
    "create": (Target("p50", 10),),
    "first picture": (Target("p50", 60),),
    "speak": (Target("p50", 40), Target("p95", 80)),
    "speak, picture": (Target("p50", 80),),
    "interrupt": (Target("p95", 20),),
    "interrupt, after": (Target("max", 0),),
    "voice, overhead": (Target("p50", 25), Target("p99", 80)),
    "voice": (Target("p50", 450),),
    "barge-in": (Target("p95", 300),),
    "barge-in, nothing": (Target("max", 0),),
    "kiosk transcript": (Target("p50", 250),),
    "kiosk stop, ASR": (Target("max", 200),),
    "kiosk stop, RAG": (Target("max", 200),),
    "kiosk stop, TTS": (Target("max", 200),),
    "idle cpu": (Target("max", 1.3),),
    "speaking cpu": (Target("max", 9),),
    "idle picture gap": (Target("p99", 60),),
    "speaking picture gap": (Target("p99", 60),),
    "bundle rate": (Target("p50", 4, at_least=True),),
    "bundle picture gap": (Target("p99", 60),),
    "from sound, more": (Target("max", 10),),
    "face cpu, more": (Target("max", 0.9),),
    "container": (Target("max", 20),),
    "lips": (Target("max", 20),),
    "lips, from sound": (),
    "closing": (Target("max", 120),),
    "closing: open": (Target("max", 0),),
    "livekit first picture": (Target("p50", 700),),
    "livekit clear": (Target("p95", 150),),
    "livekit position": (Target("max", 5),),
    "livekit skew": (Target("p99", 20),),
    "livekit skew, at first": (Target("p99", 20),),
    "memory, api": (Target("max", 130),),
    "memory, worker": (Target("max", 180),),
    "memory per session": (Target("max", 12),),
}
"""By the name of the measure. The same numbers are in docs/performance.md, with what they rest on."""

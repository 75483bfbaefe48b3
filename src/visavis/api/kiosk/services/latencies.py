"""How long the latest requests took: what the kiosk's pages show as performance."""

from collections import deque
from statistics import quantiles
from typing import Any

KEPT = 200
"""Latest requests that count."""


class Latency:
    """Of one kind of work, in milliseconds."""

    def __init__(self) -> None:
        self._kept: deque[float] = deque(maxlen=KEPT)
        self._count = 0
        self._extra: dict[str, float] = {}

    def add(self, ms: float, **extra: float) -> None:
        """Another request took `ms`; `extra` is told of the latest one."""
        self._kept.append(ms)
        self._count += 1
        self._extra = extra

    def stats(self) -> dict[str, Any]:
        """Null where there is none yet."""
        if not self._kept:
            return {"count": 0, "last_ms": None, "avg_ms": None, "p50_ms": None, "p95_ms": None}
        kept = sorted(self._kept)
        cuts = quantiles(kept, n=20, method="inclusive") if len(kept) > 1 else kept * 19
        return {
            "count": self._count,
            "last_ms": round(self._kept[-1], 1),
            "avg_ms": round(sum(kept) / len(kept), 1),
            "p50_ms": round(cuts[9], 1),
            "p95_ms": round(cuts[18], 1),
            **self._extra,
        }

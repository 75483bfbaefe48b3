"""`Bandwidth`: how much a stream may use, from what its viewers report."""

from collections.abc import Hashable

FLOOR_KBPS = 250
"""Below this a face falls apart, and a viewer is better off with losses than with mush."""

START_KBPS = 1000
"""Until somebody has reported; Chromium's own start is 300, but ours begins with a loop of that size."""

CHANGE = 0.2
"""A change smaller than this isn't worth the key frame it costs."""

INTERVAL = 2.0
"""Seconds from one change to the next."""

SMOOTHING = 0.3
"""Weight of a new report; browsers send about one a second (REMB, draft-alvestrand-rmcat-remb)."""


class Bandwidth:
    """The slowest viewer's smoothed estimate, and when it is worth a new encoder."""

    def __init__(self, max_kbps: int) -> None:
        self._max = max_kbps
        self._estimates: dict[Hashable, float] = {}
        self._changed = float("-inf")

    def report(self, viewer: Hashable, kbps: float) -> None:
        """A viewer's estimate of what reaches it."""
        before = self._estimates.get(viewer, kbps)
        self._estimates[viewer] = before + SMOOTHING * (kbps - before)

    def forget(self, viewer: Hashable) -> None:
        """The viewer has left."""
        self._estimates.pop(viewer, None)

    @property
    def kbps(self) -> int:
        """What the stream should use now."""
        estimate = min(self._estimates.values(), default=float(START_KBPS))
        return round(min(max(estimate, FLOOR_KBPS), self._max))

    def change(self, current: int, now: float) -> int | None:
        """The bit rate to change to from `current` at `now` (seconds), or None to leave it."""
        target = self.kbps
        if abs(target - current) <= CHANGE * current or now - self._changed < INTERVAL:
            return None
        self._changed = now
        return target

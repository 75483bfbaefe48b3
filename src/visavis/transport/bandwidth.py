"""`Bandwidth`: how much a stream may use, from what its viewers report."""

from collections.abc import Hashable

FLOOR_KBPS = 250
"""Below this a face falls apart, and a viewer is better off with losses than with mush."""

START_KBPS = 1000
"""As long as nobody is congested: 512 x 512 looks good with 700."""

CHANGE = 0.2
"""A change smaller than this isn't worth the key frame it costs."""

INTERVAL = 2.0
"""Seconds from one change to the next."""

FALL = 0.95
"""A report below this part of the one before it says that the viewer's path is full."""

SMOOTHING = 0.3
"""Weight of a rising report; browsers send two to five a second (draft-alvestrand-rmcat-remb)."""


class Bandwidth:
    """The slowest viewer's limit, and when it is worth a new encoder.

    A receiver only measures what it is sent: Chromium reports 120 kb/s at first and 1.5 times the
    received rate at most, on a path that could carry anything. So a report means nothing until it
    falls, which it does when packets begin to queue up; from then on the path is known to be limited,
    and the limit rises again as the reports do.
    """

    def __init__(self, max_kbps: int) -> None:
        self._max = max_kbps
        self._reports: dict[Hashable, float] = {}
        self._limits: dict[Hashable, float] = {}
        self._changed = float("-inf")

    def report(self, viewer: Hashable, kbps: float) -> None:
        """A viewer's estimate of what can reach it (REMB)."""
        before = self._reports.get(viewer)
        self._reports[viewer] = kbps
        if before is not None and kbps < before * FALL:
            self._limits[viewer] = kbps
        elif viewer in self._limits:
            self._limits[viewer] += SMOOTHING * (kbps - self._limits[viewer])

    def forget(self, viewer: Hashable) -> None:
        """The viewer has left."""
        self._reports.pop(viewer, None)
        self._limits.pop(viewer, None)

    @property
    def kbps(self) -> int:
        """What the stream should use now."""
        limit = min(self._limits.values(), default=float(START_KBPS))
        return round(min(max(limit, FLOOR_KBPS), self._max))

    def change(self, current: int, now: float) -> int | None:
        """The bit rate to change to from `current` at `now` (seconds), or None to leave it."""
        target = self.kbps
        if abs(target - current) <= CHANGE * current or now - self._changed < INTERVAL:
            return None
        self._changed = now
        return target

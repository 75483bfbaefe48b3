"""Who gets in: how many sessions an organisation may have, how many may wait, and for how long (contract 1.7)."""

from collections.abc import Iterable
from math import ceil

from visavis.api.principal import Principal
from visavis.errors import AtCapacity, QuotaExceeded
from visavis.pool import SessionPool
from visavis.settings import Settings
from visavis.store import AvatarSession

LONGEST_WAIT = 10.0
"""Seconds of estimated wait beyond which a session is refused: whoever asks may try elsewhere."""

TYPICAL = 300.0
"""Seconds a session is taken to last before any has ended."""

WEIGHT = 0.2
"""How much the latest session counts in what a typical one lasts."""

LATEST = 30
"""Seconds after which a client should ask again at the latest: the SDK does nothing else meanwhile."""


class Admission:
    """Decides on new sessions."""

    def __init__(self, pool: SessionPool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings
        self.typical = TYPICAL
        """Seconds a session lasts, a mean of the latest."""

    def ended(self, seconds: float) -> None:
        """One has ended that lasted so long."""
        self.typical += WEIGHT * (seconds - self.typical)

    def limit(self, asker: Principal) -> int:
        """How many sessions `asker` may have at once."""
        return asker.concurrency or self._settings.protoface_concurrency

    def check(self, asker: Principal, live: Iterable[AvatarSession], waiting: int) -> None:
        """Whether one more may be taken; `live` are those that are not over, `waiting` of them for a worker.

        Raises `QuotaExceeded`, `AtCapacity`.
        """
        # A number that a key brings counts its own; the configured one counts the organisation's.
        theirs = [
            each
            for each in live
            if (each.key_id == asker.id if asker.concurrency else each.organisation == asker.organisation)
        ]
        if len(theirs) >= (limit := self.limit(asker)):
            raise QuotaExceeded(f"{limit} sessions at once are allowed, and there are as many; end one first")
        wait = self.wait(waiting)
        if waiting >= self._settings.protoface_queue + (not self._pool.full) or wait > LONGEST_WAIT:
            raise AtCapacity("there is no room for another session at present", max(1, min(ceil(wait), LATEST)))

    def wait(self, waiting: int) -> float:
        """Seconds a new session is expected to wait behind `waiting` others."""
        if not self._pool.full:
            return 0.0
        running = max(len(self._pool.sessions()), 1)
        return (waiting + 1) * self.typical / running

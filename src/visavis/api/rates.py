"""How often a key may create something: a sliding window of a minute, in memory."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.api.principal import Principal
from visavis.errors import RateLimited
from visavis.settings import Settings

WINDOW = 60.0
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How a key stands with its limit."""

    limit: int
    """Things a minute."""
    remaining: int
    """That may be created now."""
    reset: int
    """When all of them may be again, Unix time in seconds."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What clients are told (contract protoface 1.2)."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class Rates:
    """Counts what each key creates. One for each application."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives Unix time in seconds."""
        self._settings = settings
        self._clock = clock
        self._taken: dict[str, deque[float]] = {}

    def look(self, asker: Principal) -> Rate:
        """How `asker` stands, for the headers of any answer, also of a refusal."""
        now = self._clock()
        taken = self._recent(asker.id, now)
        limit = asker.rate or self._settings.creates_per_minute
        reset = taken[-1] + WINDOW if taken else now
        return Rate(limit, max(limit - len(taken), 0), ceil(reset))

    def take(self, asker: Principal) -> Rate:
        """Count one more. Raises `RateLimited`, and counts nothing, if it is one too many."""
        now = self._clock()
        rate = self.look(asker)
        if rate.remaining == 0:
            wait = max(ceil(self._taken[asker.id][-rate.limit] + WINDOW - now), 1)
            raise RateLimited(f"at most {rate.limit} may be created a minute; wait {wait} s", wait)
        self._taken.setdefault(asker.id, deque()).append(now)
        return self.look(asker)

    def _recent(self, key: str, now: float) -> deque[float]:
        """When the key created what it did within the window, the oldest first."""
        taken = self._taken.get(key)
        if taken is None:
            # Keys that have gone quiet are forgotten, at the pace at which others come.
            for other in [each for each, times in self._taken.items() if times[-1] <= now - WINDOW]:
                del self._taken[other]
            return deque()
        while taken and taken[0] <= now - WINDOW:
            taken.popleft()
        if not taken:
            del self._taken[key]
        return taken


async def rates(connection: HTTPConnection) -> Rates:
    """The counts of the application that answers."""
    found: Rates = connection.app.state.rates
    return found


CreateRates = Annotated[Rates, Depends(rates)]
"""The type of a route's argument that counts what is created."""

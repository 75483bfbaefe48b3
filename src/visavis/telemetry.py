"""Logging, and how late the event loop runs. No transcript, no sound and no secret belongs in a log line."""

import asyncio
import logging
import os
import re
import sys
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import TypeAlias

from visavis.errors import InvalidInput

SECRETS = re.compile(
    r"""(?ix)
    (?P<before>
        \b (?: bearer | basic ) \s+                                        # Authorization: Bearer …
      | \b (?: sk | pk | whsec ) [_-]                                      # sk_…
      | (?: key | token | secret | password ) (?: \s*=\s* | ["']\s*:\s* ) ["']?  # api_key=…, "token": "…"
      | :// [^\s/:@]* : (?= [^\s/@]* @ )                                    # //user:…@host
    )
    (?P<secret> [^\s"',;&@]{4,} )
    """
)
"""What comes before a secret, and the secret."""

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def masked(text: str) -> str:
    """`text` with everything that looks like a secret replaced by `…`."""
    return SECRETS.sub(lambda match: match["before"] + "…", text)


class OneLine(logging.Formatter):
    """One line per record: time (UTC), level, role and process, logger, message; secrets masked.

    Control characters are escaped, so that nothing a client sent can pretend to be a record of its own.
    A traceback follows on further lines, each indented.
    """

    def __init__(self, role: str) -> None:
        super().__init__(
            f"%(asctime)s.%(msecs)03dZ %(levelname)-7s {role}/{os.getpid()} %(name)s: %(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )
        self.converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line, without a traceback."""
        record.message = _escaped(masked(record.message))
        return super().formatMessage(record)

    def formatException(self, ei: ExcInfo) -> str:
        """The traceback, indented."""
        return "\n".join("    " + line for line in masked(super().formatException(ei)).splitlines())


def configure(level: str, role: str) -> None:
    """Send every record of this process to standard error, from `level` (DEBUG, INFO, WARNING, ERROR) on.

    `role` says what the process is: `api`, `worker-0`. Calling it again replaces the earlier set-up.
    Raises `InvalidInput` for another level.
    """
    if level.upper() not in LEVELS:
        raise InvalidInput(f"log level {level!r}: choose one of {', '.join(LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(role))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # The HTTP client logs each address it calls, with what the query holds, at INFO.
    for name in ("httpx", "httpcore", "aioice", "aiortc"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _escaped(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late an event loop ran its timers, in milliseconds."""

    p99_ms: float
    """Of the last minute or so."""
    max_ms: float
    """Since the monitor was entered."""
    samples: int
    """Measurements since then."""


class StallMonitor:
    """Measures how late the event loop is: an async context manager around the life of a loop.

    A timer of `period` seconds is set again and again; how much later than due it fires is what anything
    else on that loop had to wait too. At 50 ms it costs well under 0.1 % of a core.
    """

    def __init__(self, period: float = 0.05, window: int = 1200) -> None:
        self._period = period
        self._recent: deque[float] = deque(maxlen=window)
        self._max = 0.0
        self._samples = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "StallMonitor":
        """Begin to measure."""
        self._task = asyncio.create_task(self._measure(), name="stall-monitor")
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Stop; `lateness` still tells what was measured."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    @property
    def lateness(self) -> Lateness:
        """What was measured so far; all zeros before the first period is over."""
        ordered = sorted(self._recent)
        p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] if ordered else 0.0
        return Lateness(p99 * 1000, self._max * 1000, self._samples)

    async def _measure(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + self._period
            await asyncio.sleep(self._period)
            late = max(loop.time() - due, 0.0)
            self._recent.append(late)
            self._max = max(self._max, late)
            self._samples += 1

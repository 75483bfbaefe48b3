"""The courier: carries events to webhooks, and comes again where nobody took them.

What is to be carried is in the store, so that a crash loses nothing. An event may arrive twice, with the same
`webhook-id`, if the server dies between its arrival and the note of it.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from functools import partial

from visavis.errors import InvalidInput, VisavisError
from visavis.outbound import OutboundFailed
from visavis.outbound.addresses import Resolve
from visavis.settings import Settings
from visavis.store import Store
from visavis.store.deliveries import Attempt, Delivery, DeliveryState
from visavis.sweeping import Sweeper
from visavis.webhooks import signature
from visavis.webhooks.destination import check, outbound

SCHEDULE = (5.0, 30.0, 120.0, 600.0, 3600.0, 6 * 3600.0, 24 * 3600.0)
"""Seconds after a failed attempt until the next; after the last of them the event is given up."""

JITTER = 0.1
"""By how much of itself each of them varies, so that what failed together does not come back together."""

TIMEOUT = 10.0
"""Seconds a receiver has to answer."""

LEASE = 60.0
"""Seconds after which an attempt without an outcome is taken to have died with its server."""

AT_ONCE = 8
"""Attempts at a time; there is one for each endpoint, so that a slow one holds up only its own."""

LOOK_EVERY = 1.0
"""Seconds between two looks at what is due: other processes put events down, too."""

MAX_ANSWER = 64 * 1024
"""Bytes; nothing of an answer but its status is of interest."""

SWEEP_EVERY = 3600.0
"""Seconds between two looks at what is too old."""

GONE = 410
"""The receiver wants no more of this."""

log = logging.getLogger(__name__)


class Courier:
    """Delivers what is due for as long as it is entered. Leaving it breaks off what is under way."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        schedule: Sequence[float] = SCHEDULE,
        clock: Callable[[], float] = time.time,
        resolve: Resolve | None = None,
    ) -> None:
        """`clock` gives Unix time in seconds."""
        self._records = store.deliveries
        self._settings = settings
        self._schedule = schedule
        self._clock = clock
        self._outbound = outbound(settings, resolve)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._free = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._sweeper = Sweeper("webhook events", SWEEP_EVERY, self._sweep)

    async def __aenter__(self) -> "Courier":
        self._task = asyncio.create_task(self._run(), name="webhooks")
        self._task.add_done_callback(_told)
        await self._sweeper.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._sweeper.__aexit__(*exc)
        tasks = [task for task in (self._task, *self._under_way.values()) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._outbound.aclose()

    async def round(self) -> int:
        """Deliver what is due now until nothing is; returns the number of attempts. For use without entering."""
        count = 0
        while deliveries := await self._records.claim(self._clock(), LEASE, AT_ONCE):
            await asyncio.gather(*map(self._deliver, deliveries))
            count += len(deliveries)
        return count

    async def _run(self) -> None:
        while True:
            self._free.clear()
            try:
                await self._set_out()
            except VisavisError as error:
                log.error("webhooks can't be delivered: %s", error.message)
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._free.wait()
            except TimeoutError:
                continue

    async def _set_out(self) -> None:
        room = AT_ONCE - len(self._under_way)
        if room <= 0:
            return
        for delivery in await self._records.claim(self._clock(), LEASE, room, list(self._under_way)):
            endpoint = delivery.endpoint.id
            task = asyncio.create_task(self._deliver(delivery), name=f"webhook {endpoint}")
            self._under_way[endpoint] = task
            task.add_done_callback(partial(self._back, endpoint))

    def _back(self, endpoint: str, task: "asyncio.Task[None]") -> None:
        del self._under_way[endpoint]
        self._free.set()
        _told(task)

    async def _deliver(self, delivery: Delivery) -> None:
        attempt = await self._attempt(delivery)
        state, due_at = self._outcome(delivery, attempt)
        if state == "failed":
            log.warning("webhook %s is given up for %s", delivery.endpoint.id, delivery.event)
        try:
            await self._records.settle(delivery, attempt, state, due_at)
        except VisavisError as error:
            # It is due again when the lease is over.
            log.error("the outcome of a webhook can't be kept: %s", error.message)

    async def _attempt(self, delivery: Delivery) -> Attempt:
        at, began = self._clock(), time.monotonic()
        status, error = None, ""
        signed = signature.headers(delivery.endpoint.secrets(at), delivery.event, int(at), delivery.body)
        try:
            check(delivery.endpoint.url, self._settings)
            async with (
                asyncio.timeout(TIMEOUT),
                self._outbound.stream(
                    "POST",
                    delivery.endpoint.url,
                    content=delivery.body,
                    # A kept connection may have gone stale by the next event, which would cost an attempt.
                    headers={**signed, "Connection": "close"},
                    timeout=TIMEOUT,
                    total=TIMEOUT,
                    max_bytes=MAX_ANSWER,
                ) as answer,
            ):
                status = answer.status
        except OutboundFailed as failure:
            error = failure.reason
        except InvalidInput:
            error = "refused"
        except TimeoutError:
            error = "timeout"
        return Attempt(at, (time.monotonic() - began) * 1000, status, error)

    def _outcome(self, delivery: Delivery, attempt: Attempt) -> tuple[DeliveryState, float | None]:
        """What follows from an attempt: the delivery's state, and when it is tried again."""
        if attempt.status is not None and 200 <= attempt.status < 300:
            return "delivered", None
        if attempt.status == GONE or delivery.attempts >= len(self._schedule):
            return "failed", None
        pause = self._schedule[delivery.attempts]
        vary = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  spreads load, hides nothing
        return "pending", self._clock() + pause * vary

    async def _sweep(self) -> None:
        await self._records.sweep(self._clock() - self._settings.webhook_days * 24 * 3600)


def _told(task: "asyncio.Task[None]") -> None:
    """Nobody waits for these tasks: a defect in one is told here."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the task %s failed", task.get_name(), exc_info=error)

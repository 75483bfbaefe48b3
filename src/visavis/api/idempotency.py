"""Creates that may be sent twice: the header `Idempotency-Key` (contract protoface 1.2).

The same key with the same request gets the first answer again, for a day; with another request it is refused. Of
several at once one is carried out, and the others wait for what comes of it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from visavis.errors import Conflict, InvalidInput, Unavailable
from visavis.ids import new_id
from visavis.settings import Settings
from visavis.store import Store
from visavis.store.idempotency import KeptAnswer
from visavis.store.pepper import Pepper
from visavis.sweeping import Sweeper

KEPT = 24 * 3600.0
"""Seconds an answer can be had again."""

LEASE = 15.0
"""Seconds after which whoever had a key and gave no answer is taken to have died."""

LOOK_EVERY = 0.1
"""Seconds between two looks whether another process has answered."""

GRACE = 5.0
"""Seconds that what is under way may take when the server ends."""

SWEEP_EVERY = 3600.0
"""Seconds between two looks at what is too old."""

LONGEST = 255
"""Characters of a key."""

OTHER_REQUEST = "this Idempotency-Key was used for another request; take a new one"
UNDER_WAY = "a request with this Idempotency-Key is being carried out; try again in a moment"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a create comes to."""

    status: int
    """Of HTTP."""
    body: bytes
    """As it is sent: whoever may not read a secret later must not find it here, for it is kept."""
    replayed: bool = False
    """Whether it is an earlier request's."""


class Idempotency:
    """Carries creates out once. An async context manager: leaving it waits for those under way."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._records = store.idempotency
        self._pepper = Pepper(settings)
        self._claimant = new_id()
        self._running: dict[str, tuple[str, asyncio.Task[Answer]]] = {}
        self._sweeper = Sweeper("idempotency keys", SWEEP_EVERY, self._sweep)

    async def __aenter__(self) -> "Idempotency":
        await self._sweeper.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._sweeper.__aexit__(*exc)
        if not self._running:
            return
        _, late = await asyncio.wait([task for _, task in self._running.values()], timeout=GRACE)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def once(
        self, organisation: str, route: str, key: str | None, request: bytes, work: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        """What `work` comes to, or came to before.

        `route` is a name that keeps the keys of different creates apart; `request` is what makes two requests
        the same: the body as it came. Without a key the work is done in any case. It is then done to its end even
        if the client goes. What it raises is raised to all who wait for it, and not kept; nor is an answer with
        429 or from 500 on. Raises `InvalidInput` (no such key), `Conflict` (used for another request), and
        `Unavailable`.
        """
        if key is None:
            return await work()
        if not 1 <= len(key) <= LONGEST or not key.isprintable():
            raise InvalidInput(f"Idempotency-Key: 1 to {LONGEST} printable characters")
        asked = asyncio.to_thread(self._digests, organisation, route, key, request)
        name, digest = await asked
        former, task = self._running.get(name, (digest, None))
        if former != digest:
            raise Conflict(OTHER_REQUEST)
        if task is not None:
            return _again(await asyncio.shield(task))
        task = asyncio.create_task(self._carry_out(name, organisation, digest, work), name=f"create by {route}")
        self._running[name] = (digest, task)
        task.add_done_callback(lambda done: self._done(name, done))
        return await asyncio.shield(task)

    def _digests(self, organisation: str, route: str, key: str, request: bytes) -> tuple[str, str]:
        name = self._pepper.digest(b"key", organisation.encode(), route.encode(), key.encode())
        return name, self._pepper.digest(b"request", request)

    async def _carry_out(
        self, name: str, organisation: str, digest: str, work: Callable[[], Awaitable[Answer]]
    ) -> Answer:
        deadline = asyncio.get_running_loop().time() + LEASE
        while True:
            claim = await self._records.claim(name, organisation, digest, self._claimant, LEASE, KEPT)
            if claim.mine:
                return await self._work(name, work)
            if not claim.same:
                raise Conflict(OTHER_REQUEST)
            if claim.answer is not None:
                return Answer(claim.answer.status, claim.answer.body, replayed=True)
            if asyncio.get_running_loop().time() > deadline:
                raise Conflict(UNDER_WAY)
            await asyncio.sleep(LOOK_EVERY)

    async def _work(self, name: str, work: Callable[[], Awaitable[Answer]]) -> Answer:
        answer: Answer | None = None
        try:
            answer = await work()
        finally:
            await self._keep(name, answer)
        return answer

    async def _keep(self, name: str, answer: Answer | None) -> None:
        """Keep an answer, or let the next one try. That this can't be is no reason to say that the work failed."""
        try:
            if answer is None or answer.status == 429 or answer.status >= 500:
                await self._records.release(name, self._claimant)
            else:
                await self._records.keep(name, self._claimant, KeptAnswer(answer.status, answer.body))
        except Unavailable as error:
            log.error("the answer for an Idempotency-Key can't be kept: %s", error.message)

    def _done(self, name: str, task: "asyncio.Task[Answer]") -> None:
        del self._running[name]
        if not task.cancelled():
            # Whoever waited has been told; if nobody waits any more, nobody needs to be.
            task.exception()

    async def _sweep(self) -> None:
        await self._records.sweep(time.time() - KEPT)


def _again(answer: Answer) -> Answer:
    return Answer(answer.status, answer.body, replayed=True)


async def idempotency(connection: HTTPConnection) -> Idempotency:
    """That of the application that answers."""
    found: Idempotency = connection.app.state.idempotency
    return found


Once = Annotated[Idempotency, Depends(idempotency)]
"""The type of a route's argument that carries creates out once."""

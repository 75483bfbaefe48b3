"""Recogniser processes: warm, few, each with one utterance at a time. A `Recognizer` towards a media worker."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator

from visavis.asr import Transcript
from visavis.asr.child import Child
from visavis.asr.wire import Failed, Hello
from visavis.errors import StageFailed
from visavis.media.samples import Samples
from visavis.settings import Settings
from visavis.streams import closing

MAX_WAITING = 16
"""Utterances that may wait for a free process; further ones fail at once."""

MAX_WAIT = 15.0
"""Seconds an utterance waits for a free process: somebody is waiting for an answer to it."""

RESTART_PAUSE = 1.0
"""Seconds before a process that could not load its model is started again; doubled each time."""

LONGEST_PAUSE = 30.0
"""Seconds that pause has at most."""

log = logging.getLogger(__name__)


class RecognizerPool:
    """An async context manager. Entering starts the processes and does not wait for them."""

    def __init__(
        self, settings: Settings, provider: str, size: int = 1, *, language: str = "en", model: str = ""
    ) -> None:
        """`size` processes, each with `language` (BCP 47) loaded; another one is loaded when an utterance has it.

        `model` as in `RecognizerProvider`.
        """
        self._hello = Hello(settings.model_dump(mode="json"), provider, language, model)
        self._size = size
        self._idle: deque[Child] = deque()
        self._waiting: deque[asyncio.Future[Child]] = deque()
        self._children: set[Child] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._fault: Failed | None = None
        """Why no process could load its model, the last time it was tried."""

    async def __aenter__(self) -> "RecognizerPool":
        self._tasks = [asyncio.create_task(self._keep(), name="recogniser") for _ in range(self._size)]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refuse(StageFailed("asr", "the recogniser is being shut down"))

    @property
    def pids(self) -> list[int]:
        """The processes' ids, for who measures them."""
        return [child.pid for child in self._children if child.pid]

    async def warm(self) -> None:
        """Wait until a process is free. Raises `StageFailed`, as an utterance would."""
        self._give(await self._take())

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """See `Recognizer`. `sound` is read when a process is free, and not faster than it keeps up."""
        child = await self._take()
        async with closing(child.transcribe(sound, language)) as transcripts:
            async for transcript in transcripts:
                yield transcript

    async def _take(self) -> Child:
        """A process of one's own until its utterance is over; those that wait get theirs in order."""
        if self._idle:
            return self._idle.popleft()
        if self._fault is not None and not self._children:
            raise self._fault.error
        if len(self._waiting) >= MAX_WAITING:
            raise StageFailed("asr", "too many people speak at once; set more recogniser processes")
        future: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        taken = False
        try:
            async with asyncio.timeout(MAX_WAIT):
                child = await future
            taken = True
            return child
        except TimeoutError as error:
            raise StageFailed("asr", "no recogniser was free in time; set more recogniser processes") from error
        finally:
            if future in self._waiting:
                self._waiting.remove(future)
            # Given and given up at the same moment.
            if not taken and future.done() and not future.cancelled() and future.exception() is None:
                self._give(future.result())

    def _give(self, child: Child) -> None:
        """A process is free."""
        if child not in self._children:
            return
        self._fault = None
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(child)
                return
        self._idle.append(child)

    def _refuse(self, error: StageFailed) -> None:
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(error)

    async def _keep(self) -> None:
        """Keep one place filled."""
        pause = RESTART_PAUSE
        while True:
            child = Child(self._hello, self._give)
            self._children.add(child)
            try:
                await child.run()
            finally:
                self._children.discard(child)
                if child in self._idle:
                    self._idle.remove(child)
            if child.served:
                log.error("a recogniser process has died; another is started")
                pause = RESTART_PAUSE
                continue
            self._failed(child.fault or Failed(0, StageFailed.code, "the recogniser process could not be started"))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _failed(self, fault: Failed) -> None:
        log.error("a recogniser could not be started: %s", fault.message)
        self._fault = fault
        if not self._children:
            self._refuse(fault.error)

"""One recogniser process, as its media worker sees it."""

import asyncio
import itertools
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import msgspec

from visavis.asr import SAMPLE_RATE, Transcript
from visavis.asr.wire import Begin, Cancel, Done, End, Failed, FromProcess, Heard, Hello, Ready, Sound, Taken
from visavis.errors import StageFailed
from visavis.line import Line, Lost
from visavis.media.samples import Samples

PATIENCE = 10.0
"""Seconds without a sign of life from a process that has work, after which it is killed.

Loading the model of another language, or recognising a long utterance in one go, takes a few.
"""

LOADING = 120.0
"""Seconds that loading a model may take, from a slow disk and beside other work."""

IN_FLIGHT = 2 * SAMPLE_RATE
"""Samples that a process may be behind; what is more waits where it comes from."""

log = logging.getLogger(__name__)
_decoder = msgspec.msgpack.Decoder(FromProcess)

_Item: TypeAlias = Heard | Failed | Done | StageFailed | asyncio.Task[None]


class Child:
    """Started by `run`, and killed at its end."""

    def __init__(self, hello: Hello, free: Callable[["Child"], None]) -> None:
        """`free` is called when it can take an utterance: when its model is loaded, and after each utterance."""
        self._hello = hello
        self._free = free
        self._line: Line | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._utterances = itertools.count(1)
        self._current: Utterance | None = None
        self.fault: Failed | None = None
        """Why its model could not be loaded."""
        self.served = False
        """Whether it could be loaded."""

    @property
    def pid(self) -> int:
        """The process id; 0 before it is started."""
        return self._process.pid if self._process is not None else 0

    async def run(self) -> None:
        """Start the process and serve it until it ends."""
        ours, theirs = socket.socketpair()
        line = self._line = Line(*await asyncio.open_connection(sock=ours))
        line.send(self._hello)
        try:
            with theirs:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "visavis.asr.process",
                    str(theirs.fileno()),
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                )
            loading = asyncio.get_running_loop().call_later(LOADING, self._give_up)
            try:
                await self._listen(line)
            finally:
                loading.cancel()
        finally:
            self._line = None
            line.hang_up()
            if self._current is not None:
                self._current.put(StageFailed("asr", "the recogniser has died and is being started again"))
            if self._process is not None:
                self.kill()
                await self._process.wait()

    def kill(self) -> None:
        """End the process at once; `run` then returns."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    def _give_up(self) -> None:
        if not self.served:
            self.kill()

    async def transcribe(self, sound: AsyncIterator[Samples], language: str) -> AsyncIterator[Transcript]:
        """One utterance; it must be free. Raises `StageFailed`."""
        if self._line is None:
            raise StageFailed("asr", "the recogniser has died and is being started again")
        utterance = self._current = Utterance(next(self._utterances), self._line)
        feeding = asyncio.create_task(utterance.feed(sound, language), name="speech to recogniser")
        feeding.add_done_callback(utterance.put)
        complete = False
        try:
            while True:
                item = await self._next(utterance)
                if isinstance(item, Heard):
                    complete = item.final
                    yield item.transcript
                elif isinstance(item, Failed):
                    raise item.error
                elif isinstance(item, StageFailed):
                    raise item
                elif isinstance(item, asyncio.Task):
                    # The sound has ended; if reading it has failed, so has this.
                    item.result()
                elif complete:
                    return
                else:
                    raise StageFailed("asr", "the recogniser gave no transcript")
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            self._leave(utterance)

    async def _next(self, utterance: "Utterance") -> _Item:
        """What comes next, or `StageFailed` when the process hangs."""
        while True:
            try:
                async with asyncio.timeout_at(utterance.deadline):
                    return await utterance.inbox.get()
            except TimeoutError:
                if utterance.late():
                    self.kill()
                    return StageFailed("asr", "the recogniser hung and is being started again")

    def _leave(self, utterance: "Utterance") -> None:
        """Nobody waits for it any more; the process may still be at work on it."""
        if self._current is not utterance or self._line is None:
            return
        self._line.send(Cancel(utterance.id))
        loop = asyncio.get_running_loop()
        loop.call_later(PATIENCE, self._abandon, utterance)

    def _abandon(self, utterance: "Utterance") -> None:
        if self._current is utterance:
            log.error("a recogniser did not let go of an utterance; it is killed")
            self.kill()

    async def _listen(self, line: Line) -> None:
        while True:
            try:
                message = _decoder.decode(await line.receive())
            except Lost:
                return
            if isinstance(message, Ready):
                self.served = True
                self._free(self)
            elif isinstance(message, Failed) and not message.utterance:
                self.fault = message
            elif (utterance := self._current) is not None and message.utterance == utterance.id:
                if isinstance(message, Taken):
                    utterance.taken(message.samples)
                else:
                    utterance.put(message)
                if isinstance(message, Done):
                    self._current = None
                    self._free(self)


class Utterance:
    """What is said to the process, and what it has answered."""

    def __init__(self, number: int, line: Line) -> None:
        self.id = number
        self.inbox: asyncio.Queue[_Item] = asyncio.Queue()
        """Bounded by what one utterance can give: partials, at most one for each piece of sound."""
        self._line = line
        self._flying = 0
        """Samples that were sent and are not taken."""
        self._room = asyncio.Event()
        self._room.set()
        self._ended = False
        self._alive = asyncio.get_running_loop().time()
        """When the process last had no work, or gave a sign of life."""

    @property
    def deadline(self) -> float:
        """When the next sign of life is due, as it looks now."""
        waiting_since = self._alive if self._owing else asyncio.get_running_loop().time()
        return waiting_since + PATIENCE

    def late(self) -> bool:
        """Whether the process has work and has given no sign of life for too long."""
        return self._owing and asyncio.get_running_loop().time() >= self._alive + PATIENCE

    def put(self, item: _Item) -> None:
        """Something to read for who waits for the transcripts."""
        self._sign()
        self.inbox.put_nowait(item)

    def taken(self, samples: int) -> None:
        """The process has worked on sound."""
        self._sign()
        self._flying -= samples
        self._room.set()

    async def feed(self, sound: AsyncIterator[Samples], language: str) -> None:
        """Say all of it."""
        self._line.send(Begin(self.id, language))
        async for pcm in sound:
            await self._room.wait()
            if not self._owing:
                self._sign()
            self._flying += len(pcm)
            if self._flying >= IN_FLIGHT:
                self._room.clear()
            self._line.send(Sound(self.id, pcm.astype("<i2", copy=False).tobytes()))
        self._ended = True
        self._sign()
        self._line.send(End(self.id))

    @property
    def _owing(self) -> bool:
        return self._ended or self._flying > 0

    def _sign(self) -> None:
        self._alive = asyncio.get_running_loop().time()

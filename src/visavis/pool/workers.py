"""The workers pool: sessions in media processes of their own, one per core. `serve`'s default."""

import asyncio
import itertools
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from visavis.errors import AtCapacity, Conflict, NotFound, VisavisError, WorkerLost
from visavis.ids import new_id
from visavis.line import Line, Lost
from visavis.pool.contract import RETENTION
from visavis.pool.verbs import (
    Answer,
    Chat,
    Close,
    Command,
    Customise,
    Hear,
    Inform,
    Interrupt,
    Listen,
    NewSession,
    Occupancy,
    Offer,
    Pause,
    PushAudio,
    Recite,
    Recorded,
    Resume,
    Say,
    SessionInfo,
    Start,
    StartRecording,
    StopListening,
    StopRecording,
    Transcribe,
    Transcription,
    TurnAccepted,
)
from visavis.pool.wire import Create, Drain, FromWorker, Happened, Hello, Ping, Reply, Request
from visavis.session.events import Failed, Record, Terminated
from visavis.session.log import EventLog
from visavis.settings import Settings

PING_EVERY = 5.0
"""Seconds between two signs of life."""

PING_TIMEOUT = 15.0
"""Seconds without a sign of life after which a worker is killed."""

STOP_TIMEOUT = 5.0
"""Seconds a worker has to end its sessions."""

RESTART_PAUSE = 1.0
"""Seconds before a worker that died within them is started again."""

MEMORY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(4 * 1024 * 1024),
}
"""How glibc is to keep memory: few arenas, so that what ended sessions had goes back to the system; and pictures
(400 kB each, 25 a second) from the heap instead of fresh pages that the kernel has to clear."""

T = TypeVar("T")
log = logging.getLogger(__name__)
_decoder = msgspec.msgpack.Decoder(FromWorker)


class WorkerProcess:
    """One media process, and the calls that are waiting for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ids = itertools.count(1)
        self._calls: dict[int, asyncio.Future[Reply]] = {}
        self._line: Line | None = None
        self._theirs: socket.socket | None = None
        self.handles: dict[str, RemoteHandle] = {}
        self.process: asyncio.subprocess.Process | None = None

    async def connect(self) -> None:
        """Make the socket: from now on it can be called, and calls wait for the process."""
        ours, self._theirs = socket.socketpair()
        self._line = Line(*await asyncio.open_connection(sock=ours))
        self._line.send(Hello(plain(self._settings)))

    async def run(self) -> None:
        """Start the process and serve it until it ends; then its sessions are told."""
        line, theirs = self._line, self._theirs
        if line is None or theirs is None:
            raise RuntimeError("connect first")
        with theirs:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "visavis.pool.worker",
                str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=MEMORY | os.environ,
            )
        try:
            async with asyncio.TaskGroup() as group:
                beat = group.create_task(self._watch())
                await self._listen(line)
                beat.cancel()
        finally:
            self._line = None
            self._lost()
            line.hang_up()
            if self.process.returncode is None:
                self.process.kill()
            await self.process.wait()

    @property
    def up(self) -> bool:
        """Whether it can be called."""
        return self._line is not None

    async def call(self, session: str, command: Command | Create | Ping | Drain, kind: type[T]) -> T:
        """Have something done. Raises what it raised, or `WorkerLost`."""
        if self._line is None:
            raise WorkerLost("the media worker of this session has died; create a new session")
        request = Request(next(self._ids), session, command)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._calls[request.id] = future
        try:
            self._line.send(request)
            reply = await future
        finally:
            self._calls.pop(request.id, None)
        if reply.refusal is not None:
            raise reply.refusal.error()
        return msgspec.msgpack.decode(reply.result, type=kind)

    async def _listen(self, line: Line) -> None:
        while True:
            try:
                message = _decoder.decode(await line.receive())
            except Lost:
                return
            if isinstance(message, Happened):
                if handle := self.handles.get(message.session):
                    handle.log.append(message.record)
            elif (future := self._calls.get(message.id)) and not future.done():
                future.set_result(message)

    async def _watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(PING_TIMEOUT):
                    await self.call("", Ping(), type(None))
            except TimeoutError:
                log.error("a media worker gives no sign of life; it is killed")
                if self.process is not None:
                    self.process.kill()
                return
            await asyncio.sleep(PING_EVERY)

    def _lost(self) -> None:
        for future in self._calls.values():
            if not future.done():
                future.set_exception(WorkerLost("the media worker of this session has died; create a new session"))
        for handle in list(self.handles.values()):
            handle.worker_lost()


class RemoteHandle:
    """The door to a session in a worker. Its log is a mirror of the worker's, and outlives it."""

    def __init__(
        self, worker: WorkerProcess, observe: Callable[["RemoteHandle", Record], None], session_id: str
    ) -> None:
        self.id = session_id
        self.log = EventLog(lambda record: observe(self, record))
        self.last: SessionInfo | None = None
        self.worker = worker

    async def info(self) -> SessionInfo:
        """What it is and how it is."""
        if not self.log.closed:
            self.last = await self.worker.call(self.id, Inform(), SessionInfo)
        if self.last is None:
            raise NotFound("session not found")
        if self.log.closed:
            return msgspec.structs.replace(self.last, state="terminated", busy=False, viewers=0)
        return self.last

    async def start(self) -> None:
        """Mark it as running."""
        await self._call(Start(), type(None))

    async def say(self, command: Say) -> TurnAccepted:
        """Begin to speak."""
        return await self._call(command, TurnAccepted)

    async def chat(self, command: Chat) -> TurnAccepted:
        """Begin to answer."""
        return await self._call(command, TurnAccepted)

    async def recite(self, command: Recite) -> TurnAccepted:
        """Begin to play a recording."""
        return await self._call(command, TurnAccepted)

    async def push_audio(self, command: PushAudio) -> TurnAccepted:
        """Take more of a turn's sound."""
        return await self._call(command, TurnAccepted)

    async def transcribe(self, command: Transcribe) -> Transcription:
        """Recognise a recording."""
        return await self._call(command, Transcription)

    async def listen(self, command: Listen) -> None:
        """Hear a question out."""
        await self._call(command, type(None))

    async def hear(self, command: Hear) -> None:
        """Take more of what the user says."""
        await self._call(command, type(None))

    async def stop_listening(self) -> bool:
        """End the question here."""
        return await self._call(StopListening(), bool) if not self.log.closed else False

    async def interrupt(self) -> bool:
        """Stop what is being recognised or said."""
        return await self._call(Interrupt(), bool) if not self.log.closed else False

    async def pause(self) -> bool:
        """Hold the turn in flight."""
        return await self._call(Pause(), bool)

    async def resume(self) -> bool:
        """Go on with it."""
        return await self._call(Resume(), bool)

    async def offer(self, offer: Offer) -> Answer:
        """Connect a viewer."""
        return await self._call(offer, Answer)

    async def record(self) -> None:
        """Record what it plays."""
        await self._call(StartRecording(), type(None))

    async def stop_recording(self) -> Recorded:
        """Complete the recording."""
        return await self._call(StopRecording(), Recorded)

    async def customise(self, command: Customise) -> None:
        """Give the chat model another system prompt."""
        await self._call(command, type(None))

    def events(self, after: int = 0) -> AsyncIterator[Record]:
        """What has happened and what happens."""
        return self.log.read(after)

    async def close(self) -> None:
        """End it."""
        # Also when it says it has ended: what it holds is let go of after that.
        with suppress(NotFound, WorkerLost):
            await self.worker.call(self.id, Close(), type(None))

    def worker_lost(self) -> None:
        """Tell who listens that the session is over."""
        message = "the media worker of this session has died; create a new session"
        self.log.add(Failed("worker", WorkerLost.code, message))
        self.log.add(Terminated("worker_lost"))

    async def _call(self, command: Command, kind: type[T]) -> T:
        if self.log.closed:
            raise Conflict("session is terminated")
        return await self.worker.call(self.id, command, kind)


class WorkersPool:
    """Sessions in media processes; a process that dies ends only its own and is replaced."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._handles: dict[str, RemoteHandle] = {}
        self._workers: list[WorkerProcess] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._leaving = False

    async def __aenter__(self) -> "WorkersPool":
        for _ in range(self._settings.workers or os.cpu_count() or 1):
            self._workers.append(await self._new_worker())
            task = asyncio.create_task(self._keep(len(self._workers) - 1), name="media worker")
            task.add_done_callback(_report)
            self._tasks.append(task)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.drain()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_TIMEOUT)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    @property
    def workers(self) -> Sequence[WorkerProcess]:
        """The processes, for who watches over them."""
        return self._workers

    async def create(self, request: NewSession, session_id: str = "") -> RemoteHandle:
        """Make a session in the worker that has the fewest."""
        if self.full:
            raise AtCapacity("no room for another session now; try again later")
        worker = min(self._up(), key=lambda worker: len(worker.handles))
        handle = RemoteHandle(worker, self._observe, session_id or new_id())
        worker.handles[handle.id] = self._handles[handle.id] = handle
        try:
            handle.last = await worker.call(handle.id, Create(request), SessionInfo)
        except BaseException:  # cancelled, too: there is no such session
            worker.handles.pop(handle.id, None)
            self._handles.pop(handle.id, None)
            raise
        return handle

    def get(self, session_id: str) -> RemoteHandle:
        """The session of that id."""
        if (handle := self._handles.get(session_id)) is None or handle.last is None:
            raise NotFound("session not found")
        return handle

    def sessions(self) -> Sequence[RemoteHandle]:
        """Those that are not over."""
        return [handle for handle in self._handles.values() if not handle.log.closed]

    @property
    def full(self) -> bool:
        """Whether a new session would be refused now."""
        room = self._settings.max_sessions
        return self._leaving or all(len(worker.handles) >= room for worker in self._up())

    @property
    def occupancy(self) -> Occupancy:
        """How full it is."""
        return Occupancy(self.full)

    async def drain(self) -> None:
        """End every session and take no new one."""
        self._leaving = True
        await asyncio.gather(*(self._stop(worker) for worker in self._workers))

    def _up(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if worker.up]

    def _observe(self, handle: RemoteHandle, record: Record) -> None:
        if isinstance(record.event, Terminated):
            handle.worker.handles.pop(handle.id, None)
            asyncio.get_running_loop().call_later(RETENTION, self._handles.pop, handle.id, None)

    async def _keep(self, place: int) -> None:
        """Run the worker at `place`, and another one after it, and so on."""
        while True:
            began = asyncio.get_running_loop().time()
            await self._workers[place].run()
            if self._leaving:
                return
            log.error("a media worker has died; its sessions are ended, another is started")
            self._workers[place] = await self._new_worker()
            if asyncio.get_running_loop().time() - began < RESTART_PAUSE:
                await asyncio.sleep(RESTART_PAUSE)

    async def _new_worker(self) -> WorkerProcess:
        worker = WorkerProcess(self._settings)
        await worker.connect()
        return worker

    async def _stop(self, worker: WorkerProcess) -> None:
        if not worker.up:
            return
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await worker.call("", Drain(), type(None))
        except (TimeoutError, VisavisError):
            log.warning("a media worker did not end its sessions in time")


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("a media worker can't be kept running", exc_info=error)


def plain(settings: Settings) -> dict[str, Any]:
    """Settings as values that msgpack can carry; the worker makes them `Settings` again."""
    return settings.model_dump(mode="json")

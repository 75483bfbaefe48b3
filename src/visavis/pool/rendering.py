"""Offline bundles: the queue of render jobs, and the processes that render them (`visavis.pool.render`).

Lives in the API process. Jobs are in the store, so those that a restart interrupts are begun again.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from visavis.errors import AtCapacity, Conflict, NotFound, VisavisError
from visavis.films import bundles
from visavis.ids import new_id
from visavis.line import LENGTH
from visavis.pool.render_wire import Report, Task
from visavis.pool.workers import MEMORY, plain
from visavis.settings import Settings
from visavis.store import RenderJob, RenderState, Store
from visavis.sweeping import Sweeper
from visavis.uploads import Uploads

COMMAND = (sys.executable, "-m", "visavis.pool.render")

WAITING = 32
"""Jobs that may wait: more would be refused by who waits for them, too."""

SWEEP_EVERY = 600.0
"""Seconds between two looks at the bundles' age."""

LONGEST_LINE = 64 * 1024
"""Bytes of a report."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Active:
    """A job that waits or is being rendered."""

    job: RenderJob
    progress: float = 0.0
    cancelled: bool = False
    process: asyncio.subprocess.Process | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Rendering:
    """Renders jobs, the oldest first. An async context manager: leaving it ends the processes, not the jobs."""

    def __init__(self, store: Store, settings: Settings, command: Sequence[str] | None = None) -> None:
        """`command` is what a job's `Task` is given to, if not the real renderer."""
        self._store = store
        self._settings = settings
        self._command = command or COMMAND
        self._films = bundles(settings)
        self._uploads = Uploads(settings)
        self._active: dict[str, Active] = {}
        self._queue: asyncio.Queue[Active] = asyncio.Queue()
        self._resuming: asyncio.Task[None] | None = None
        self._sweeper = Sweeper("bundles", SWEEP_EVERY, self._sweep)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Rendering":
        self._resuming = asyncio.create_task(self._resume(), name="resume render jobs")
        self._tasks = [
            asyncio.create_task(self._work(), name=f"render {place}")
            for place in range(self._settings.render_processes)
        ]
        self._tasks.append(self._resuming)
        await self._sweeper.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._sweeper.__aexit__(*exc)
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def submit(self, session: str, avatar: str, model: str, upload: str = "") -> RenderJob:
        """Have a session's bundle rendered, or with its face the sound of an `upload`, which is then ours.

        Raises `Conflict` (it has no face, nothing of it was heard), `AtCapacity`, `Unavailable` (database).
        """
        if not avatar:
            raise Conflict("a session without a face has no bundle")
        if len(self._active) >= WAITING:
            raise AtCapacity("too many bundles wait to be rendered; try again later", retry_after=60)
        if not upload and not await asyncio.to_thread(_anything, self._journal(session)):
            raise Conflict("nothing of this session was heard, or its journal is not kept any more")
        job = RenderJob(new_id(), session, avatar, model, upload, time.time())
        await self._store.render_jobs.save(job)
        self._enqueue(job)
        return job

    async def find(self, session: str, job: str) -> tuple[RenderJob, float]:
        """A job of a session, and how much of it is done, 0 to 1. Raises `NotFound`."""
        if active := self._active.get(job):
            found, progress = active.job, active.progress
        else:
            found = await self._store.render_jobs.get(job)
            progress = float(found.state == "complete")
        if found.session_id != session:
            raise NotFound("job not found")
        return found, progress

    async def film(self, session: str, job: str) -> Path:
        """Where the bundle of a job is. Raises `NotFound`, `Conflict` if it is not complete."""
        found, _ = await self.find(session, job)
        if found.state != "complete":
            raise Conflict(found.error or "the bundle is not complete yet")
        if (path := self._films.find(job)) is None:
            raise NotFound("the bundle is not kept any more; have it rendered again")
        return path

    async def cancel(self, session: str, job: str) -> None:
        """Forget a job, with its process and its film. Raises `NotFound`."""
        if self._resuming is not None:
            await asyncio.wait([self._resuming])
        found, _ = await self.find(session, job)
        if active := self._active.get(job):
            active.cancelled = True
            if active.process is not None:
                with suppress(ProcessLookupError):
                    active.process.kill()
            if active.job.state == "running":
                await active.over.wait()
            self._active.pop(job, None)
        await self._store.render_jobs.delete(job)
        await asyncio.to_thread(self._discard, found)

    def _enqueue(self, job: RenderJob) -> None:
        active = self._active[job.id] = Active(job)
        self._queue.put_nowait(active)

    async def _resume(self) -> None:
        """Begin again what an earlier server did not finish."""
        try:
            for job in await self._store.render_jobs.open():
                if job.id not in self._active:
                    self._enqueue(replace(job, state="pending"))
        except VisavisError as error:
            log.error("render jobs can't be read: %s", error.message)

    async def _work(self) -> None:
        while True:
            active = await self._queue.get()
            if active.cancelled:
                continue
            try:
                await self._render(active)
            except VisavisError as error:
                log.error("a render job can't be kept: %s", error.message)
            finally:
                active.over.set()
            self._active.pop(active.job.id, None)

    async def _render(self, active: Active) -> None:
        active.job = replace(active.job, state="running")
        await self._store.render_jobs.save(active.job)
        await asyncio.to_thread(self._films.forget, active.job.id)
        try:
            error = await self._run(active)
        except OSError as failure:
            log.error("a render process can't be started: %s", failure.strerror)
            error = "the bundle can't be rendered here; the server's log says why"
        if active.cancelled:
            return
        state: RenderState = "failed" if error else "complete"
        ended = replace(active.job, state=state, error=error, ended_at=time.time())
        await self._store.render_jobs.save(ended)
        if ended.upload:
            await asyncio.to_thread(self._uploads.forget, ended.upload)
        active.job, active.progress = ended, active.progress if error else 1.0

    async def _run(self, active: Active) -> str:
        """Have a process render a job; returns why there is no film, or nothing."""
        task = await asyncio.to_thread(self._task, active.job)
        if task is None:
            return "the sound that was sent is not there any more"
        process = active.process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            env=MEMORY | os.environ,
        )
        try:
            if active.cancelled or process.stdin is None or process.stdout is None:
                return "cancelled"
            process.stdin.write(LENGTH.pack(len(task)) + task)
            error = await self._follow(active, process.stdout)
            status = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            if process.stdin is not None:
                process.stdin.close()
        if not error and (status or self._films.find(active.job.id) is None):
            log.error("a render process ended with status %d and no film", status)
            error = "rendering failed; the server's log says why"
        if error:
            await asyncio.to_thread(self._films.forget, active.job.id)
        return error

    async def _follow(self, active: Active, lines: asyncio.StreamReader) -> str:
        """Take a process's reports until it ends; returns its error."""
        error = ""
        while line := await lines.readline():
            report = _report(line)
            active.progress = max(active.progress, min(report.progress, 1.0))
            error = report.error or error
        return error

    def _task(self, job: RenderJob) -> bytes | None:
        """What the process is told; None if the sound is gone."""
        try:
            sound = str(self._uploads.path(job.upload)) if job.upload else ""
        except NotFound:
            return None
        film = self._films.place(job.id)
        film.parent.mkdir(parents=True, exist_ok=True)
        task = Task(
            plain(self._settings), job.avatar_id, job.model, str(film), str(self._journal(job.session_id)), sound
        )
        return msgspec.msgpack.encode(task)

    def _journal(self, session: str) -> Path:
        return self._settings.data_dir / "journal" / session

    def _discard(self, job: RenderJob) -> None:
        self._films.forget(job.id)
        if job.upload:
            self._uploads.forget(job.upload)

    async def _sweep(self) -> None:
        """Forget jobs and films that are over and old."""
        limit = time.time() - self._settings.render_hours * 3600
        for job in await self._store.render_jobs.ended_before(limit):
            await asyncio.to_thread(self._discard, job)
            await self._store.render_jobs.delete(job.id)
        await asyncio.to_thread(self._films.sweep, self._settings.render_hours)


class _Page(msgspec.Struct):
    """Of a turn's page in a journal (`visavis.session.journal`, which takes numpy to import)."""

    heard_samples: int


def _anything(journal: Path) -> bool:
    """Whether anything of a session was heard. Blocks."""
    for path in journal.glob("*.json"):
        with suppress(OSError, msgspec.DecodeError):
            if msgspec.json.decode(path.read_bytes(), type=_Page).heard_samples > 0:
                return True
    return False


def _report(line: bytes) -> Report:
    try:
        return msgspec.json.decode(line, type=Report)
    except msgspec.DecodeError:
        log.warning("a render process said something that is no report")
        return Report(0.0)

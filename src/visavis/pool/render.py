"""Renders an offline bundle: a process of its own, started as `python -m visavis.pool.render`.

It reads one `Task` from standard input and ends early when that is closed, so that none outlives the server. On
standard output it says how far it is (`Report`), at last with an error if there is no film.
"""

import asyncio
import logging
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import msgspec

from visavis import telemetry
from visavis.errors import NotFound, StageFailed, VisavisError
from visavis.line import LENGTH
from visavis.media.recordings import read_file
from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE, from_seconds
from visavis.pool.filming import TAIL, filming
from visavis.pool.render_wire import Report, Task
from visavis.pool.studio import Studio
from visavis.pool.verbs import NewSession
from visavis.session.events import Failed, TurnEnded
from visavis.session.journal import Entry, heard_sound, heard_turns
from visavis.session.session import Session
from visavis.settings import Settings
from visavis.tts import Mark, MarkKind, Speech

GAP = from_seconds(1.0)
"""The longest rest between two turns."""

NICE = 10
"""How much less important than live media it is, from 0 to 19: 19 would starve on a busy machine."""

REPORT_EVERY = 0.2
"""Seconds between two reports."""

LONGEST_SOUND = 600.0
"""Seconds of the longest sound that is rendered instead of a journal."""

PIECE = SAMPLE_RATE // 10
"""Samples of that sound that a turn takes at a time."""

log = logging.getLogger(__name__)


class Reel:
    """What is to be played: turns with the rests before them."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, AsyncIterator[Speech]]] = []
        self.length = TAIL
        """Media time of all of it."""

    def add(self, rest: int, samples: int, speech: AsyncIterator[Speech]) -> None:
        """Add a turn of `samples` after a `rest`, both in media time."""
        self.parts.append((rest, speech))
        self.length += rest + samples


def reel_of(task: Task) -> Reel:
    """What `task` has to be played. Blocks; raises `VisavisError`."""
    reel = Reel()
    if task.sound:
        pcm = read_file(Path(task.sound), LONGEST_SOUND, SAMPLE_RATE)
        reel.add(0, len(pcm), _plain(pcm))
        return reel
    directory = Path(task.journal)
    end: int | None = None
    for entry in heard_turns(directory):
        rest = 0 if end is None else min(max(entry.position - end, 0), GAP)
        reel.add(rest, entry.heard_samples, _spoken(directory, entry))
        end = entry.position + entry.heard_samples
    if not reel.parts:
        raise NotFound("the session's journal is not there any more")
    return reel


_KINDS: dict[str, MarkKind] = {"phoneme": "phoneme", "expression": "expression"}


async def _plain(pcm: Samples) -> AsyncIterator[Speech]:
    for start in range(0, len(pcm), PIECE):
        yield Speech(pcm[start : start + PIECE], SAMPLE_RATE)


async def _spoken(directory: Path, entry: Entry) -> AsyncIterator[Speech]:
    """A turn as far as it was heard, with its marks, so that the lips move as they did."""
    marks = deque(Mark(_KINDS.get(mark.kind, "word"), mark.start, mark.value) for mark in entry.marks)
    marked = any(mark.kind == "phoneme" for mark in marks)
    end = 0
    for pcm in heard_sound(directory, entry):
        end += len(pcm)
        due = []
        while marks and marks[0].start < end:
            due.append(marks.popleft())
        yield Speech(pcm, SAMPLE_RATE, tuple(due), marked)


async def render(task: Task) -> None:
    """Make the film. Raises `VisavisError`, `OSError`."""
    reel = await asyncio.to_thread(reel_of, task)
    request = NewSession(task.avatar, task.model)
    async with filming(Studio(Settings(**task.settings)), request, Path(task.film)) as session:
        reporting = asyncio.create_task(_report(session, reel.length), name="report")
        try:
            for rest, speech in reel.parts:
                if rest:
                    await session.playout.linger(rest)
                await _say(session, speech)
        finally:
            reporting.cancel()


async def _say(session: Session, speech: AsyncIterator[Speech]) -> None:
    """Play a turn to its end; raise what made it fail."""
    turn = session.recite(speech)
    failure: Failed | None = None
    async for record in session.events.read():
        match record.event:
            case Failed():
                failure = record.event
            case TurnEnded(turn=ended, reason=reason) if ended == turn:
                if reason == "completed":
                    return
                break
            case _:
                pass
    raise StageFailed(
        failure.stage if failure else "playout", failure.message if failure else "the turn broke off"
    )


async def _report(session: Session, length: int) -> None:
    while True:
        _tell(Report(min(session.playout.position / length, 1.0)))
        await asyncio.sleep(REPORT_EVERY)


def _tell(report: Report) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.buffer.flush()


async def main() -> int:
    """Render what standard input asks for; returns the exit status."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    task = msgspec.msgpack.decode(await reader.readexactly(size), type=Task)
    telemetry.configure(str(task.settings.get("log_level", "INFO")), "render")
    alone = asyncio.create_task(reader.read(), name="watch the server")
    work = asyncio.create_task(render(task), name="render")
    await asyncio.wait([alone, work], return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        return 1
    alone.cancel()
    try:
        work.result()
    except VisavisError as error:
        _tell(Report(0.0, error.message))
        return 1
    except OSError as error:
        log.error("a bundle can't be written: %s", error.strerror)
        _tell(Report(0.0, f"the bundle can't be written: {error.strerror}"))
        return 1
    return 0


if __name__ == "__main__":
    # The server ends its processes itself: a Ctrl-C in the terminal reaches them all at once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    sys.exit(asyncio.run(main()))

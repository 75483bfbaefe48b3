"""The recording of a session: stands between playout and transport, and gives a recorder all that passes."""

import asyncio
import logging
from collections.abc import Callable
from typing import TypeAlias

from visavis.errors import Conflict, Unavailable
from visavis.media.chunk import AVChunk
from visavis.session.events import AnyEvent, RecordingState, Warned
from visavis.transport import Recorder, Transport

log = logging.getLogger(__name__)

MakeRecorder: TypeAlias = Callable[[], Recorder]


class Recording:
    """Implements `Transport`. One recording at a time; a later one takes the place of an earlier one.

    `go` has the session's media flow, or raises `Conflict` if it is over; `tell` logs an event.
    """

    def __init__(
        self,
        transport: Transport,
        make: MakeRecorder | None,
        go: Callable[[], None],
        tell: Callable[[AnyEvent], None],
    ) -> None:
        self.state: RecordingState = "idle"
        self.error = ""
        """Why it failed, for people."""
        self.length = 0
        """Media time of the recording, so far or for good."""
        self._transport = transport
        self._make = make
        self._go = go
        self._tell = tell
        self._recorder: Recorder | None = None
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    async def start(self) -> None:
        """Record from now on. Raises `Conflict` (it is, it can't, it is over), `Unavailable` (disk)."""
        if self._recorder is not None:
            raise Conflict("the session is being recorded; call stop first")
        if self._make is None:
            raise Conflict("a session without a face can't be recorded")
        self._recorder = recorder = self._make()
        try:
            await recorder.open()
            self._go()
        except BaseException as error:  # cancelled, too: half a recording is none
            self._recorder = None
            await recorder.discard()
            if isinstance(error, OSError):
                raise Unavailable(f"the recording can't be written: {error.strerror}") from error
            raise
        self.state, self.error, self.length = "recording", "", 0
        self._running = asyncio.create_task(self._run(recorder), name="record")

    async def stop(self) -> None:
        """Complete the recording: when this returns it is there, or has failed. `Conflict` if there is none."""
        if self._closed:
            raise Conflict("session is terminated")
        if self.state == "idle":
            raise Conflict("the session is not being recorded")
        await self._complete()

    def play(self, chunk: AVChunk) -> None:
        """See `Transport`."""
        self._transport.play(chunk)
        if self._recorder is not None:
            self._recorder.take(chunk)
            self.length = self._recorder.length

    def flush(self) -> None:
        """See `Transport`. What was played stays recorded: it is at most a packet."""
        self._transport.flush()

    async def close(self) -> None:
        """The session is over: complete what there is."""
        self._closed = True
        await self._complete()

    async def _complete(self) -> None:
        if self._running is not None and self._recorder is not None:
            self._recorder.finish()
            await asyncio.shield(self._running)

    async def _run(self, recorder: Recorder) -> None:
        try:
            await recorder.run()
        except OSError as error:
            self.state, self.error = "failed", f"the recording failed and was deleted: {error.strerror}"
            log.error("a recording failed: %s", error.strerror)
            self._tell(Warned("recording_failed", self.error))
        else:
            self.state = "complete"
        finally:
            self._recorder = None

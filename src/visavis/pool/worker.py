"""A media worker: a process that carries sessions for an API process, over one socket.

Started as `python -m visavis.pool.worker FD`. It ends when the socket does, so none is ever left behind.
"""

import asyncio
import logging
import signal
import socket
import sys

import msgspec

from visavis import telemetry
from visavis.errors import VisavisError
from visavis.line import Line, Lost
from visavis.pool.contract import SessionHandle
from visavis.pool.inline import InlinePool
from visavis.pool.verbs import (
    Chat,
    Close,
    Customise,
    Hear,
    Inform,
    Interrupt,
    Listen,
    Offer,
    Pause,
    PushAudio,
    Recite,
    Resume,
    Say,
    Start,
    StartRecording,
    StopListening,
    StopRecording,
    Transcribe,
)
from visavis.pool.verbs import Command as SessionCommand
from visavis.pool.wire import (
    Create,
    Drain,
    Happened,
    Hello,
    Ping,
    Refusal,
    Reply,
    Request,
    ToWorker,
)
from visavis.session.events import Record
from visavis.settings import Settings

SLOW_API = 256 * 1024
"""Bytes of backlog beyond which events that need no replay are left out."""

DEAD_API = 32 * 1024 * 1024
"""Bytes of backlog at which the API process is taken for dead."""

log = logging.getLogger(__name__)
_decoder = msgspec.msgpack.Decoder(ToWorker)


class Worker:
    """Serves one API process."""

    def __init__(self, line: Line, settings: Settings) -> None:
        self._line = line
        self._pool = InlinePool(settings, observe=self._observe, retention=0)

    async def serve(self) -> None:
        """Carry out requests, those of one session in the order they came, until told to stop."""
        async with self._pool, asyncio.TaskGroup() as requests:
            while True:
                try:
                    message = _decoder.decode(await self._line.receive())
                except Lost:
                    return
                if isinstance(message, Hello):
                    continue
                if isinstance(message.command, Drain):
                    await self._pool.drain()
                    self._line.send(Reply(message.id))
                    return
                requests.create_task(self._answer(message))

    async def _answer(self, request: Request) -> None:
        try:
            result = await self._carry_out(request)
        except VisavisError as error:
            self._line.send(Reply(request.id, refusal=Refusal.of(error)))
        except Exception:  # noqa: BLE001  # supervision point: a defect costs one call, not every session here
            log.exception("%s failed", type(request.command).__name__)
            self._line.send(Reply(request.id, refusal=Refusal(VisavisError.code, "internal error")))
        else:
            self._line.send(Reply(request.id, msgspec.msgpack.encode(result)))

    async def _carry_out(self, request: Request) -> object:
        command = request.command
        if isinstance(command, Create):
            handle = await self._pool.create(command.request, request.session)
            return await handle.info()
        if isinstance(command, Ping | Drain):
            return None
        return await perform(self._pool.get(request.session), command)

    def _observe(self, session: str, record: Record) -> None:
        backlog = self._line.backlog
        if backlog > DEAD_API:
            raise SystemExit("the API process takes no more events")
        if backlog < SLOW_API or not record.event.transient():
            self._line.send(Happened(session, record))


async def perform(handle: SessionHandle, command: SessionCommand) -> object:
    """Carry out a session's command on its handle."""
    match command:
        case Start():
            await handle.start()
        case Say():
            return await handle.say(command)
        case Chat():
            return await handle.chat(command)
        case Recite():
            return await handle.recite(command)
        case PushAudio():
            return await handle.push_audio(command)
        case Transcribe():
            return await handle.transcribe(command)
        case Listen():
            await handle.listen(command)
        case Hear():
            await handle.hear(command)
        case StopListening():
            return await handle.stop_listening()
        case StartRecording():
            await handle.record()
        case StopRecording():
            return await handle.stop_recording()
        case Interrupt():
            return await handle.interrupt()
        case Pause():
            return await handle.pause()
        case Resume():
            return await handle.resume()
        case Offer():
            return await handle.offer(command)
        case Customise():
            await handle.customise(command)
        case Inform():
            return await handle.info()
        case Close():
            await handle.close()
    return None


async def main(fd: int) -> None:
    """Serve on an inherited socket."""
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=fd))
    line = Line(reader, writer)
    hello = _decoder.decode(await line.receive())
    if not isinstance(hello, Hello):
        raise SystemExit("the first message must be Hello")
    settings = Settings(**hello.settings)
    telemetry.configure(settings.log_level, "worker")
    await Worker(line, settings).serve()
    line.hang_up()


if __name__ == "__main__":
    # The API process ends its workers itself: a Ctrl-C in the terminal reaches them all at once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import uvloop

    uvloop.run(main(int(sys.argv[1])))

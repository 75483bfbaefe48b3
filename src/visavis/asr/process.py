"""A recogniser process: recognises one utterance after another for a media worker, over one socket.

Started as `python -m visavis.asr.process FD`. It ends when the socket does, so none is ever left behind.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from functools import partial

import msgspec

from visavis import registry, telemetry
from visavis.asr import Recognizer, RecognizerProvider
from visavis.asr.wire import Begin, Cancel, Done, End, Failed, Heard, Hello, Ready, Sound, Taken, ToProcess
from visavis.errors import VisavisError
from visavis.line import Line, Lost
from visavis.media.samples import Samples, from_bytes
from visavis.settings import Settings
from visavis.streams import closing

NICENESS = 5
"""Below the processes that carry media: words may be a little late, sound may not."""

_decoder = msgspec.msgpack.Decoder(ToProcess)


class Listener:
    """Serves one media worker."""

    def __init__(self, line: Line, hello: Hello) -> None:
        """Loads the model. Raises `VisavisError` if that is not possible."""
        self._line = line
        self._model = hello.model
        self._provider: RecognizerProvider = registry.provider("asr", hello.provider, Settings(**hello.settings))
        self._language = hello.language
        self._recognizer: Recognizer = self._provider.recognizer(hello.language, hello.model)
        self._sound: asyncio.Queue[bytes | None] = asyncio.Queue()
        """None at its end. Bounded by the worker, which waits for `Taken`."""
        self._task: asyncio.Task[None] | None = None

    async def serve(self) -> None:
        """Recognise until the worker hangs up."""
        async with asyncio.TaskGroup() as utterances:
            while True:
                try:
                    message = _decoder.decode(await self._line.receive())
                except Lost:
                    break
                match message:
                    case Begin():
                        self._sound = asyncio.Queue()
                        self._task = utterances.create_task(self._recognise(message, self._sound))
                        self._task.add_done_callback(partial(self._done, message.utterance))
                    case Sound():
                        self._sound.put_nowait(message.pcm)
                    case End():
                        self._sound.put_nowait(None)
                    case Cancel() if self._task is not None:
                        self._task.cancel()
            if self._task is not None:
                self._task.cancel()

    async def _recognise(self, begin: Begin, queue: asyncio.Queue[bytes | None]) -> None:
        try:
            recognizer = self._for(begin.language)
            pieces = self._pieces(begin.utterance, queue)
            async with closing(recognizer.transcribe(pieces, begin.language)) as transcripts:
                async for heard in transcripts:
                    self._line.send(Heard(begin.utterance, heard.text, heard.final, heard.start, heard.end))
        except VisavisError as error:
            self._line.send(Failed.of(begin.utterance, error))

    def _done(self, utterance: int, task: "asyncio.Task[None]") -> None:
        # A defect ends the process instead, and is then known to the worker.
        if task.cancelled() or task.exception() is None:
            self._line.send(Done(utterance))

    async def _pieces(self, utterance: int, queue: asyncio.Queue[bytes | None]) -> AsyncIterator[Samples]:
        while (data := await queue.get()) is not None:
            pcm = from_bytes(data)
            yield pcm
            self._line.send(Taken(utterance, len(pcm)))
            # A recogniser may block; between two pieces a Cancel is read.
            await asyncio.sleep(0)

    def _for(self, language: str) -> Recognizer:
        """The recogniser for a language; only the last one is kept in memory."""
        if language != self._language:
            self._recognizer = self._provider.recognizer(language, self._model)
            self._language = language
        return self._recognizer


async def main(fd: int) -> None:
    """Serve on an inherited socket."""
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=fd))
    line = Line(reader, writer)
    hello = _decoder.decode(await line.receive())
    if not isinstance(hello, Hello):
        raise SystemExit("the first message must be Hello")
    telemetry.configure(Settings(**hello.settings).log_level, "recogniser")
    os.nice(NICENESS)
    try:
        listener = Listener(line, hello)
    except VisavisError as error:
        line.send(Failed.of(0, error))
    else:
        line.send(Ready())
        await listener.serve()
    try:
        await line.flush()
    except Lost:
        return
    line.hang_up()


if __name__ == "__main__":
    # The media worker ends its recognisers itself: a Ctrl-C in the terminal reaches them all at once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(main(int(sys.argv[1])))

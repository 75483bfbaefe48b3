"""Byte streams: sound that is sent to us to be said (contract protoface 2.2)."""

import asyncio
import logging
from dataclasses import dataclass

import numpy as np

from visavis.media.samples import EMPTY, Samples
from visavis.transport import Intake, Visitor
from visavis.transport.livekit.library import rtc
from visavis.transport.livekit.speaker import Speaker

TOPIC = "lk.audio_stream"

ENDLESS = "audio/pcm"
"""The type of streams of browsers: one for the whole session, silence included."""

OVER_AFTER = 10.0
"""Seconds without data after which a stream is over: its end was lost."""

REPLACED = 0.05
"""Seconds that what is left of a stream is waited for once its sender has begun another."""

PAUSE = 0.25
"""Seconds without data after which a stream whose sound was cleared is heard again."""

MOST = 4
"""Streams of the speaker that are read at a time: the current one, and those that were replaced."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Form:
    """How a stream's bytes are to be read."""

    sample_rate: int
    """Hz."""
    channels: int
    continuous: bool
    """With the silence between, and without an end."""

    @classmethod
    def of(cls, info: rtc.ByteStreamInfo) -> "Form | None":
        """What a stream says of itself; None if that is nothing to go by."""
        told = info.attributes or {}
        rate, channels = told.get("sample_rate", ""), told.get("num_channels", "1")
        if not all(number.isascii() and number.isdigit() and len(number) <= 6 for number in (rate, channels)):
            return None
        if not (4000 <= int(rate) <= 192_000 and 1 <= int(channels) <= 8):
            return None
        return cls(int(rate), int(channels), info.mime_type == ENDLESS)


class Mixer:
    """Makes mono samples of s16le bytes that come in pieces of any length."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._left = b""

    def push(self, data: bytes) -> Samples:
        """The samples that are complete now."""
        data = self._left + data
        whole = len(data) - len(data) % (2 * self._channels)
        self._left = data[whole:]
        if not whole:
            return EMPTY
        pcm = np.frombuffer(data, dtype="<i2", count=whole // 2)
        if self._channels == 1:
            return pcm.astype(np.int16)
        mixed: Samples = np.rint(pcm.reshape(-1, self._channels).mean(axis=1)).astype(np.int16)
        return mixed


class Stream:
    """One stream on its way in."""

    def __init__(self, reader: rtc.ByteStreamReader, form: Form, visitor: Visitor, intake: Intake) -> None:
        self._reader = reader
        self._form = form
        self._visitor = visitor
        self._intake = intake
        self._patience = OVER_AFTER
        self._limit: asyncio.Timeout | None = None
        """While it waits for data."""
        self._deaf = False
        self._data_at = 0.0

    def clear(self) -> None:
        """What came in was not wanted. Of an utterance that goes for the rest of it."""
        self._deaf = not self._form.continuous

    def replace(self) -> None:
        """Its sender has begun another: there is no more than what has come in already."""
        self._patience = REPLACED
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time() + REPLACED)

    async def read(self, after: asyncio.Task[None] | None) -> None:
        """Take it in, after the stream before it, until its end."""
        if after is not None:
            await asyncio.wait([after])
        mixer = Mixer(self._form.channels)
        try:
            while True:
                async with asyncio.timeout(self._patience) as self._limit:
                    data = await anext(self._reader)
                self._limit = None
                self._visitor.received()
                pcm = mixer.push(data)
                if self._hears():
                    self._intake.push(pcm)
        except (StopAsyncIteration, TimeoutError, rtc.StreamError):
            # However it ended: nothing comes any more.
            return
        finally:
            self._limit = None
            self._reader.close()
            self._intake.end()

    def _hears(self) -> bool:
        before, self._data_at = self._data_at, asyncio.get_running_loop().time()
        self._deaf = self._deaf and self._data_at - before <= PAUSE
        return not self._deaf


class Streams:
    """The streams of the speaker; other people's are not read."""

    def __init__(self, speaker: Speaker, visitor: Visitor) -> None:
        self._speaker = speaker
        self._visitor = visitor
        self._streams: dict[asyncio.Task[None], Stream] = {}
        """Oldest first."""

    def opened(self, reader: rtc.ByteStreamReader, sender: str) -> None:
        """Somebody has begun a stream."""
        form = Form.of(reader.info)
        if form is None or len(self._streams) >= MOST or not self._speaker.admits(sender):
            log.info("a stream was not taken: %s", "its form" if form is None else "its sender, or too many")
            reader.close()
            return
        for earlier in self._streams.values():
            earlier.replace()
        intake = self._visitor.open(sender, form.sample_rate, continuous=form.continuous)
        stream = Stream(reader, form, self._visitor, intake)
        before = next(reversed(self._streams), None)
        task = asyncio.create_task(stream.read(before), name="read a stream")
        self._streams[task] = stream
        task.add_done_callback(self._done)

    def clear(self) -> None:
        """What came in was not wanted."""
        for stream in self._streams.values():
            stream.clear()

    async def close(self) -> None:
        """Read no more."""
        tasks = list(self._streams)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._streams[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("reading a stream failed by a defect", exc_info=error)

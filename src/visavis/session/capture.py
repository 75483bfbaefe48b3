"""A capture: hears one question out, recognises it beside the hearing, and says what it was.

The algorithm is the kiosk contract's (1.5), with its weak points mended: a chunk is cut at a quiet moment, the
recogniser works while the sound comes, and the last chunk's transcript is asked for half a second into the
silence, so that it is there when the silence has lasted long enough; if speech resumes it is dropped.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

import numpy as np

from visavis.asr import Recognizer
from visavis.errors import StageFailed, VisavisError
from visavis.media.samples import EMPTY, Samples
from visavis.session.events import CaptureEnd
from visavis.session.gate import FRAME, Gate
from visavis.session.plan import Plan
from visavis.session.reaper import Reaper
from visavis.streams import closing

FRAME_SECONDS = 0.1

PRE_ROLL = 3
"""Frames before the first speech that belong to it: 0.3 s (contract kiosk 1.5)."""

EARLY = 5
"""Frames of silence after which the transcript is asked for."""

LATE = 0.75
"""How much of its length a chunk has to have before it may be cut at a quiet moment."""

QUIET = 0.5
"""How loud that moment may be, compared with the chunk's usual frame: between words, not within one."""


class Asker(Protocol):
    """Who wants to know what the question is."""

    def capturing(self, seconds: float, speech: bool) -> None:
        """So much was taken so far."""

    def captured(self, reason: CaptureEnd, seconds: float, speech: bool) -> None:
        """There is no more sound."""

    def heard(self, text: str, final: bool) -> None:
        """What was said: the part being spoken so far, or a part for good."""

    def deaf(self, error: StageFailed) -> None:
        """A part was lost because the recogniser failed, or the rest because the microphone did."""

    def understood(self, text: str, answer: bool) -> None:
        """All of it; empty if there was nothing to understand, or if it was interrupted."""


class Capture:
    """One question. `hear`, `stop` and `fail` are synchronous; what they lead to is told to the asker."""

    def __init__(
        self, plan: Plan, gate: Gate, recognizer: Recognizer, language: str, asker: Asker, reaper: Reaper
    ) -> None:
        self._plan = plan
        self._gate = gate
        self._recognizer = recognizer
        self._language = language
        self._asker = asker
        self._reaper = reaper
        self._left = EMPTY
        self._before: deque[Samples] = deque(maxlen=PRE_ROLL)
        self._chunk: list[Samples] = []
        self._levels: list[float] = []
        """How loud each of its frames is."""
        self._voiced = False
        """Whether there is speech in the chunk."""
        self._part: _Part | None = None
        """The chunk, being recognised."""
        self._settled: _Part | None = None
        """The one before, for good. They are recognised one after the other: recognisers are few."""
        self._frames = 0
        """Taken so far."""
        self._quiet = 0
        """Frames of silence since the last speech."""
        self._speech = False
        self._parts: asyncio.Queue[_Part | None] = asyncio.Queue()
        self.over = asyncio.Event()
        """Set when no more sound is wanted."""
        self.done = False
        """Whether everything was told."""
        self._patience: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._understand(), name="understand a question")
        self._be_patient()

    @property
    def hearing(self) -> bool:
        """Whether there is more sound to come."""
        return not self.over.is_set()

    def hear(self, pcm: Samples) -> None:
        """Take sound: int16 mono at 16 kHz, any length."""
        pcm = np.concatenate([self._left, pcm]) if len(self._left) else pcm
        whole = len(pcm) // FRAME * FRAME
        for start in range(0, whole, FRAME):
            if self.over.is_set():
                return
            self._frame(pcm[start : start + FRAME])
        self._left = pcm[whole:]

    def finish(self) -> None:
        """The source has no more; what is left is heard, too."""
        if self.hearing and len(self._left):
            self._frame(np.concatenate([self._left, np.zeros(FRAME - len(self._left), np.int16)]))
        self._end("source_ended")

    def stop(self) -> bool:
        """That was all; False if it was already."""
        return self._end("stopped")

    def fail(self, error: VisavisError) -> None:
        """The source is lost: what was heard is all."""
        if self.hearing:
            self._asker.deaf(StageFailed("microphone", error.message))
            self._end("failed")

    def interrupt(self, *, tell: bool = True) -> bool:
        """Forget it; False if everything was told already. Without `tell` nobody hears that it came to nothing."""
        if self.done:
            return False
        self._end("stopped")
        self.done = True
        self._reaper.take(self._task)
        while not self._parts.empty():
            if (part := self._parts.get_nowait()) is not None:
                part.drop()
        if tell:
            self._asker.understood("", False)
        return True

    def _frame(self, frame: Samples) -> None:
        speech = self._gate.speech(frame)
        if not self._speech and not speech:
            self._before.append(frame)
            return
        if not self._speech:
            self._speech = True
            for earlier in self._before:
                self._take(earlier)
        if speech:
            self._voiced = True
            self._quiet = 0
            self._be_patient()
        else:
            self._quiet += 1
        self._take(frame)
        self._recognise(speech)
        self._asker.capturing(self._seconds, True)
        if self._quiet * FRAME_SECONDS >= self._plan.silence - 1e-6:
            self._end("silence")
        elif self._seconds >= self._plan.longest - 1e-6:
            self._end("longest")
        elif self._may_cut():
            self._cut()

    def _take(self, frame: Samples) -> None:
        self._frames += 1
        self._chunk.append(frame)
        self._levels.append(float(np.mean(np.abs(frame.astype(np.int32)))))
        if self._part is not None:
            self._part.push(frame)

    def _recognise(self, speech: bool) -> None:
        """Keep a recogniser at the chunk, from its first speech to half a second into the silence."""
        if speech and self._part is not None and self._part.ended:
            self._part.drop()
            self._part = None
        if self._part is None and self._voiced:
            self._part = self._begin(self._chunk)
        if self._part is not None and self._quiet == EARLY:
            self._part.end()

    def _begin(self, frames: list[Samples]) -> "_Part":
        return _Part(self._recognizer, self._language, frames, self._settled, self._asker, self._reaper)

    def _may_cut(self) -> bool:
        """Whether a chunk ends here: at a quiet moment of its last quarter, or because it is long enough."""
        length = len(self._chunk) * FRAME_SECONDS + 1e-6
        if length >= self._plan.chunk:
            return True
        return length >= LATE * self._plan.chunk and self._levels[-1] <= QUIET * float(np.median(self._levels))

    def _cut(self) -> None:
        """Recognise the chunk for good, and begin another."""
        self._settle()
        self._chunk, self._levels, self._part, self._voiced = [], [], None, False

    def _settle(self) -> None:
        if self._part is not None:
            self._part.end()
            self._parts.put_nowait(self._part)
            self._settled = self._part

    def _end(self, reason: CaptureEnd) -> bool:
        if self.over.is_set():
            return False
        self.over.set()
        if self._patience is not None:
            self._patience.cancel()
        self._asker.captured(reason, self._seconds, self._speech)
        self._settle()
        self._parts.put_nowait(None)
        return True

    async def _understand(self) -> None:
        texts = []
        while (part := await self._parts.get()) is not None:
            try:
                text = await part.text()
            except StageFailed as error:
                self._asker.deaf(error)
                continue
            finally:
                part.drop()
            if text:
                texts.append(text)
                self._asker.heard(text, True)
        # The answer begins with an interruption of all that is going on: not of this any more.
        self.done = True
        self._asker.understood(" ".join(texts), self._plan.answer)

    @property
    def _seconds(self) -> float:
        return round(self._frames * FRAME_SECONDS, 3)

    def _be_patient(self) -> None:
        """Nobody need ever speak, or close a source that was left behind: then it ends by the clock."""
        if self._patience is not None:
            self._patience.cancel()
        if self._plan.patience and self._plan.source != "recording":
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(self._plan.patience, self._end, "silence")


class _Part:
    """A chunk being recognised while it grows."""

    def __init__(
        self,
        recognizer: Recognizer,
        language: str,
        frames: list[Samples],
        before: "_Part | None",
        asker: Asker,
        reaper: Reaper,
    ) -> None:
        self.ended = False
        self._asker = asker
        self._reaper = reaper
        self._sound: asyncio.Queue[Samples | None] = asyncio.Queue()
        for frame in frames:
            self._sound.put_nowait(frame)
        work = self._recognise(recognizer, language, before)
        self._task = asyncio.create_task(work, name="recognise a part")
        self._task.add_done_callback(_seen)

    def push(self, frame: Samples) -> None:
        """The chunk goes on."""
        if not self.ended:
            self._sound.put_nowait(frame)

    def end(self) -> None:
        """What comes now is silence: ask for the transcript."""
        if not self.ended:
            self.ended = True
            self._sound.put_nowait(None)

    async def text(self) -> str:
        """What was said in it. Raises `StageFailed`."""
        await asyncio.wait([self._task])
        return self._task.result()

    def drop(self) -> None:
        """It is not wanted, or not any more."""
        if not self._task.done():
            self._reaper.take(self._task)

    async def _recognise(self, recognizer: Recognizer, language: str, before: "_Part | None") -> str:
        if before is not None:
            await asyncio.wait([before._task])
        text = ""
        async with closing(recognizer.transcribe(self._pieces(), language)) as transcripts:
            async for transcript in transcripts:
                text = transcript.text.strip()
                if text and not transcript.final:
                    self._asker.heard(text, False)
        return text

    async def _pieces(self) -> AsyncIterator[Samples]:
        while (frame := await self._sound.get()) is not None:
            yield frame


def _seen(task: "asyncio.Task[str]") -> None:
    """A part that was dropped may have failed before: nobody wants to know."""
    if not task.cancelled():
        task.exception()

"""The ear: microphone → voice activity → recogniser → what the user said, and who has the floor."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Protocol

import numpy as np

from visavis.asr import Recognizer, Transcript
from visavis.errors import StageFailed
from visavis.media.samples import EMPTY, Samples
from visavis.session.reaper import Reaper
from visavis.session.turn_taking import WINDOW_MS, Act, Action, TurnTaking
from visavis.streams import closing
from visavis.vad import SpeechDetector

WINDOW = WINDOW_MS * 16
"""Samples at 16 kHz that are judged at a time."""

PRE_ROLL = 10
"""Windows before the onset that the recogniser gets: 320 ms, so that no first consonant is lost."""

BACKLOG = 4000
"""Windows a recogniser may be behind: two minutes, twice the longest utterance."""


PIECE = 4096
"""Samples of a recording that are handed to the recogniser at a time."""


class Floor(Protocol):
    """What the ear does to the conversation."""

    @property
    def speaking(self) -> bool:
        """Whether the avatar has the floor: a turn is in flight."""

    def listening(self) -> None:
        """Somebody seems to speak."""

    def wondering(self) -> None:
        """Somebody has spoken; what it was is still being recognised."""

    def nothing(self) -> None:
        """An utterance is over; perhaps it came to nothing."""

    def hold(self) -> None:
        """Hold the avatar at the present sample."""

    def release(self) -> None:
        """Let it go on."""

    def yield_floor(self) -> None:
        """The user has the floor: the turn is interrupted."""

    def heard(self, text: str, final: bool) -> None:
        """What the user said, so far or for good."""

    def answer(self, text: str) -> None:
        """Answer."""

    def prepare(self, text: str) -> None:
        """Begin to work on an answer, which may never be given."""

    def commit(self, text: str) -> None:
        """Give the answer that was prepared."""

    def discard(self) -> None:
        """Forget the answer that was prepared."""

    def deaf(self, error: StageFailed) -> None:
        """An utterance was lost because the recogniser failed."""


class Ear:
    """Listens to one session's user. `hear` is synchronous: voice activity costs 0.2 ms a window."""

    def __init__(
        self,
        detector: SpeechDetector,
        recognizer: Recognizer,
        taking: TurnTaking,
        floor: Floor,
        language: str,
        reaper: Reaper,
    ) -> None:
        self._detector = detector
        self._recognizer = recognizer
        self._taking = taking
        self._floor = floor
        self._language = language
        self._reaper = reaper
        self._left = EMPTY
        self._recent: deque[Samples] = deque(maxlen=PRE_ROLL)
        self._sound: asyncio.Queue[Samples | None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._by_hand = False

    def hear(self, pcm: Samples) -> None:
        """Take what the microphone gives: int16 mono at 16 kHz, any length."""
        pcm = np.concatenate([self._left, pcm]) if len(self._left) else pcm
        whole = len(pcm) // WINDOW * WINDOW
        for start in range(0, whole, WINDOW):
            self._window(pcm[start : start + WINDOW])
        self._left = pcm[whole:]

    def press(self) -> None:
        """Push-to-talk: from now on everything is said to the avatar, until `release`; nothing from before is."""
        self._by_hand = True
        self._left = EMPTY
        self._recent.clear()
        self._perform(self._taking.press(avatar_speaks=self._floor.speaking))

    def release(self) -> None:
        """Push-to-talk: that was all."""
        if self._sound is not None and len(self._left) and not self._sound.full():
            self._sound.put_nowait(self._left)
        self._by_hand = False
        self._left = EMPTY
        self._recent.clear()
        self._perform(self._taking.release())

    async def transcribe(self, pcm: Samples) -> str:
        """What is said in a recording, int16 mono at 16 kHz. Raises `StageFailed`."""

        async def pieces() -> AsyncIterator[Samples]:
            for start in range(0, len(pcm), PIECE):
                yield pcm[start : start + PIECE]

        text = ""
        async with closing(self._recognizer.transcribe(pieces(), self._language)) as transcripts:
            async for transcript in transcripts:
                if transcript.final:
                    text = transcript.text.strip()
        return text

    def close(self) -> None:
        """Stop listening; what is being recognised is let go."""
        for task in list(self._tasks):
            self._reaper.take(task)

    def _window(self, pcm: Samples) -> None:
        if not self._by_hand:
            probability = self._detector.probability(pcm)
            self._perform(self._taking.window(probability, avatar_speaks=self._floor.speaking))
        if self._sound is not None:
            if self._sound.full():
                self.release()
            else:
                self._sound.put_nowait(pcm)
        self._recent.append(pcm)

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action.act:
                case Act.BEGIN:
                    self._begin()
                case Act.END:
                    self._finish()
                case Act.HOLD:
                    self._floor.hold()
                case Act.RELEASE:
                    self._floor.release()
                case Act.CONFIRM:
                    self._floor.yield_floor()
                case Act.PREPARE:
                    self._floor.prepare(action.text)
                case Act.DISCARD:
                    self._floor.discard()
                case Act.COMMIT:
                    self._floor.commit(action.text)
                case Act.TAKE:
                    self._floor.answer(action.text)

    def _begin(self) -> None:
        self._sound = asyncio.Queue(BACKLOG)
        for pcm in self._recent:
            self._sound.put_nowait(pcm)
        self._floor.listening()
        task = asyncio.create_task(self._recognize(self._sound), name="recognise")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _finish(self) -> None:
        if self._sound is not None:
            self._sound.put_nowait(None)
            self._sound = None
            self._floor.wondering()

    async def _recognize(self, sound: asyncio.Queue[Samples | None]) -> None:
        final = ""
        try:
            async with closing(self._recognizer.transcribe(_pieces(sound), self._language)) as transcripts:
                async for transcript in transcripts:
                    final = self._understand(transcript) or final
        except StageFailed as error:
            self._floor.deaf(error)
        self._perform(self._taking.final(final))
        self._floor.nothing()

    def _understand(self, transcript: Transcript) -> str:
        text = transcript.text.strip()
        if text:
            self._floor.heard(text, transcript.final)
        if not transcript.final:
            self._perform(self._taking.partial(text))
        return text if transcript.final else ""


async def _pieces(sound: asyncio.Queue[Samples | None]) -> AsyncIterator[Samples]:
    while (pcm := await sound.get()) is not None:
        yield pcm

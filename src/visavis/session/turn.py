"""One turn: text → sentences → voice → face → playout, as one scope that fails or is cancelled as a whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeAlias

from visavis.face import Face
from visavis.media.pictures import Picture
from visavis.media.samples import Resampler, Samples
from visavis.media.timeline import SAMPLE_RATE, from_seconds, to_ms
from visavis.session.casting import Cast
from visavis.session.events import (
    AnswerDelta,
    AnyEvent,
    Caption,
    EndReason,
    FramesShown,
    SynthesisProgress,
    SynthesisStep,
    TurnKind,
    Warned,
)
from visavis.session.journal import Entry, TurnJournal, Word
from visavis.session.script import Line, Script
from visavis.session.utterance import Utterance
from visavis.speech_text.blocks import Blocks
from visavis.speech_text.normal import prepare, prepared
from visavis.speech_text.plain import SILENT, spoken
from visavis.speech_text.rewriting import Spoken
from visavis.speech_text.sentences import SentenceSplitter
from visavis.speech_text.thinking import ThinkingFilter
from visavis.streams import closing
from visavis.tts import Mark, Speech, Voice

SENTENCES_AHEAD = 64
"""Sentences a model may be ahead of the voice."""

PIECES_AHEAD = 128
"""Pieces of speech the face may be behind the voice: several seconds, more than the sound's own lead."""

FRAME_EVENTS = from_seconds(0.2)
"""Turn time between two `FramesShown`."""

Deltas: TypeAlias = Callable[[asyncio.Event], AsyncIterator[str]]
"""Gives a turn's text; the event is set when the turn is launched."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a turn works with."""

    face: Face | None
    after: Picture | None
    """The picture being shown as the turn begins."""
    cast: Cast
    utterance: Utterance
    journal: TurnJournal
    emit: Callable[[AnyEvent], None]
    """Logs an event, as long as the turn is the session's current one."""
    position: Callable[[], int]
    """Media time of the session's playout."""


class Turn:
    """A turn in flight: from its acceptance until its last sample was played."""

    def __init__(self, turn_id: str, kind: TurnKind, asked: str, stage: Stage) -> None:
        self.id = turn_id
        self.kind = kind
        self.asked = asked
        self.script = Script()
        self.frames = 0
        """Pictures sent."""
        self.media_start = 0
        """Media time of the session at which its sound began."""
        self.task: asyncio.Task[None] | None = None
        """Where `run` runs."""
        self.committed = asyncio.Event()
        """Set when it is launched: from then on it may leave traces."""
        self.early: list[AnyEvent] = []
        """Events from before the turn was launched."""
        self._stage = stage
        self._blocks = Blocks()
        self._speech: asyncio.Queue[Speech | None] = asyncio.Queue(PIECES_AHEAD)
        self._face_fed = stage.face is not None
        self._next_frame_event = 0
        stage.utterance.on_picture = self._picture_sent

    @property
    def heard(self) -> int:
        """Samples of the turn that were played."""
        return self._stage.utterance.heard

    @property
    def question(self) -> str:
        """What the user asked; empty if the text was given."""
        return self.asked if self.kind == "chat" else ""

    @property
    def text(self) -> str:
        """All that is to be said, as far as it is known."""
        return self.script.text if self.kind == "chat" else self.asked

    @property
    def utterance(self) -> Utterance:
        """Its media."""
        return self._stage.utterance

    @property
    def journal(self) -> TurnJournal:
        """Where it is written down."""
        return self._stage.journal

    @property
    def warning(self) -> str:
        """What about its voice is not as it was asked for."""
        return self._stage.cast.warning

    def write_down(self, reason: EndReason, heard: str) -> None:
        """Finish its page in the journal."""
        utterance, journal = self._stage.utterance, self._stage.journal
        journal.end(
            Entry(
                self.id,
                self.kind,
                self.question,
                self.text,
                heard,
                utterance.length,
                utterance.heard,
                reason,
                journal.started_at,
                self.media_start,
                journal.marks,
            )
        )

    async def run(self, deltas: AsyncIterator[str]) -> None:
        """Say what comes out of `deltas`; returns when the last sample was played.

        Raises the `StageFailed` of the stage that failed first.
        """
        sentences: asyncio.Queue[str | None] = asyncio.Queue(SENTENCES_AHEAD)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._split(deltas, sentences), name="split")
                group.create_task(self._speak(sentences), name="speak")
                if self._stage.face is not None:
                    group.create_task(self._animate(self._stage.face), name="animate")
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        await self._stage.utterance.played()

    async def _split(self, deltas: AsyncIterator[str], sentences: asyncio.Queue[str | None]) -> None:
        thinking, splitter = ThinkingFilter(), SentenceSplitter()

        async def take(text: str) -> None:
            if text and self.kind == "chat":
                self._stage.emit(AnswerDelta(self.id, text))
            for sentence in splitter.push(text):
                await sentences.put(sentence)

        async for delta in deltas:
            await take(thinking.push(delta))
        await take(thinking.finish())
        for sentence in splitter.finish():
            await sentences.put(sentence)
        await sentences.put(None)

    async def _speak(self, sentences: asyncio.Queue[str | None]) -> None:
        index = 0
        while (sentence := await sentences.get()) is not None:
            await self._say(index, sentence)
            index += 1
        self._stage.utterance.finish()
        if self._face_fed:
            await self._speech.put(None)

    async def _say(self, index: int, sentence: str) -> None:
        stage = self._stage
        line = Line(sentence, stage.utterance.length)
        self.script.lines.append(line)
        stage.utterance.cue(line.start, lambda: self._caption(index, sentence))
        voice = stage.cast.voice(sentence)
        plain = await self._plain(sentence, voice.info.language)
        if plain.text:
            await self._voice(index, line, plain, voice)
        line.end = stage.utterance.length

    async def _plain(self, sentence: str, language: str) -> Spoken:
        if not self._blocks.aloud(sentence):
            return SILENT
        if not prepared(language):
            await asyncio.to_thread(prepare, language)
        return spoken(sentence, language)

    async def _voice(self, index: int, line: Line, plain: Spoken, voice: Voice) -> None:
        began = time.perf_counter()

        def progress(step: SynthesisStep) -> None:
            elapsed = (time.perf_counter() - began) * 1000
            self._stage.emit(SynthesisProgress(self.id, step, index, round(elapsed, 3)))

        progress("start")
        resampler: Resampler | None = None
        marked = False
        async with closing(voice.speak(plain.text)) as pieces:
            async for piece in pieces:
                if resampler is None:
                    resampler = Resampler(piece.sample_rate)
                    progress("first_audio")
                marked = piece.marked
                marks = tuple(_shifted(mark, line.start, piece.sample_rate) for mark in piece.marks)
                for mark in marks:
                    self._stage.journal.marks.append(Word(mark.kind, mark.value, mark.start))
                    if mark.kind == "word" and mark.offset >= 0:
                        line.words.append((mark.start, plain.original(mark.offset)))
                await self._pass_on(resampler.push(piece.pcm), marks, marked)
        if resampler is not None:
            await self._pass_on(resampler.flush(), (), marked)
        progress("complete")

    async def _pass_on(self, pcm: Samples, marks: tuple[Mark, ...], marked: bool) -> None:
        if not len(pcm) and not marks:
            return
        utterance = self._stage.utterance
        await utterance.sound(pcm)
        if utterance.dropped:
            return
        await self._feed_face(Speech(pcm, SAMPLE_RATE, marks, marked))
        self._stage.journal.sound(pcm)

    async def _feed_face(self, speech: Speech) -> None:
        utterance = self._stage.utterance
        if not self._face_fed:
            return
        if utterance.real_time and self._speech.full():
            self._face_fed = False
            utterance.abandon_face()
            self._stage.emit(Warned("face_late", "the face model is too slow here; the turn goes on without it"))
            return
        await self._speech.put(speech)
        # A queue with room does not yield: without this the face would begin when the voice has finished.
        await asyncio.sleep(0)

    async def _animate(self, face: Face) -> None:
        async with closing(face.animate(self._pieces(), self._stage.after)) as chunks:
            async for chunk in chunks:
                await self._stage.utterance.show(chunk)

    async def _pieces(self) -> AsyncIterator[Speech]:
        while self._face_fed and (piece := await self._speech.get()) is not None:
            yield piece

    def _caption(self, index: int, sentence: str) -> None:
        self._stage.emit(Caption(self.id, index, sentence, self._stage.position()))

    def _picture_sent(self, start: int) -> None:
        self.frames += 1
        if start >= self._next_frame_event:
            self._next_frame_event = start + FRAME_EVENTS
            self._stage.emit(FramesShown(self.id, self.frames - 1, to_ms(start)))


def _shifted(mark: Mark, base: int, rate: int) -> Mark:
    return Mark(mark.kind, base + mark.start * SAMPLE_RATE // rate, mark.value, mark.offset)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that came first: a task group lists them in the order its tasks failed."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

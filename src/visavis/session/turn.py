"""One turn: text → sentences → voice → face → playout, as one scope that fails or is cancelled as a whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import TypeAlias

from visavis.errors import StageFailed
from visavis.knowledge import Passage
from visavis.media.samples import Resampler
from visavis.media.timeline import SAMPLE_RATE, from_seconds, to_ms
from visavis.session.casting import Cast
from visavis.session.clips import Clip
from visavis.session.events import (
    AnswerDelta,
    AnyEvent,
    Caption,
    ClipWritten,
    EndReason,
    Failed,
    FramesShown,
    PassageFound,
    PassagesFound,
    SentenceFailed,
    SynthesisProgress,
    SynthesisStep,
    TurnKind,
)
from visavis.session.expressing import Expressing, Places
from visavis.session.journal import Entry, TurnJournal, Word
from visavis.session.manuscript import Manuscript
from visavis.session.marking import Marking
from visavis.session.performance import Performance
from visavis.session.script import Line, Script
from visavis.session.stage import Stage
from visavis.session.utterance import Utterance
from visavis.speech_text.blocks import Blocks
from visavis.speech_text.expressions import without_expressions
from visavis.speech_text.normal import prepare, prepared
from visavis.speech_text.plain import SILENT, spoken
from visavis.speech_text.rewriting import Spoken
from visavis.streams import closing
from visavis.tts import Mark, Speech, Voice

FRAME_EVENTS = from_seconds(0.2)
"""Turn time between two `FramesShown`."""


class Turn:
    """A turn in flight: from its acceptance until its last sample was played."""

    def __init__(self, turn_id: str, kind: TurnKind, asked: str, stage: Stage, expression: str = "") -> None:
        """`expression`: what it begins with; empty for none."""
        self.id = turn_id
        self.kind = kind
        self.asked = without_expressions(asked) if kind == "say" else asked
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
        self._expression = expression
        self._performance = Performance(stage)
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

    def found(self, passages: Sequence[Passage]) -> None:
        """Tell what its answer rests on."""
        if passages:
            shown = tuple(PassageFound(passage.source, passage.text, passage.score) for passage in passages)
            self._stage.emit(PassagesFound(self.id, shown))

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

    async def speak(self, deltas: AsyncIterator[str], cast: Cast) -> None:
        """Say what comes out of `deltas` in the voices of `cast`; returns when the last sample was played.

        Raises the `StageFailed` of the stage that failed first.
        """
        manuscript = Manuscript(self._expression, self._wrote, self._broke_off if self._stage.forgiving else None)
        async with closing(deltas):
            await self._perform(manuscript.write(deltas), self._speak(manuscript, cast))

    async def recite(self, speech: AsyncIterator[Speech]) -> None:
        """Play `speech`, which is at 48 kHz, as if a voice said it. As `speak` otherwise."""
        async with closing(speech):
            await self._perform(self._relay(speech))

    async def _perform(self, *work: Coroutine[None, None, None]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for part in work:
                    group.create_task(part)
                if self._stage.face is not None:
                    group.create_task(self._performance.animate(self._stage.face), name="animate")
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        await self._stage.utterance.played()

    async def _relay(self, speech: AsyncIterator[Speech]) -> None:
        async for piece in speech:
            self._stage.journal.marks += [Word(mark.kind, mark.value, mark.start) for mark in piece.marks]
            await self._performance.take(piece.pcm, piece.marks, piece.marked)
        await self._performance.finish()

    def _wrote(self, text: str) -> None:
        if self.kind == "chat":
            self._stage.emit(AnswerDelta(self.id, text))

    def _broke_off(self, error: StageFailed) -> None:
        self._stage.emit(Failed(error.stage, error.code, error.message, self.id))

    async def _speak(self, manuscript: Manuscript, cast: Cast) -> None:
        index = 0
        unshown: Places = ()
        async for sentence, expressions in manuscript.sentences():
            # One of a sentence with nothing to say shows with what comes next.
            expressions = [*((0, name) for _, name in unshown), *expressions]
            unshown = () if await self._say(index, sentence, expressions, cast) else expressions
            index += 1
        await self._performance.finish()

    async def _say(self, index: int, sentence: str, expressions: Places, cast: Cast) -> bool:
        """Say a sentence; False if there is nothing to say in it."""
        stage = self._stage
        line = Line(sentence, stage.utterance.length)
        self.script.lines.append(line)
        stage.utterance.cue(line.start, lambda: self._caption(index, sentence))
        plain = SILENT
        if stage.aloud:
            voice = cast.voice(sentence)
            plain = await self._plain(sentence, voice.info.language)
            if plain.text:
                await self._voice(index, line, plain, voice, Expressing(expressions, plain, line.start))
        line.end = stage.utterance.length
        return bool(plain.text)

    async def _plain(self, sentence: str, language: str) -> Spoken:
        if not self._blocks.aloud(sentence):
            return SILENT
        if not prepared(language):
            await asyncio.to_thread(prepare, language)
        return spoken(sentence, language)

    async def _voice(self, index: int, line: Line, plain: Spoken, voice: Voice, expressing: Expressing) -> None:
        stage = self._stage
        clip = stage.clips.begin() if stage.clips is not None else None
        try:
            await self._synthesise(index, line, plain, voice, clip, expressing)
            file = await clip.finish() if clip is not None else None
        except StageFailed as error:
            if not stage.forgiving:
                raise
            stage.emit(SentenceFailed(self.id, clip.number if clip else index + 1, error.message))
        else:
            if clip is not None and file is not None:
                stage.emit(ClipWritten(self.id, clip.number, line.text.strip(), str(file)))

    async def _synthesise(
        self,
        index: int,
        line: Line,
        plain: Spoken,
        voice: Voice,
        clip: Clip | None,
        expressing: Expressing,
    ) -> None:
        began = time.perf_counter()

        def progress(step: SynthesisStep) -> None:
            elapsed = (time.perf_counter() - began) * 1000
            self._stage.emit(SynthesisProgress(self.id, step, index, round(elapsed, 3)))

        progress("start")
        resampler: Resampler | None = None
        marking = Marking(self.id, index, line.text, plain)
        marked = False
        async with closing(voice.speak(plain.text)) as pieces:
            async for piece in pieces:
                if resampler is None:
                    resampler = Resampler(piece.sample_rate)
                    progress("first_audio")
                if clip is not None:
                    clip.sound(piece.pcm, piece.sample_rate)
                marked = piece.marked
                sound = resampler.push(piece.pcm)
                end = self._stage.utterance.length + len(sound)
                marks = expressing.take(
                    [_shifted(mark, line.start, piece.sample_rate) for mark in piece.marks], end
                )
                for mark in marks:
                    self._stage.journal.marks.append(Word(mark.kind, mark.value, mark.start))
                    if mark.kind == "word" and mark.offset >= 0:
                        line.words.append((mark.start, plain.original(mark.offset)))
                marking.add(marks)
                self._tell(marking, len(sound))
                await self._performance.take(sound, marks, marked)
        if resampler is not None:
            sound = resampler.flush()
            self._tell(marking, len(sound), last=True)
            end = self._stage.utterance.length + len(sound)
            await self._performance.take(sound, expressing.take((), end, last=True), marked)
        progress("complete")

    def _tell(self, marking: Marking, samples: int, *, last: bool = False) -> None:
        """Tell of marks when the first of their sound is played: a pause after that is not in their positions."""
        utterance = self._stage.utterance
        if batch := marking.take(utterance.length, utterance.length + samples, last=last):
            start, told = batch
            utterance.cue(start, lambda: self._stage.emit(told(self._stage.position() - utterance.taken)))

    def _caption(self, index: int, sentence: str) -> None:
        self._stage.emit(Caption(self.id, index, sentence, self._stage.position()))

    def _picture_sent(self, start: int) -> None:
        self.frames += 1
        if start >= self._next_frame_event:
            self._next_frame_event = start + FRAME_EVENTS
            self._stage.emit(FramesShown(self.id, self.frames - 1, to_ms(start)))


Work: TypeAlias = Callable[[Turn], Coroutine[None, None, None]]
"""What a turn is to do."""


def saying(text: str, cast: Cast) -> Work:
    """Say `text` as it is."""

    async def given() -> AsyncIterator[str]:
        yield text

    return lambda turn: turn.speak(given(), cast)


def _shifted(mark: Mark, base: int, rate: int) -> Mark:
    return Mark(mark.kind, base + mark.start * SAMPLE_RATE // rate, mark.value, mark.offset)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that came first: a task group lists them in the order its tasks failed."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

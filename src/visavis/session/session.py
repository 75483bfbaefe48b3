"""One session: a face and a voice that take turns, and the viewers who watch."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from visavis.errors import Conflict, InvalidInput, StageFailed, TooLarge, Unavailable, VisavisError
from visavis.ids import new_id
from visavis.media.samples import Samples
from visavis.media.timeline import to_ms
from visavis.session.answering import Answering
from visavis.session.casting import Cast, VoiceChoice
from visavis.session.events import (
    AnyEvent,
    EndReason,
    Failed,
    MediaStarted,
    StageChanged,
    State,
    StateChanged,
    Terminated,
    TerminationReason,
    TranscriptHeard,
    TurnEnded,
    TurnKind,
    TurnStarted,
    ViewerJoined,
    ViewerLeft,
    Warned,
)
from visavis.session.floor import SessionFloor
from visavis.session.history import History
from visavis.session.listening import Hear, Listening, Source
from visavis.session.log import EventLog
from visavis.session.parts import Limits, Parts
from visavis.session.playout import Playout
from visavis.session.turn import Deltas, Stage, Turn
from visavis.streams import closing

log = logging.getLogger(__name__)


class Session:
    """Takes verbs, one turn at a time, and logs what happens.

    `say`, `chat` and `interrupt` are synchronous: when they return, what they promise is so.
    """

    def __init__(
        self,
        session_id: str,
        parts: Parts,
        history: History,
        limits: Limits,
        events: EventLog,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.id = session_id
        self.created_at = time.time()
        self.state: State = "created"
        self.events = events
        self._parts = parts
        self._history = history
        self._limits = limits
        self._answering = Answering(parts.chat, parts.knowledge, parts.toolbox, history, limits.text_chars)
        self._greeting = parts.greeting
        """What is still to be said to the first viewer."""
        self._on_end = on_end
        self._playout = Playout(parts.clock, parts.face, parts.transport)
        self._playing: asyncio.Task[None] | None = None
        self._generation = 0
        self._turn: Turn | None = None
        self._prepared: Turn | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self.listening = (
            Listening(parts.make_ear, SessionFloor(self), parts.reaper) if parts.make_ear is not None else None
        )
        """What it hears; None if it has no ears."""
        events.add(StateChanged("created"))
        self._expire_after(limits.idle_timeout, "idle")

    @property
    def busy(self) -> bool:
        """Whether a turn is in flight."""
        return self._turn is not None

    @property
    def playout(self) -> Playout:
        """What plays its media."""
        return self._playout

    @property
    def viewers(self) -> int:
        """Viewers who are connected."""
        return self._parts.viewers.viewers if self._parts.viewers else 0

    def start(self) -> None:
        """Mark as running; `Conflict` if it is already or is over."""
        self._must_live()
        if self.state != "created":
            raise Conflict(f"session is already {self.state}")
        self._run()

    def say(self, text: str, choice: VoiceChoice) -> str:
        """Say `text` as it is; a turn in flight is interrupted. Returns the turn's id.

        Raises `InvalidInput` (nothing to say, unknown voice), `TooLarge`, `Conflict` (it is over).
        """
        cast = self._admit(text, choice)
        self.interrupt()
        return self._begin("say", text, cast, partial(_given, text))

    def chat(self, prompt: str, choice: VoiceChoice, *, barge_in: bool = False) -> str:
        """Answer `prompt`. Returns the turn's id. `Conflict` if a turn is in flight, unless `barge_in`."""
        cast = self._admit(prompt, choice)
        if barge_in:
            self.interrupt()
        elif self._turn is not None:
            raise Conflict("a previous chat or speak request is still in flight; call /interrupt first")
        return self._begin("chat", prompt, cast, partial(self._answering.answer, prompt))

    def interrupt(self) -> bool:
        """Stop the turn in flight. When this returns nothing of it will leave any more."""
        transcribing = self.listening is not None and self.listening.interrupt()
        turn = self._turn
        if turn is None:
            return transcribing
        self._playout.flush()
        self._end(turn, "interrupted")
        self._let_go(turn)
        return True

    async def transcribe(self, pcm: Samples, *, chat: bool = False) -> str:
        """What is said in a recording, int16 mono at 16 kHz; answered aloud, too, if `chat`.

        Raises `Conflict` (interrupted, over), `StageFailed`, `Unavailable` (no ears).
        """
        self._must_live()
        if self.listening is None:
            raise Unavailable("this session has no recogniser")
        text = await self.listening.transcribe(pcm)
        if text:
            self.events.add(TranscriptHeard(text, True))
        if text and chat:
            self.chat(text, VoiceChoice(), barge_in=True)
        return text

    def prepare(self, prompt: str) -> None:
        """Begin to work on an answer to what may be all the user says. Nothing shows before `commit`."""
        self.discard()
        cast = self._admit(prompt, VoiceChoice())
        self._prepared = self._make("chat", prompt, cast, partial(self._answering.answer, prompt))

    def commit(self) -> bool:
        """Give the prepared answer, now; a turn in flight is interrupted. False if none is prepared."""
        turn, self._prepared = self._prepared, None
        if turn is None:
            return False
        self.interrupt()
        self._run()
        self._launch(turn)
        return True

    def discard(self) -> None:
        """Forget the prepared answer, without a trace."""
        turn, self._prepared = self._prepared, None
        if turn is not None:
            turn.utterance.drop()
            self._let_go(turn)
            turn.journal.discard()

    def pause(self) -> bool:
        """Hold the turn in flight at the present sample."""
        return self._playout.pause()

    def resume(self) -> bool:
        """Go on from that sample."""
        return self._playout.resume()

    async def offer(self, viewer: str, sdp: str) -> str:
        """Connect a viewer; returns the answer's SDP. `InvalidInput`, `Conflict`."""
        self._must_live()
        if self._parts.viewers is None:
            raise Conflict("this session has no WebRTC transport")
        answer = await self._parts.viewers.offer(viewer, sdp)
        self._must_live()
        self._play()
        return answer

    def listen_to(self, open_source: Callable[[Hear], Source]) -> None:
        """Listen to a new source of sound instead of the one before; without ears it is left alone."""
        if self.listening is not None and self._closing is None:
            self.listening.to(open_source)

    async def finished(self) -> None:
        """Return when no turn is in flight."""
        while self._turn is not None and self._turn.task is not None:
            await asyncio.wait([self._turn.task])

    async def close(self, reason: TerminationReason = "closed") -> None:
        """End it: the turn is interrupted, viewers are let go. Closing again waits for the first close."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(reason), name=f"close {self.id}")
        await asyncio.shield(self._closing)

    def _admit(self, text: str, choice: VoiceChoice) -> Cast:
        self._must_live()
        if not text.strip():
            raise InvalidInput("text is empty")
        if len(text) > self._limits.text_chars:
            raise TooLarge(f"text is longer than {self._limits.text_chars} characters")
        return self._parts.casting.check(choice)

    def _must_live(self) -> None:
        if self.state == "terminated" or self._closing is not None:
            raise Conflict("session is terminated")

    def _run(self) -> None:
        if self.state == "created":
            self._change("running")

    def _play(self) -> None:
        if self._playing is None and not self.events.closed:
            self._playing = asyncio.create_task(self._playout.run(), name=f"playout {self.id}")
            self._playing.add_done_callback(self._playout_ended)

    def _begin(self, kind: TurnKind, asked: str, cast: Cast, deltas: Deltas) -> str:
        turn = self._make(kind, asked, cast, deltas)
        self._run()
        return self._launch(turn)

    def _make(self, kind: TurnKind, asked: str, cast: Cast, deltas: Deltas) -> Turn:
        """Begin to work on a turn that nobody hears of before `_launch`."""
        self._generation += 1
        utterance = self._playout.prepare(self._generation)
        turn_id = new_id()

        def emit(event: AnyEvent) -> None:
            if self._turn is turn:
                self.events.add(event)
            elif not utterance.dropped:
                turn.early.append(event)

        def media_started() -> None:
            turn.media_start = self._playout.position
            emit(MediaStarted(turn_id, turn.media_start))
            emit(StageChanged("speaking"))

        utterance.cue(0, media_started)
        stage = Stage(
            self._parts.face,
            self._playout.shown,
            cast,
            utterance,
            self._parts.journal.begin(turn_id),
            emit,
            lambda: self._playout.position,
        )
        turn = Turn(turn_id, kind, asked, stage)
        turn.task = asyncio.create_task(self._carry_out(turn, deltas(turn.committed)), name=f"turn {turn_id}")
        return turn

    def _launch(self, turn: Turn) -> str:
        """Make a turn the current one: it is heard and told of."""
        self._play()
        self._playout.attach(turn.utterance)
        if self.state == "paused":
            self._playout.pause()
        self._turn = turn
        turn.committed.set()
        self.events.add(TurnStarted(turn.id, turn.kind, turn.asked))
        if turn.warning:
            self.events.add(Warned("voice_replaced", turn.warning))
        if turn.kind == "chat":
            self.events.add(StageChanged("thinking"))
        for event in turn.early:
            self.events.add(event)
        turn.early.clear()
        return turn.id

    async def _carry_out(self, turn: Turn, deltas: AsyncIterator[str]) -> None:
        try:
            async with closing(deltas):
                await turn.run(deltas)
        except StageFailed as error:
            self._fail(turn, error.stage, error.code, error.message)
        except Exception:  # noqa: BLE001  # supervision point: a defect ends the turn, not the session
            log.exception("turn %s failed", turn.id)
            self._fail(turn, "turn", "internal", "the turn failed by a defect; see the server's log")
        else:
            self._end(turn, "completed")

    def _let_go(self, turn: Turn) -> None:
        if turn.task is not None:
            self._parts.reaper.take(turn.task)

    def _fail(self, turn: Turn, stage: str, code: str, message: str) -> None:
        if self._turn is turn:
            self._playout.flush()
            self.events.add(Failed(stage, code, message, turn.id))
            self._end(turn, "failed")

    def _end(self, turn: Turn, reason: EndReason) -> None:
        if self._turn is not turn:
            return
        self._turn = None
        heard = turn.script.heard(turn.heard)
        self._history.add(turn.question, heard)
        self.events.add(TurnEnded(turn.id, turn.kind, reason, turn.text, heard, round(to_ms(turn.heard), 1)))
        if reason == "interrupted":
            self.events.add(StageChanged("interrupted"))
        self.events.add(StageChanged("idle"))
        turn.write_down(reason, heard)
        if not self.viewers:
            self._expire_after(self._limits.idle_timeout, "idle")

    def viewer_joined(self, viewer: str) -> None:
        """A viewer's connection is up."""
        if self.state == "terminated":
            return
        if self._expiry is not None:
            self._expiry.cancel()
        if self.viewers == 1:
            self._playout.restart_loop()
        self.events.add(ViewerJoined(viewer))
        if self.state == "paused":
            self._change("running")
            self._playout.resume()
        self._greet()

    def _greet(self) -> None:
        """Say the greeting, once, unless somebody was quicker. The client may still `start` after it."""
        greeting, self._greeting = self._greeting, ""
        if not greeting or self._turn is not None or self._closing is not None:
            return
        try:
            cast = self._admit(greeting, VoiceChoice())
        except VisavisError as error:
            self.events.add(Failed("tts", error.code, error.message))
        else:
            self._launch(self._make("say", greeting, cast, partial(_given, greeting)))

    def viewer_left(self, viewer: str) -> None:
        """A viewer has gone, or its connection was lost: the last one may come back within the grace."""
        if self.state == "terminated":
            return
        self.events.add(ViewerLeft(viewer))
        if not self.viewers:
            self._change("paused")
            self._playout.pause()
            self._expire_after(self._limits.peer_grace, "peer_lost")

    def _expire_after(self, seconds: float, reason: TerminationReason) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(seconds, self._expire, reason)

    def _expire(self, reason: TerminationReason) -> None:
        if reason == "idle" and self._turn is not None:
            self._expire_after(self._limits.idle_timeout, reason)
        elif self._closing is None:
            self._closing = asyncio.create_task(self._close(reason), name=f"close {self.id}")

    def _playout_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("playout of session %s failed", self.id, exc_info=error)
        self.events.add(Failed("playout", "internal", "the session's media failed; create a new session"))
        self._expire("failed")

    def _change(self, state: State) -> None:
        self.state = state
        self.events.add(StateChanged(state))

    async def _close(self, reason: TerminationReason) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        if self.listening is not None:
            await self.listening.close()
        self.interrupt()
        self.discard()
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.wait([self._playing])
        self._change("terminated")
        self.events.add(Terminated(reason))
        await self._parts.transport.close()
        if self._parts.face is not None:
            await self._parts.face.close()
        await self._parts.journal.close()
        self._on_end()


async def _given(text: str, committed: asyncio.Event) -> AsyncIterator[str]:
    yield text

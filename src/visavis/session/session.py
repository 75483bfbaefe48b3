"""One session: a face and a voice that take turns, and the viewers who watch."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable

from visavis.errors import Conflict, InvalidInput, TooLarge, Unavailable, VisavisError
from visavis.media.samples import Samples
from visavis.session.answering import USUAL, Answering, Reading
from visavis.session.attendance import Attendance
from visavis.session.captures import Captures
from visavis.session.casting import Cast, VoiceChoice
from visavis.session.events import (
    Failed,
    State,
    StateChanged,
    Terminated,
    TerminationReason,
    TranscriptHeard,
    TurnKind,
)
from visavis.session.floor import SessionFloor
from visavis.session.history import History
from visavis.session.listening import Hear, Listening, Source
from visavis.session.log import EventLog
from visavis.session.parts import Limits, Parts
from visavis.session.plan import Plan
from visavis.session.playout import Playout
from visavis.session.recording import Recording
from visavis.session.turn import Turn, Work, saying
from visavis.session.turns import Turns
from visavis.speech_text.expressions import EXPRESSIONS, expression
from visavis.tts import Speech

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
        self.recording = Recording(parts.output, parts.make_recorder, self._go, events.add)
        """What is kept of what it plays."""
        self._playout = Playout(parts.clock, parts.face, self.recording)
        self._playing: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        floor = SessionFloor(self)
        ears = parts.make_ear
        self.listening = Listening(ears, floor, parts.reaper, parts.canceller) if ears else None
        """What it hears; None if it has no ears."""
        self._captures = Captures(parts.make_capture, parts.open_microphone, floor) if parts.make_capture else None
        self.attendance = Attendance(self, parts.viewers, self._playout, limits)
        """Who watches it."""
        self._turns = Turns(parts, self._playout, history, events, self.attendance.idle)
        self.guest = parts.make_guest(self) if parts.make_guest else None
        """What it does in somebody else's room; None if it is in none."""
        events.add(StateChanged("created"))
        self.attendance.idle()

    @property
    def turn(self) -> str:
        """The id of the turn in flight; empty if there is none."""
        return self._turns.current.id if self._turns.current else ""

    @property
    def busy(self) -> bool:
        """Whether a turn is in flight."""
        return self._turns.current is not None

    @property
    def heard(self) -> int:
        """Samples of the turn in flight that were played."""
        return self._turns.current.heard if self._turns.current else 0

    @property
    def playout(self) -> Playout:
        """What plays its media."""
        return self._playout

    @property
    def occupied(self) -> bool:
        """Whether it speaks or listens."""
        return self.busy or (self._captures is not None and self._captures.active)

    def start(self) -> None:
        """Mark as running; `Conflict` if it is already or is over."""
        self._must_live()
        if self.state != "created":
            raise Conflict(f"session is already {self.state}")
        self._run()

    def play(self) -> None:
        """Have its media flow, be it the face at rest; starts the session. `Conflict` if it is over."""
        self._go()
        self._run()

    def say(self, text: str, choice: VoiceChoice, feeling: str = "") -> str:
        """Say `text` as it is; a turn in flight is interrupted. Returns the turn's id.

        `feeling`: the expression it begins with; empty for none. Raises `InvalidInput` (nothing to say, unknown
        voice or expression), `TooLarge`, `Conflict` (it is over).
        """
        cast, begins = self._admit(text, choice), _expression(feeling)
        self.interrupt()
        return self._begin("say", text, saying(text, cast), cast.warning, expression=begins)

    def chat(
        self,
        prompt: str,
        choice: VoiceChoice,
        *,
        barge_in: bool = False,
        aloud: bool = True,
        reading: Reading = USUAL,
        feeling: str = "",
    ) -> str:
        """Answer `prompt`, `aloud` or only in writing, beginning with an expression. Returns the turn's id.

        `Conflict` if a turn is in flight, unless `barge_in`.
        """
        cast, begins = self._admit(prompt, choice), _expression(feeling)
        if barge_in:
            self.interrupt()
        elif self.busy:
            raise Conflict("a previous chat or speak request is still in flight; call /interrupt first")
        return self._begin("chat", prompt, self._answer(prompt, cast, reading), cast.warning, aloud, begins)

    def recite(self, speech: AsyncIterator[Speech]) -> str:
        """Play `speech`, which is at 48 kHz, as if a voice said it. Interrupts; returns the turn's id."""
        self._must_live()
        self.interrupt()
        return self._begin("audio", "", lambda turn: turn.recite(speech))

    def interrupt(self) -> bool:
        """Stop the turn in flight. When this returns nothing of it will leave any more."""
        hearing = self.listening is not None and self.listening.interrupt()
        asking = self._captures is not None and self._captures.interrupt()
        return self._turns.interrupt() or hearing or asking

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

    async def listen(self, plan: Plan, recording: Samples | None = None) -> None:
        """Hear a question out and answer it; `recording` is int16 mono at 16 kHz.

        Raises `Conflict` (there is one, it is over), `InvalidInput`, `Unavailable` (microphone, recogniser).
        """
        self._must_live()
        if self._captures is None:
            raise Unavailable("this session has no recogniser")
        self._run()
        await self._captures.begin(plan, recording)

    async def hear(self, pcm: Samples, last: bool) -> None:
        """Take what the user says, int16 mono at 16 kHz: for a question being heard out, or as push-to-talk."""
        self._must_live()
        if self._captures is not None and self._captures.hear(pcm, last):
            return
        if self.listening is None:
            raise Conflict("this session is not listening")
        await self.listening.push(pcm, last)

    def stop_listening(self) -> bool:
        """That was the question; False if none is being heard."""
        return self._captures is not None and self._captures.stop()

    def prepare(self, prompt: str) -> None:
        """Begin to work on an answer to what may be all the user says. Nothing shows before `commit`."""
        self.discard()
        cast = self._admit(prompt, VoiceChoice())
        self._turns.prepare(self._turns.make("chat", prompt, self._answer(prompt, cast), cast.warning))

    def commit(self) -> bool:
        """Give the prepared answer, now; a turn in flight is interrupted. False if none is prepared."""
        turn = self._turns.prepared()
        if turn is None:
            return False
        self.interrupt()
        self._run()
        self._launch(turn)
        return True

    def discard(self) -> None:
        """Forget the prepared answer, without a trace."""
        self._turns.discard()

    def customise(self, system_prompt: str) -> None:
        """Let its model be told something else about itself from the next answer on; empty for what it was told.

        Raises `Conflict` (it is over), `TooLarge`.
        """
        self._must_live()
        if len(system_prompt) > self._limits.text_chars:
            raise TooLarge(f"system prompt is longer than {self._limits.text_chars} characters")
        self.discard()
        self._history.customise(system_prompt)

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
        self._go()
        return answer

    def listen_to(self, open_source: Callable[[Hear], Source]) -> None:
        """Listen to a new source of sound instead of the one before; without ears it is left alone."""
        if self.listening is not None and self._closing is None:
            self.listening.to(open_source)

    async def close(self, reason: TerminationReason = "closed") -> None:
        """End it: the turn is interrupted, viewers are let go. Closing again waits for the first close."""
        await asyncio.shield(self.end(reason))

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
            self.enter("running")

    def _go(self) -> None:
        self._must_live()
        self._play()

    def _play(self) -> None:
        if self._playing is None and not self.events.closed:
            self._playing = asyncio.create_task(self._playout.run(), name=f"playout {self.id}")
            self._playing.add_done_callback(self._playout_ended)

    def _answer(self, prompt: str, cast: Cast, reading: Reading = USUAL) -> Work:
        return lambda turn: turn.speak(self._answering.answer(prompt, turn.committed, turn.found, reading), cast)

    def _begin(
        self,
        kind: TurnKind,
        asked: str,
        work: Work,
        warning: str = "",
        aloud: bool = True,
        expression: str = "",
    ) -> str:
        turn = self._turns.make(kind, asked, work, warning, aloud, expression)
        self._run()
        return self._launch(turn)

    def _launch(self, turn: Turn) -> str:
        self._play()
        return self._turns.launch(turn, held=self.state == "paused")

    def greet(self) -> None:
        """Say the greeting, once, unless somebody was quicker. The client may still `start` after it."""
        greeting, self._greeting = self._greeting, ""
        if not greeting or self.busy or self._closing is not None:
            return
        try:
            cast = self._admit(greeting, VoiceChoice())
        except VisavisError as error:
            self.events.add(Failed("tts", error.code, error.message))
        else:
            self._launch(self._turns.make("say", greeting, saying(greeting, cast), cast.warning))

    def _playout_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        log.error("playout of session %s failed", self.id, exc_info=error)
        self.events.add(Failed("playout", "internal", "the session's media failed; create a new session"))
        self.end("failed")

    def enter(self, state: State) -> None:
        """Change its state."""
        self.state = state
        self.events.add(StateChanged(state))

    def end(self, reason: TerminationReason) -> asyncio.Task[None]:
        """Begin to close it; the task is done when it is closed."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(reason), name=f"close {self.id}")
        return self._closing

    async def _close(self, reason: TerminationReason) -> None:
        self.attendance.stop()
        if self._captures is not None:
            await self._captures.close()
        if self.listening is not None:
            await self.listening.close()
        self.interrupt()
        self.discard()
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.wait([self._playing])
        await self.recording.close()
        if self.guest is not None:
            await self.guest.leave(reason)
        self.enter("terminated")
        self.events.add(Terminated(reason))
        await self._parts.close()
        self._on_end()


def _expression(name: str) -> str:
    """The expression of that name; empty for none. `InvalidInput` if there is none."""
    found = expression(name)
    if name and not found:
        raise InvalidInput(f"expression must be one of {', '.join(EXPRESSIONS)}")
    return found

"""A session's turns: at most one in flight, and at most one prepared that nobody knows of yet."""

import asyncio
import logging
from collections.abc import Callable

from visavis.errors import StageFailed
from visavis.ids import new_id
from visavis.media.timeline import to_ms
from visavis.session.events import (
    AnyEvent,
    EndReason,
    Failed,
    MediaStarted,
    StageChanged,
    TurnEnded,
    TurnKind,
    TurnStarted,
    Warned,
)
from visavis.session.history import History
from visavis.session.log import EventLog
from visavis.session.parts import Parts
from visavis.session.playout import Playout
from visavis.session.stage import Stage
from visavis.session.turn import Turn, Work

log = logging.getLogger(__name__)


class Turns:
    """Makes turns, brings them before the audience, and ends them. Everything here is synchronous."""

    def __init__(
        self, parts: Parts, playout: Playout, history: History, events: EventLog, idle: Callable[[], None]
    ) -> None:
        """`idle` is called when a turn has ended."""
        self.current: Turn | None = None
        """The turn in flight."""
        self._parts = parts
        self._playout = playout
        self._history = history
        self._events = events
        self._idle = idle
        self._prepared: Turn | None = None
        self._generation = 0

    def make(
        self,
        kind: TurnKind,
        asked: str,
        work: Work,
        warning: str = "",
        aloud: bool = True,
        expression: str = "",
    ) -> Turn:
        """Begin to work on a turn that nobody hears of before `launch`; `expression`: what it begins with."""
        self._generation += 1
        utterance = self._playout.prepare(self._generation)
        turn_id = new_id()

        def emit(event: AnyEvent) -> None:
            if self.current is turn:
                self._events.add(event)
            elif not utterance.dropped:
                turn.early.append(event)

        def media_started() -> None:
            turn.media_start = self._playout.position
            self._playout.show("idle")
            emit(MediaStarted(turn_id, turn.media_start))
            emit(StageChanged("speaking"))

        utterance.cue(0, media_started)
        stage = Stage(
            self._parts.face,
            self._playout.shown,
            utterance,
            self._parts.journal.begin(turn_id),
            emit,
            lambda: self._playout.position,
            aloud,
            self._parts.clips,
            self._parts.forgiving,
        )
        turn = Turn(turn_id, kind, asked, stage, expression)
        if warning:
            turn.early.append(Warned("voice_replaced", warning))
        turn.task = asyncio.create_task(self._carry_out(turn, work), name=f"turn {turn_id}")
        return turn

    def launch(self, turn: Turn, *, held: bool) -> str:
        """Make a turn the current one: it is heard and told of. `held`: but not before `resume`."""
        self._playout.attach(turn.utterance)
        if held:
            self._playout.pause()
        self.current = turn
        turn.committed.set()
        self._events.add(TurnStarted(turn.id, turn.kind, turn.asked))
        if turn.kind == "chat":
            self._playout.show("think")
            self._events.add(StageChanged("thinking"))
        for event in turn.early:
            self._events.add(event)
        turn.early.clear()
        return turn.id

    def prepare(self, turn: Turn) -> None:
        """Keep a turn for later, instead of the one before."""
        self.discard()
        self._prepared = turn

    def prepared(self) -> Turn | None:
        """The turn that was kept, which is not kept any more."""
        turn, self._prepared = self._prepared, None
        return turn

    def discard(self) -> None:
        """Forget the turn that was kept, without a trace."""
        turn = self.prepared()
        if turn is not None:
            turn.utterance.drop()
            self._let_go(turn)
            turn.journal.discard()

    def interrupt(self) -> bool:
        """Stop the current turn. When this returns nothing of it will leave any more. False if there is none."""
        turn = self.current
        if turn is None:
            return False
        self._playout.flush()
        self._end(turn, "interrupted")
        self._let_go(turn)
        return True

    async def _carry_out(self, turn: Turn, work: Work) -> None:
        try:
            await work(turn)
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
        if self.current is turn:
            self._playout.flush()
            self._events.add(Failed(stage, code, message, turn.id))
            self._end(turn, "failed")

    def _end(self, turn: Turn, reason: EndReason) -> None:
        if self.current is not turn:
            return
        self.current = None
        self._playout.show("idle")
        heard = turn.script.heard(turn.heard)
        self._history.add(turn.question, heard)
        self._events.add(TurnEnded(turn.id, turn.kind, reason, turn.text, heard, round(to_ms(turn.heard), 1)))
        if reason == "interrupted":
            self._events.add(StageChanged("interrupted"))
        self._events.add(StageChanged("idle"))
        turn.write_down(reason, heard)
        self._idle()

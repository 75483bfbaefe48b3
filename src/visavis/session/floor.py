"""What the ear may do to a session: the verbs of turn-taking, as the session has them."""

import logging
from typing import TYPE_CHECKING

from visavis.errors import StageFailed, VisavisError
from visavis.session.casting import VoiceChoice
from visavis.session.events import (
    CaptureEnd,
    CaptureEnded,
    CaptureProgress,
    Failed,
    StageChanged,
    TranscriptHeard,
    Understood,
)

if TYPE_CHECKING:
    from visavis.session.session import Session

log = logging.getLogger(__name__)


class SessionFloor:
    """Implements `visavis.session.ear.Floor` and `visavis.session.capture.Asker` for a session."""

    def __init__(self, session: "Session") -> None:
        self._session = session

    @property
    def speaking(self) -> bool:
        """Whether a turn is in flight."""
        return self._session.busy

    def listening(self) -> None:
        """Somebody seems to speak."""
        self._session.playout.show("listen")
        if not self._session.busy:
            self._session.events.add(StageChanged("listening"))

    def wondering(self) -> None:
        """Somebody has spoken."""
        self._session.playout.show("think")

    def nothing(self) -> None:
        """It came to nothing."""
        if not self._session.busy:
            self._session.playout.show("idle")
            self._session.events.add(StageChanged("idle"))

    def hold(self) -> None:
        """Hold the avatar at the present sample."""
        self._session.pause()

    def release(self) -> None:
        """Let it go on."""
        self._session.playout.show("idle")
        self._session.resume()

    def yield_floor(self) -> None:
        """The user has the floor."""
        self._session.interrupt()
        self._session.playout.show("listen")

    def heard(self, text: str, final: bool) -> None:
        """What the user said."""
        self._session.events.add(TranscriptHeard(text, final))

    def answer(self, text: str) -> None:
        """Answer; what can't be answered (too long, no voice) is told."""
        try:
            self._session.chat(text, VoiceChoice(), barge_in=True)
        except VisavisError as error:
            self._refused(error)

    def prepare(self, text: str) -> None:
        """Begin to work on an answer. If that can't be done, neither can the real one, which will tell."""
        try:
            self._session.prepare(text)
        except VisavisError as error:
            log.info("no answer was prepared: %s", error.code)

    def commit(self, text: str) -> None:
        """Give the answer that was prepared, or a fresh one if it could not be."""
        if not self._session.commit():
            self.answer(text)

    def discard(self) -> None:
        """Forget the answer that was prepared."""
        self._session.discard()

    def deaf(self, error: StageFailed) -> None:
        """An utterance was lost."""
        self._session.events.add(Failed(error.stage, error.code, error.message))

    def capturing(self, seconds: float, speech: bool) -> None:
        """A question is being heard."""
        self._session.playout.show("listen")
        self._session.events.add(CaptureProgress(seconds, speech))

    def captured(self, reason: CaptureEnd, seconds: float, speech: bool) -> None:
        """There is no more sound."""
        self._session.playout.show("think")
        self._session.events.add(CaptureEnded(reason, seconds, speech))

    def understood(self, text: str, answer: bool) -> None:
        """Answer the question, if there is one and it can be."""
        answering = False
        if text and answer:
            try:
                self._session.prepare(text)
                answering = True
            except VisavisError as error:
                self._refused(error)
        self._session.events.add(Understood(text, answering))
        if answering:
            self._session.commit()
        else:
            self.nothing()

    def _refused(self, error: VisavisError) -> None:
        if self._session.state != "terminated":
            self._session.events.add(Failed("transport", error.code, error.message))

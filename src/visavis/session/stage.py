"""The stage: what a turn works with."""

from collections.abc import Callable
from dataclasses import dataclass

from visavis.face import Face
from visavis.media.pictures import Picture
from visavis.session.clips import Clips
from visavis.session.events import AnyEvent
from visavis.session.journal import TurnJournal
from visavis.session.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Stage:
    """The parts of a session that one turn uses."""

    face: Face | None
    after: Picture | None
    """The picture being shown as the turn begins."""
    utterance: Utterance
    journal: TurnJournal
    emit: Callable[[AnyEvent], None]
    """Logs an event, as long as the turn is the session's current one."""
    position: Callable[[], int]
    """Media time of the session's playout."""
    aloud: bool = True
    """Whether its sentences are spoken."""
    clips: Clips | None = None
    """Where its sentences are kept."""
    forgiving: bool = False
    """What fails on the way is told and passed over."""

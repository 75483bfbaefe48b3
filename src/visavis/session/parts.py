"""What a session is made of, and its limits."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from visavis.face import Face
from visavis.knowledge import KnowledgeBase
from visavis.llm import ChatModel
from visavis.media.clock import Clock
from visavis.session.casting import Casting
from visavis.session.ear import Ear, Floor
from visavis.session.journal import Journal
from visavis.session.reaper import Reaper
from visavis.session.toolbox import Toolbox
from visavis.transport import Transport, Viewers


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much."""

    text_chars: int
    """The longest text of one turn."""
    peer_grace: float
    """Seconds a lost viewer has to come back."""
    idle_timeout: float
    """Seconds without viewer and without turn."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a session is made of. It owns the face and the transport, and closes them."""

    face: Face | None
    casting: Casting
    chat: ChatModel
    knowledge: KnowledgeBase | None
    """The documents its answers rest on."""
    transport: Transport
    viewers: Viewers | None
    """The transport, if it is one that viewers come to by an offer."""
    make_ear: Callable[[Floor], Awaitable[Ear]] | None
    """Makes its ear, when there is something to hear; None if it has none."""
    clock: Clock
    journal: Journal
    reaper: Reaper
    toolbox: Toolbox = field(default_factory=Toolbox)
    """What its model may call."""
    greeting: str = ""
    """Said when the first viewer joins; empty for nothing."""

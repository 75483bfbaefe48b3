"""What a session is made of, and its limits."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from visavis.face import Face
from visavis.knowledge import KnowledgeBase
from visavis.llm import ChatModel
from visavis.media.clock import Clock
from visavis.media.echo import EchoCanceller
from visavis.registry import Provider, close
from visavis.session.captures import MakeCapture, OpenMicrophone, no_microphone
from visavis.session.casting import Casting
from visavis.session.clips import Clips
from visavis.session.ear import Ear, Floor
from visavis.session.guest import Guest, Host
from visavis.session.journal import Journal
from visavis.session.overheard import Overheard
from visavis.session.reaper import Reaper
from visavis.session.recording import MakeRecorder
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
    """What a session is made of. It owns the face, the transport and what is in `owned`."""

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
    make_capture: MakeCapture | None = None
    """Makes what hears a question out; None if it can't."""
    open_microphone: OpenMicrophone = no_microphone
    canceller: EchoCanceller | None = None
    """Takes the avatar out of what its sources of sound hear; None if they hear nothing of it."""
    clips: Clips | None = None
    """Where what it says is kept, sentence by sentence."""
    forgiving: bool = False
    """What fails in an answer is told and passed over."""
    make_recorder: MakeRecorder | None = None
    """Makes what records it; None if it can't be recorded."""
    make_guest: Callable[[Host], Guest] | None = None
    """Makes what it is in somebody else's room; None if it is in none."""
    owned: Sequence[Provider] = ()
    """Providers that only this session uses."""

    @property
    def output(self) -> Transport:
        """Where it is played: through the canceller's ears, if there is one."""
        return self.transport if self.canceller is None else Overheard(self.transport, self.canceller)

    async def close(self) -> None:
        """Let go of everything."""
        await self.transport.close()
        if self.face is not None:
            await self.face.close()
        await self.journal.close()
        for provider in self.owned:
            await close(provider)

"""A pool in memory: its sessions have the verbs and the events of real ones, and no media."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from visavis.errors import AtCapacity, Conflict, InvalidInput, NotFound
from visavis.ids import new_id
from visavis.pool import (
    Answer,
    Chat,
    Customise,
    Hear,
    Listen,
    NewSession,
    Occupancy,
    Offer,
    PushAudio,
    Recite,
    Recorded,
    Say,
    SessionHandle,
    SessionInfo,
    SessionPool,
    Transcribe,
    Transcription,
    TurnAccepted,
)
from visavis.session.events import (
    AnyEvent,
    CaptureEnded,
    EndReason,
    FirstFrame,
    MediaStarted,
    Metered,
    Record,
    RoomJoined,
    RoomLeft,
    StageChanged,
    State,
    StateChanged,
    Terminated,
    TerminationReason,
    TurnEnded,
    TurnKind,
    TurnStarted,
    Understood,
)
from visavis.session.log import EventLog


class FakeSession(SessionHandle):
    """A session that does what it is told; the test says what happens in it."""

    def __init__(self, request: NewSession, voices: Sequence[str], session_id: str = "") -> None:
        self.id = session_id or new_id()
        self.request = request
        self.commands: list[Say | Chat | Offer | Recite | PushAudio | Transcribe | Listen | Hear | Customise] = []
        self.listening = False
        """Whether a question is being heard: from `listen` on, until the test or `stop_listening` ends that."""
        self.recognising = False
        """Whether `interrupt` finds a question to forget."""
        self.readers = 0
        """Event iterators that are open."""
        self.failure: Exception | None = None
        """If set, the next verb raises it."""
        self.recording = Recorded()
        """How its recording is; no file is ever written."""
        self.quick = False
        """Whether its turns and questions end as soon as they have begun."""
        self._voices = voices
        self._state: State = "created"
        self._turn: TurnStarted | None = None
        self._held = False
        self._log = EventLog()
        self.happen(StateChanged("created"))

    def happen(self, *events: AnyEvent) -> None:
        """Log events; those about a question or a turn also say what the session does from then on."""
        for event in events:
            match event:
                case CaptureEnded():
                    self.listening, self.recognising = False, True
                case Understood():
                    self.listening = self.recognising = False
                case TurnStarted():
                    self._turn = event
                case TurnEnded():
                    self._turn = None
                case _:
                    pass
            self._log.add(event)

    def finish(self, reason: EndReason = "completed") -> None:
        """End the turn in flight."""
        if self._turn is not None:
            turn, self._turn, self._held = self._turn, None, False
            heard = turn.text if reason == "completed" else ""
            self.happen(TurnEnded(turn.turn, turn.kind, reason, turn.text, heard, 1000.0))
            self.happen(StageChanged("interrupted" if reason == "interrupted" else "idle"))

    async def info(self) -> SessionInfo:
        """What it was made of and how it is."""
        self._fail()
        return SessionInfo(
            id=self.id,
            avatar_id=self.request.avatar_id,
            model=self.request.model,
            tts_provider=self.request.tts_provider or self._voices[0],
            tts_voice=self.request.tts_voice,
            state=self._state,
            busy=self._turn is not None,
            viewers=0,
            created_at=time.time(),
            recording=self.recording,
        )

    async def start(self) -> None:
        """Mark it as running."""
        if self._state != "created":
            raise Conflict("the session is already running or terminated")
        self._enter("running")

    async def say(self, command: Say) -> TurnAccepted:
        """Begin a turn in place of the present one."""
        self._ready(command)
        self.finish("interrupted")
        return self._begin("say", command.text)

    async def chat(self, command: Chat) -> TurnAccepted:
        """Begin a turn if none is in flight."""
        self._ready(command)
        if self._turn is not None and not command.barge_in:
            raise Conflict("a turn is in flight; call /interrupt first")
        self.finish("interrupted")
        return self._begin("chat", command.prompt)

    async def transcribe(self, command: Transcribe) -> Transcription:
        """Hears the same in every recording."""
        self._alive()
        self.commands.append(command)
        if command.chat:
            await self.chat(Chat("what was said", barge_in=True))
        return Transcription("what was said")

    async def recite(self, command: Recite) -> TurnAccepted:
        """Begin a turn in place of the present one."""
        self._alive()
        if self._state == "created":
            self._enter("running")
        self.commands.append(command)
        self.finish("interrupted")
        return self._begin("audio", "")

    async def push_audio(self, command: PushAudio) -> TurnAccepted:
        """Begin a turn, or go on with it."""
        self._alive()
        if self._state == "created":
            self._enter("running")
        if not command.turn:
            self.finish("interrupted")
            self._begin("audio", "")
        elif self._turn is None or self._turn.turn != command.turn:
            raise Conflict("interrupted")
        self.commands.append(command)
        turn = self._turn.turn if self._turn is not None else ""
        if command.last:
            self.finish()
        return TurnAccepted(turn)

    async def listen(self, command: Listen) -> None:
        """Begin to hear; what comes of it the test says."""
        self._alive()
        if self.listening:
            raise Conflict("a question is being heard already")
        if self._state == "created":
            self._enter("running")
        self.commands.append(command)
        self.listening = True
        if self.quick:
            self.happen(CaptureEnded("source_ended", 0.0, False), Understood("", False))

    async def hear(self, command: Hear) -> None:
        """Take more of it."""
        self._alive()
        if not self.listening:
            raise Conflict("the session does not listen")
        self.commands.append(command)

    async def stop_listening(self) -> bool:
        """End the question, and say so."""
        self._alive()
        was, self.listening = self.listening, False
        if was:
            self.happen(CaptureEnded("stopped", 1.0, True))
        return was

    async def interrupt(self) -> bool:
        """End the turn in flight, or forget the question."""
        self._alive()
        if self.listening or self.recognising:
            self.happen(Understood("", False))
            return True
        busy = self._turn is not None
        self.finish("interrupted")
        return busy

    async def pause(self) -> bool:
        """Hold the turn in flight."""
        self._alive()
        self._held = self._turn is not None
        return self._held

    async def resume(self) -> bool:
        """Let go of it."""
        self._alive()
        held, self._held = self._held, False
        return held

    async def offer(self, offer: Offer) -> Answer:
        """Any SDP that looks like one is answered with itself."""
        self._alive()
        if not offer.sdp.startswith("v=0") or "m=" not in offer.sdp:
            raise InvalidInput("the SDP is malformed; send the offer of an RTCPeerConnection")
        self.commands.append(offer)
        return Answer(offer.sdp)

    async def record(self) -> None:
        """Is recorded, if it is not."""
        self._alive()
        if self.recording.state == "recording":
            raise Conflict("the session is being recorded; call stop first")
        self.recording = Recorded("recording")

    async def stop_recording(self) -> Recorded:
        """A second and a half."""
        self._alive()
        if self.recording.state == "idle":
            raise Conflict("the session is not being recorded")
        if self.recording.state == "recording":
            self.recording = Recorded("complete", 1500.0)
        return self.recording

    async def customise(self, command: Customise) -> None:
        """Remember it."""
        self._alive()
        self.commands.append(command)

    async def events(self, after: int = 0) -> AsyncIterator[Record]:
        """The log."""
        self.readers += 1
        try:
            async for record in self._log.read(after):
                yield record
        finally:
            self.readers -= 1

    def enter_room(self) -> None:
        """Be in the room it is a guest of, with its first second shown."""
        self.happen(RoomJoined("avatar"), FirstFrame(), Metered(1.0, 25))

    def leave_room(self, reason: TerminationReason, code: str = "", message: str = "") -> None:
        """Be out of it, and over."""
        if self._state != "terminated":
            self._enter("terminated")
            self.happen(RoomLeft(code, message), Terminated(reason))

    async def close(self) -> None:
        """End it."""
        if self._state != "terminated":
            self.finish("interrupted")
            self._enter("terminated")
            self.happen(Terminated("closed"))

    def _fail(self) -> None:
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    def _alive(self) -> None:
        self._fail()
        if self._state == "terminated":
            raise Conflict("the session is terminated; create a new one")

    def _ready(self, command: Say | Chat) -> None:
        self._alive()
        if command.tts_provider and command.tts_provider not in self._voices:
            raise InvalidInput(f"unknown tts provider; installed: {', '.join(self._voices)}")
        if self._state == "created":
            self._enter("running")
        self.commands.append(command)

    def _begin(self, kind: TurnKind, text: str) -> TurnAccepted:
        self._turn = TurnStarted(new_id(), kind, text)
        self.happen(self._turn)
        self.happen(StageChanged("speaking" if kind == "say" else "thinking"))
        self.happen(MediaStarted(self._turn.turn, 0))
        accepted = TurnAccepted(self._turn.turn)
        if self.quick:
            self.finish()
        return accepted

    def _enter(self, state: State) -> None:
        self._state = state
        self.happen(StateChanged(state))


class FakePool(SessionPool):
    """Makes `FakeSession`s for the avatars and models it is told of."""

    def __init__(
        self,
        avatars: Sequence[str] = ("demo-avatar",),
        models: Sequence[str] = ("portrait", "mock"),
        voices: Sequence[str] = ("espeak", "flite"),
        room: int = 8,
        quick: bool = False,
    ) -> None:
        self.entered = False
        self.failure: Exception | None = None
        """If set, the next `create` raises it."""
        self._avatars, self._models, self._voices = avatars, models, voices
        self._room = room
        self._quick = quick
        """Whether its sessions are."""
        self._sessions: dict[str, FakeSession] = {}
        self._made = asyncio.Event()

    async def __aenter__(self) -> "FakePool":
        self.entered = True
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.entered = False
        await self.drain()

    async def create(self, request: NewSession, session_id: str = "") -> FakeSession:
        """Make a session, if its parts are known and there is room."""
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure
        if not request.voice_only and request.avatar_id not in self._avatars:
            raise NotFound("avatar not found")
        if request.model and request.model not in self._models:
            raise InvalidInput(f"unknown face provider; installed: {', '.join(self._models)}")
        if request.tts_provider and request.tts_provider not in self._voices:
            raise InvalidInput(f"unknown tts provider; installed: {', '.join(self._voices)}")
        if self.full:
            raise AtCapacity("all session slots are taken; try again later", retry_after=7)
        session = FakeSession(request, self._voices, session_id)
        session.quick = self._quick
        self._sessions[session.id] = session
        if self._quick and request.room is not None:
            session.enter_room()
        self._made.set()
        return session

    async def made(self, count: int) -> FakeSession:
        """The `count`th session it has made, as soon as there is one."""
        while len(self._sessions) < count:
            self._made.clear()
            await self._made.wait()
        return list(self._sessions.values())[count - 1]

    async def drain(self) -> None:
        """End every session, and wait until they are."""
        for session in self.sessions():
            await session.close()

    def get(self, session_id: str) -> FakeSession:
        """The session of that id."""
        try:
            return self._sessions[session_id]
        except KeyError:
            raise NotFound("session not found") from None

    def sessions(self) -> Sequence[FakeSession]:
        """Those that are not terminated."""
        return [session for session in self._sessions.values() if session._state != "terminated"]

    @property
    def full(self) -> bool:
        """Whether there is no room."""
        return len(self.sessions()) >= self._room

    @property
    def occupancy(self) -> Occupancy:
        """How full it is."""
        return Occupancy(self.full)

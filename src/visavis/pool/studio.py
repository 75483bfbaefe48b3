"""The studio: makes sessions out of providers, in the process that will carry their media."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from visavis.avatar import Avatar, Catalogue
from visavis.avatar.backdrops import TRANSPARENT, Backdrops
from visavis.errors import InvalidInput
from visavis.face import Cutout, Face, FaceProvider
from visavis.films import recordings
from visavis.knowledge.base import SqliteKnowledgeBase
from visavis.llm import ChatModel, ChatProvider, Message
from visavis.media.clock import FreeClock, RealClock
from visavis.media.loops import LoopStore
from visavis.media.pictures import Loop
from visavis.media.timeline import from_seconds
from visavis.persona import Persona, Personas
from visavis.pool.guests import fitted, visit
from visavis.pool.hearing import Hearing
from visavis.pool.own_microphone import open_microphone
from visavis.pool.upstreams import Services
from visavis.pool.verbs import NewSession
from visavis.registry import close, provider
from visavis.session.casting import Casting, VoiceChoice
from visavis.session.clips import Clips
from visavis.session.ear import Ear, Floor
from visavis.session.guest import Guest, Host
from visavis.session.history import History
from visavis.session.journal import Journal
from visavis.session.log import EventLog
from visavis.session.parts import Limits, Parts
from visavis.session.reaper import Reaper
from visavis.session.recording import MakeRecorder
from visavis.session.session import Session
from visavis.session.toolbox import Toolbox
from visavis.settings import Settings
from visavis.speech_text.normal import prepare
from visavis.streams import closing
from visavis.tools import ToolFunction, ToolProvider
from visavis.transport import Transport, Viewers
from visavis.transport.broadcast import Broadcast
from visavis.transport.ice import Network
from visavis.transport.microphone import Microphone
from visavis.transport.nowhere import Nowhere
from visavis.transport.recorder import mp4_recorder
from visavis.transport.webrtc import WebRtcTransport
from visavis.tts import VoiceProvider


@dataclass(frozen=True, slots=True)
class _Stage:
    """Where a session is seen and heard."""

    face: Face | None
    transport: Transport
    make_guest: Callable[[Host], Guest] | None = None
    viewers: Viewers | None = None
    make_ear: Callable[[Floor], Awaitable[Ear]] | None = None


_VOICE_ONLY = _Stage(None, Nowhere())


class Studio:
    """Holds what the sessions of one process share: providers, models, loops."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reaper = Reaper()
        self._catalogue = Catalogue(settings)
        self._backdrops = Backdrops(settings)
        self._loops = LoopStore(settings.data_dir / "cache" / "loops")
        self._providers: dict[tuple[str, str], Any] = {}
        self._network = Network.from_settings(settings)
        self._personas = Personas(settings)
        self._knowledge: dict[tuple[str, ...], SqliteKnowledgeBase] = {}
        """By collections."""
        self._hearing = Hearing(settings, self.reaper)
        self._limits = Limits(settings.max_text_chars, settings.peer_grace, settings.idle_timeout)

    async def session(
        self, session_id: str, request: NewSession, events: EventLog, on_end: Callable[[], None]
    ) -> Session:
        """Make a session of what `resolved` gave.

        Raises `NotFound` for avatar and persona, `InvalidInput` for what can't be used.
        """
        persona = await asyncio.to_thread(self.persona, request.persona)
        language = request.language or persona.language
        services = Services(self.settings, request.upstreams)
        casting = services.casting(request.tts_voice, request.tts_model, language or self.settings.language)
        casting = casting or self.casting(request, language)
        if request.room is None:
            casting.check(VoiceChoice())
        if len(persona.greeting) > self._limits.text_chars:
            raise InvalidInput(f"persona {request.persona!r}: greeting is over VISAVIS_MAX_TEXT_CHARS")
        toolbox = await asyncio.to_thread(self.toolbox, persona.tools)
        chat = services.chat_model()
        stage = _VOICE_ONLY
        if request.room is not None:
            face, detectors = await self._face(request), self._hearing.detectors
            stage = _Stage(face, *await visit(request.room, face, self.settings, self._loops, detectors))
        elif not request.voice_only:
            stage = await self._stage(request, lambda: session, language)
        parts = Parts(
            face=stage.face,
            casting=casting,
            chat=chat or self.chat_model(),
            knowledge=None if chat else self.knowledge(request.knowledge or persona.knowledge),
            transport=stage.transport,
            viewers=stage.viewers,
            make_ear=stage.make_ear,
            clock=RealClock() if stage.face else FreeClock(),
            journal=self.journal(session_id),
            reaper=self.reaper,
            toolbox=toolbox,
            greeting=persona.greeting,
            make_capture=partial(self._hearing.capture, language=language, recognizer=services.recognizer()),
            open_microphone=open_microphone,
            canceller=await self._hearing.canceller() if stage.make_ear else None,
            clips=Clips(self.settings.data_dir / "clips" / session_id) if request.clips else None,
            forgiving=request.forgiving,
            make_recorder=self._recorder_maker(session_id, stage.face) if stage.face else None,
            make_guest=stage.make_guest,
            owned=[services],
        )
        limits = self._limits
        if request.room is not None:
            # A guest leaves by itself; this is for one that does not.
            limits = dataclasses.replace(limits, idle_timeout=request.room.max_duration + 60)
        session = Session(session_id, parts, self.history(request), limits, events, on_end)
        if session.guest is not None:
            session.guest.start()
        return session

    async def _stage(self, request: NewSession, session: Callable[[], Session], language: str) -> "_Stage":
        """What a session with a face is seen and heard by."""
        face = await self._face(request)
        broadcast = Broadcast(self._loops, face.width, face.height, face.fps, self.settings.max_video_kbps)
        transport = WebRtcTransport(
            broadcast,
            self._network,
            joined=lambda viewer: session().attendance.joined(viewer.id),
            left=lambda viewer: session().attendance.left(viewer.id),
            microphone=lambda receiver: session().listen_to(lambda hear: Microphone(receiver, hear)),
        )
        ear = partial(self._hearing.ear, language=language)
        return _Stage(face, transport, viewers=transport, make_ear=ear)

    async def _face(self, request: NewSession) -> Face:
        if request.background == TRANSPARENT:
            raise InvalidInput("only films can be transparent: take the background 'green' and key it out")
        return await asyncio.to_thread(self.cast, request, request.background)

    def _recorder_maker(self, session_id: str, face: Face) -> MakeRecorder:
        path = recordings(self.settings).place(session_id)
        longest = from_seconds(60 * self.settings.recording_minutes)
        return lambda: mp4_recorder(path, face.width, face.height, face.fps, longest)

    def resolved(self, request: NewSession) -> NewSession:
        """`request` with what it leaves empty filled in from its persona. Blocks; raises as `session` does."""
        persona = self.persona(request.persona)
        voice = VoiceChoice(request.tts_provider, request.tts_voice, request.tts_model)
        voice = voice.over(VoiceChoice(persona.voice.provider, persona.voice.name))
        return msgspec.structs.replace(
            request,
            avatar_id=request.avatar_id or persona.avatar,
            model=request.model or persona.model,
            tts_provider=voice.provider,
            tts_voice=voice.name,
            tts_model=voice.model,
            system_prompt=request.system_prompt
            or persona.prompt
            or self._catalogue.customisations.prompt(request.avatar_id or persona.avatar),
        )

    def cast(self, request: NewSession, background: str | Path) -> Face:
        """The face that `request` asks for, before `background` (`Backdrops.applied`). Blocks, as `face` does."""
        avatar = fitted(self._catalogue.avatar(request.avatar_id), request.size, request.fps)
        face = self.face(self._backdrops.applied(avatar, background), request.model)
        if background and not isinstance(face, Cutout):
            model = request.model or self.settings.default_model
            raise InvalidInput(f"the model {model!r} shows avatars before their own background only")
        return face

    def face(self, avatar: Avatar, model: str) -> Face:
        """A face for one session; draws the avatar's loops the first time. Blocks: call it in a thread."""
        faces: FaceProvider = self._provider("face", model or self.settings.default_model)
        if missing := faces.missing():
            raise InvalidInput(f"model {faces.name!r} is not connected: {missing}")
        return faces.open(avatar)

    def casting(self, request: NewSession, language: str = "") -> Casting:
        """The voices of one session; `language` empty for the configured one."""
        default = VoiceChoice(self.settings.tts, self.settings.voice)
        choice = VoiceChoice(request.tts_provider, request.tts_voice, request.tts_model).over(default)
        fallback = default if self.settings.tts_fallback else None
        return Casting(
            lambda name: self._provider("tts", name), choice, language or self.settings.language, fallback
        )

    def chat_model(self) -> ChatModel:
        """The configured model."""
        models: ChatProvider = self._provider("llm", self.settings.chat_provider)
        return models.model()

    def knowledge(self, collections: Sequence[str] = ()) -> SqliteKnowledgeBase:
        """The documents in `collections`; empty for the default one."""
        key = tuple(collections)
        if key not in self._knowledge:
            self._knowledge[key] = SqliteKnowledgeBase(self.settings, key)
        return self._knowledge[key]

    def toolbox(self, names: Sequence[str] | None = None) -> Toolbox:
        """The tools of the providers `names`, all enabled ones if None. `InvalidInput` if one can't be used."""
        enabled = self.settings.tool_providers
        functions: list[ToolFunction] = []
        for name in dict.fromkeys(enabled if names is None else names):
            if name not in enabled:
                raise InvalidInput(f"the tools {name!r} are not enabled; add them to VISAVIS_TOOLS")
            tools: ToolProvider = self._provider("tools", name)
            if missing := tools.missing():
                raise InvalidInput(f"the tools {name!r} are not usable: {missing}")
            functions += tools.tools()
        return Toolbox(functions)

    async def ear(self, floor: Floor, language: str = "") -> Ear:
        """An ear for one session; `language` empty for the configured one."""
        return await self._hearing.ear(floor, language)

    def persona(self, name: str) -> Persona:
        """The persona of that name, or nobody in particular. Blocks; raises `NotFound`, `InvalidInput`."""
        return self._personas.persona(name) if name else Persona(name="")

    def journal(self, session_id: str) -> Journal:
        """Where a session is written down, if it is."""
        return Journal(self.settings.data_dir / "journal" / session_id if self.settings.journal else None)

    def history(self, request: NewSession) -> History:
        """The conversation so far."""
        earlier = [Message(said.role, said.content) for said in request.history]
        return History(request.system_prompt or self.settings.system_prompt, earlier)

    @property
    def limits(self) -> Limits:
        """The sessions' limits."""
        return self._limits

    @property
    def catalogue(self) -> Catalogue:
        """The avatars that are there."""
        return self._catalogue

    async def close(self) -> None:
        """Let go of the providers, after the last session."""
        await self.reaper.close()
        await self._hearing.close()
        for knowledge in self._knowledge.values():
            await knowledge.aclose()
        for made in self._providers.values():
            await close(made)

    async def warm(self) -> None:
        """Make ready what the first session would otherwise wait for: the voice, the default avatar's loops."""
        voices: VoiceProvider = self._provider("tts", self.settings.tts)
        if voices.missing() is None:
            voice = await asyncio.to_thread(voices.voice, self.settings.voice, self.settings.language)
            async with closing(voice.speak("Hello.")) as pieces:
                async for _ in pieces:
                    break
            await asyncio.to_thread(prepare, voice.info.language)
        await self.knowledge().passages("hello")
        avatars = self._catalogue.avatars()
        if not avatars:
            return
        face = await asyncio.to_thread(self.cast, NewSession(avatars[0].id), "")
        if isinstance(first := face.rest(None), Loop):
            await self._loops.encoded(first.clip, "VP8")
        await face.close()

    def _provider(self, kind: str, name: str) -> Any:
        key = (kind, name)
        if key not in self._providers:
            self._providers[key] = provider(kind, name, self.settings)
        return self._providers[key]

"""The studio: makes sessions out of providers, in the process that will carry their media."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from visavis.avatar import Avatar, Catalogue
from visavis.errors import InvalidInput
from visavis.face import Face, FaceProvider
from visavis.knowledge.base import SqliteKnowledgeBase
from visavis.llm import ChatModel, ChatProvider
from visavis.media.clock import RealClock
from visavis.media.loops import LoopStore
from visavis.media.pictures import Loop
from visavis.persona import Persona, Personas
from visavis.pool.hearing import Hearing
from visavis.pool.verbs import NewSession
from visavis.registry import close, provider
from visavis.session.casting import Casting, VoiceChoice
from visavis.session.history import History
from visavis.session.journal import Journal
from visavis.session.log import EventLog
from visavis.session.parts import Limits, Parts
from visavis.session.reaper import Reaper
from visavis.session.session import Session
from visavis.session.toolbox import Toolbox
from visavis.settings import Settings
from visavis.speech_text.normal import prepare
from visavis.streams import closing
from visavis.tools import ToolFunction, ToolProvider
from visavis.transport.broadcast import Broadcast
from visavis.transport.ice import Network
from visavis.transport.microphone import Microphone
from visavis.transport.webrtc import WebRtcTransport
from visavis.tts import VoiceProvider


class Studio:
    """Holds what the sessions of one process share: providers, models, loops."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.reaper = Reaper()
        self._catalogue = Catalogue(settings)
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
        persona = await asyncio.to_thread(self._persona, request)
        casting = self.casting(request, persona.language)
        casting.check(VoiceChoice())
        if len(persona.greeting) > self._limits.text_chars:
            raise InvalidInput(f"persona {request.persona!r}: greeting is over VISAVIS_MAX_TEXT_CHARS")
        toolbox = await asyncio.to_thread(self.toolbox, persona.tools)
        face = await asyncio.to_thread(self.face, self._catalogue.avatar(request.avatar_id), request.model)
        broadcast = Broadcast(self._loops, face.width, face.height, face.fps, self.settings.max_video_kbps)
        transport = WebRtcTransport(
            broadcast,
            self._network,
            joined=lambda viewer: session.viewer_joined(viewer.id),
            left=lambda viewer: session.viewer_left(viewer.id),
            microphone=lambda receiver: session.listen_to(lambda hear: Microphone(receiver, hear)),
        )
        parts = Parts(
            face=face,
            casting=casting,
            chat=self.chat_model(),
            knowledge=self.knowledge(persona.knowledge),
            transport=transport,
            viewers=transport,
            make_ear=partial(self._hearing.ear, language=persona.language),
            clock=RealClock(),
            journal=self.journal(session_id),
            reaper=self.reaper,
            toolbox=toolbox,
            greeting=persona.greeting,
        )
        session = Session(session_id, parts, self.history(request), self._limits, events, on_end)
        return session

    def resolved(self, request: NewSession) -> NewSession:
        """`request` with what it leaves empty filled in from its persona. Blocks; raises as `session` does."""
        persona = self._persona(request)
        voice = VoiceChoice(request.tts_provider, request.tts_voice, request.tts_model)
        voice = voice.over(VoiceChoice(persona.voice.provider, persona.voice.name))
        return msgspec.structs.replace(
            request,
            avatar_id=request.avatar_id or persona.avatar,
            model=request.model or persona.model,
            tts_provider=voice.provider,
            tts_voice=voice.name,
            tts_model=voice.model,
            system_prompt=request.system_prompt or persona.prompt,
        )

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

    def journal(self, session_id: str) -> Journal:
        """Where a session is written down, if it is."""
        return Journal(self.settings.data_dir / "journal" / session_id if self.settings.journal else None)

    def history(self, request: NewSession) -> History:
        """An empty conversation."""
        return History(request.system_prompt or self.settings.system_prompt)

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
        face = await asyncio.to_thread(self.face, avatars[0], "")
        if isinstance(first := face.rest(None), Loop):
            await self._loops.encoded(first.clip, "VP8")
        await face.close()

    def _persona(self, request: NewSession) -> Persona:
        return self._personas.persona(request.persona) if request.persona else Persona(name="")

    def _provider(self, kind: str, name: str) -> Any:
        key = (kind, name)
        if key not in self._providers:
            self._providers[key] = provider(kind, name, self.settings)
        return self._providers[key]

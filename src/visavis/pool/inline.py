"""The inline pool: sessions in this very process. For tests, for `say`, and inside each media worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from visavis.errors import AtCapacity, NotFound
from visavis.ids import new_id
from visavis.media.recordings import read_file, read_raw
from visavis.pool.contract import RETENTION
from visavis.pool.studio import Studio
from visavis.pool.verbs import (
    Answer,
    Chat,
    NewSession,
    Offer,
    Say,
    SessionInfo,
    Transcribe,
    Transcription,
    TurnAccepted,
)
from visavis.session.casting import VoiceChoice
from visavis.session.events import Record, TerminationReason
from visavis.session.log import EventLog
from visavis.session.session import Session
from visavis.settings import Settings
from visavis.uploads import Uploads

LONGEST_RECORDING = 600.0
"""Seconds of the longest recording that is transcribed."""

log = logging.getLogger(__name__)


class InlineHandle:
    """The door to a session in this process."""

    def __init__(self, session: Session, request: NewSession, settings: Settings) -> None:
        self.id = session.id
        self.session = session
        self._request = request
        self._uploads = Uploads(settings)
        self._model = request.model or settings.default_model
        self._provider = request.tts_provider or settings.tts

    async def info(self) -> SessionInfo:
        """What it is and how it is."""
        return SessionInfo(
            id=self.id,
            avatar_id=self._request.avatar_id,
            model=self._model,
            tts_provider=self._provider,
            tts_voice=self._request.tts_voice,
            state=self.session.state,
            busy=self.session.busy,
            viewers=self.session.viewers,
            created_at=self.session.created_at,
        )

    async def start(self) -> None:
        """Mark it as running."""
        self.session.start()

    async def say(self, command: Say) -> TurnAccepted:
        """Begin to speak."""
        choice = VoiceChoice(command.tts_provider, command.voice, command.tts_model)
        return TurnAccepted(self.session.say(command.text, choice))

    async def chat(self, command: Chat) -> TurnAccepted:
        """Begin to answer."""
        choice = VoiceChoice(command.tts_provider, command.voice, command.tts_model)
        return TurnAccepted(self.session.chat(command.prompt, choice, barge_in=command.barge_in))

    async def transcribe(self, command: Transcribe) -> Transcription:
        """Recognise a recording."""
        try:
            path = self._uploads.path(command.upload)
            if command.sample_rate:
                pcm = await asyncio.to_thread(read_raw, path, command.sample_rate, LONGEST_RECORDING)
            else:
                pcm = await asyncio.to_thread(read_file, path, LONGEST_RECORDING)
        finally:
            await asyncio.to_thread(self._uploads.forget, command.upload)
        return Transcription(await self.session.transcribe(pcm, chat=command.chat))

    async def interrupt(self) -> bool:
        """Stop the turn in flight."""
        return self.session.interrupt()

    async def pause(self) -> bool:
        """Hold the turn in flight."""
        return self.session.pause()

    async def resume(self) -> bool:
        """Go on with it."""
        return self.session.resume()

    async def offer(self, offer: Offer) -> Answer:
        """Connect a viewer."""
        return Answer(await self.session.offer(offer.viewer, offer.sdp))

    def events(self, after: int = 0) -> AsyncIterator[Record]:
        """What has happened and what happens."""
        return self.session.events.read(after)

    async def close(self) -> None:
        """End it."""
        await self.session.close()


class InlinePool:
    """Sessions in this process.

    `observe` hears of every event of every session, with the session's id. `warm` prepares in the
    background what the first session would wait for.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        observe: Callable[[str, Record], None] | None = None,
        retention: float = RETENTION,
        warm: bool = True,
    ) -> None:
        self._settings = settings
        self._observe = observe
        self._retention = retention
        self._warm = warm
        self._studio = Studio(settings)
        self._live: dict[str, InlineHandle] = {}
        self._ended: dict[str, InlineHandle] = {}
        self._making = 0
        self._warming: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "InlinePool":
        if self._warm:
            self._warming = asyncio.create_task(self._studio.warm(), name="warm")
            self._warming.add_done_callback(_report)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])
        await self.drain()
        await self._studio.close()

    async def create(self, request: NewSession, session_id: str = "") -> InlineHandle:
        """Make a session, of the id given or a new one."""
        if self.full:
            raise AtCapacity("no room for another session now; try again later")
        session_id = session_id or new_id()
        observe = self._observe
        events = EventLog((lambda record: observe(session_id, record)) if observe else None)
        self._making += 1
        try:
            request = await asyncio.to_thread(self._studio.resolved, request)
            session = await self._studio.session(session_id, request, events, lambda: self._retire(session_id))
        finally:
            self._making -= 1
        handle = self._live[session_id] = InlineHandle(session, request, self._settings)
        return handle

    def get(self, session_id: str) -> InlineHandle:
        """The session of that id."""
        handle = self._live.get(session_id) or self._ended.get(session_id)
        if handle is None:
            raise NotFound("session not found")
        return handle

    def sessions(self) -> Sequence[InlineHandle]:
        """Those that are not over."""
        return list(self._live.values())

    @property
    def full(self) -> bool:
        """Whether a new session would be refused now."""
        return len(self._live) + self._making >= self._settings.max_sessions

    async def drain(self, reason: TerminationReason = "shutdown") -> None:
        """End every session."""
        await asyncio.gather(*(handle.session.close(reason) for handle in self._live.values()))

    def _retire(self, session_id: str) -> None:
        handle = self._live.pop(session_id, None)
        if handle is not None and self._retention > 0:
            self._ended[session_id] = handle
            asyncio.get_running_loop().call_later(self._retention, self._ended.pop, session_id, None)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("preparing the default avatar failed; sessions will show why", exc_info=error)

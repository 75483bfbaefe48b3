"""A session whose parts a test holds in its hands, by a clock that the test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.session.cast_members import Listener, Loudness, ScriptedModel, ToneProvider
from tests.session.still_face import StillFace
from visavis.errors import InvalidInput
from visavis.llm import ChatModel
from visavis.media.clock import ManualClock
from visavis.session.casting import Casting, VoiceChoice
from visavis.session.ear import WINDOW, Ear, Floor
from visavis.session.events import AnyEvent, TurnEnded
from visavis.session.history import History
from visavis.session.journal import Journal
from visavis.session.log import EventLog
from visavis.session.parts import Limits, Parts
from visavis.session.reaper import Reaper
from visavis.session.session import Session
from visavis.session.toolbox import Toolbox
from visavis.session.turn_taking import TurnTaking
from visavis.testing.fakes import FakeKnowledgeBase
from visavis.testing.recording import RecordingTransport
from visavis.tts import VoiceProvider
from visavis.vad import SpeechDetector

SECOND = 48_000
ANY = VoiceChoice()
PATIENT = Limits(text_chars=1000, peer_grace=60, idle_timeout=60)


class Viewing(RecordingTransport):
    """A transport with viewers who come and go as the test says."""

    viewers = 0

    async def offer(self, viewer_id: str, sdp: str) -> str:
        return f"answer to {sdp}"


class Room:
    def __init__(
        self,
        face: StillFace,
        journal: Path | None,
        limits: Limits,
        chat: ChatModel | None,
        toolbox: Toolbox,
        greeting: str,
        **more: Any,
    ) -> None:
        self.clock = ManualClock()
        self.out = Viewing()
        self.provider = ToneProvider()
        self.voices: VoiceProvider = self.provider
        """What speaks."""
        self.voice = self.provider.english
        self.model = ScriptedModel("Hello ", "there. ", "How are ", "you?")
        self.listener = Listener()
        self.detector: SpeechDetector = Loudness()
        self.knowledge = FakeKnowledgeBase()
        self.face = face
        self.reaper = Reaper()
        casting = Casting(self._find, VoiceChoice("tone"), "en")
        self.parts = Parts(
            face=face,
            casting=casting,
            chat=chat or self.model,
            knowledge=self.knowledge,
            transport=self.out,
            viewers=self.out,
            make_ear=self._make_ear,
            clock=self.clock,
            journal=Journal(journal),
            reaper=self.reaper,
            toolbox=toolbox,
            greeting=greeting,
            **more,
        )
        self.events: list[AnyEvent] = []
        log = EventLog(lambda record: self.events.append(record.event))
        self.session = Session("session", self.parts, History("Be brief."), limits, log)

    async def _make_ear(self, floor: Floor) -> Ear:
        return Ear(self.detector, self.listener, TurnTaking("en"), floor, "en", self.reaper)

    async def sound(self, level: int, ms: int) -> None:
        """What the microphone gives, while the time passes."""
        assert self.session.listening is not None
        ear = await self.session.listening.ear()
        for _ in range(ms // 32):
            ear.hear(np.full(WINDOW, level, dtype=np.int16))
            await self.clock.advance(3 * WINDOW)

    def _find(self, name: str) -> VoiceProvider:
        if name != "tone":
            raise InvalidInput(f"unknown tts provider {name!r}")
        return self.voices

    def of(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def ended(self) -> list[tuple[str, str, str]]:
        return [(event.reason, event.text, event.heard) for event in self.events if isinstance(event, TurnEnded)]


@asynccontextmanager
async def room(
    face: StillFace | None = None,
    journal: Path | None = None,
    limits: Limits = PATIENT,
    chat: ChatModel | None = None,
    toolbox: Toolbox | None = None,
    greeting: str = "",
    **more: Any,
) -> AsyncIterator[Room]:
    """`more`: further `Parts`."""
    made = Room(face or StillFace(), journal, limits, chat, toolbox or Toolbox(), greeting, **more)
    try:
        yield made
    finally:
        await made.session.close()
        await made.reaper.close()


async def until(log: EventLog, kind: type[AnyEvent]) -> AnyEvent:
    async for record in log.read():
        if isinstance(record.event, kind):
            return record.event
    raise AssertionError(f"the log ended without {kind.__name__}")

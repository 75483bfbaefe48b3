"""Hearing: what the ears of one process share, the detector and the recogniser processes."""

import asyncio

from visavis.asr import Recognizer
from visavis.asr.pool import RecognizerPool
from visavis.media import echo
from visavis.media.echo import EchoCanceller, HalfDuplex
from visavis.registry import provider
from visavis.session.capture import Asker, Capture
from visavis.session.ear import Ear, Floor
from visavis.session.gate import Gate, LevelGate, VoiceGate
from visavis.session.plan import Plan
from visavis.session.reaper import Reaper
from visavis.session.turn_taking import TurnTaking
from visavis.settings import Settings
from visavis.vad import DetectorProvider


class Hearing:
    """Makes ears. Nothing is loaded before the first one: many sessions are never spoken to."""

    def __init__(self, settings: Settings, reaper: Reaper) -> None:
        self._settings = settings
        self._reaper = reaper
        self.detectors: DetectorProvider = provider("vad", settings.vad, settings)
        self._recognizers = RecognizerPool(
            settings,
            settings.asr,
            settings.asr_processes,
            language=settings.language,
            model=settings.asr_model,
        )
        self._started = False

    async def canceller(self) -> EchoCanceller | None:
        """What takes the avatar out of what a session's microphone hears; None if that does it itself."""
        if self._settings.echo == "browser":
            return None
        if self._settings.echo == "half-duplex":
            return HalfDuplex()
        return await asyncio.to_thread(echo.echo_canceller)

    async def ear(self, floor: Floor, language: str = "") -> Ear:
        """An ear for one session; `language` empty for the configured one."""
        language = language or self._settings.language
        recognizers = await self.recognizers()
        detector = await asyncio.to_thread(self.detectors.detector)
        taking = TurnTaking(language, preemptive=self._settings.preemptive)
        return Ear(detector, recognizers, taking, floor, language, self._reaper)

    async def capture(
        self, plan: Plan, asker: Asker, language: str = "", recognizer: Recognizer | None = None
    ) -> Capture:
        """What hears a question out; `recognizer` takes the place of the configured one."""
        gate: Gate = LevelGate(plan.threshold)
        if plan.endpointing == "voice":
            gate = VoiceGate(await asyncio.to_thread(self.detectors.detector))
        if recognizer is None:
            recognizer = await self.recognizers()
            language = language or self._settings.language
        return Capture(plan, gate, recognizer, language, asker, self._reaper)

    async def recognizers(self) -> RecognizerPool:
        """The recogniser processes, started at the first call; they load while the first words are spoken."""
        if not self._started:
            self._started = True
            await self._recognizers.__aenter__()
        return self._recognizers

    async def close(self) -> None:
        """End the processes."""
        if self._started:
            await self._recognizers.__aexit__()

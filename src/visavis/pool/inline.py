"""The inline pool: sessions in this very process. For tests, for `say`, and inside each media worker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
import numpy as np

from visavis.errors import AtCapacity, Conflict, InvalidInput, NotFound
from visavis.ids import new_id
from visavis.knowledge import Passage
from visavis.media.recordings import read_file, read_raw
from visavis.media.samples import Resampler, Samples, faded, from_bytes
from visavis.media.timeline import HEARD_RATE, SAMPLE_RATE, to_ms
from visavis.pool.contract import RETENTION
from visavis.pool.studio import Studio
from visavis.pool.verbs import (
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
    SessionInfo,
    Transcribe,
    Transcription,
    TurnAccepted,
)
from visavis.session.answering import PASSAGES, Reading
from visavis.session.casting import VoiceChoice
from visavis.session.events import Record, TerminationReason
from visavis.session.inflow import Inflow
from visavis.session.log import EventLog
from visavis.session.session import Session
from visavis.settings import Settings
from visavis.tts import Speech
from visavis.uploads import Uploads

LONGEST_RECORDING = 600.0
"""Seconds of the longest recording that is transcribed."""

LONGEST_SPEECH = 300.0
"""Seconds of the longest recording that is played: 29 MB of samples."""

FADE = SAMPLE_RATE // 200
"""Samples over which a recording that is played fades in and out: 5 ms, which nobody hears but for the click."""

PIECE = SAMPLE_RATE // 10
"""Samples of a recording that a turn takes at a time."""

log = logging.getLogger(__name__)


class InlineHandle:
    """The door to a session in this process."""

    def __init__(self, session: Session, request: NewSession, settings: Settings) -> None:
        self.id = session.id
        self.session = session
        # Without the token of a room: the session has it, and this outlives the session.
        self._request = msgspec.structs.replace(request, room=None)
        self._uploads = Uploads(settings)
        self._model = request.model or settings.default_model
        self._provider = request.tts_provider or settings.tts
        self._pushed: tuple[int, Resampler] | None = None
        """What brings pushed sound of a rate to the ear's."""
        self._inflow: tuple[str, Inflow] | None = None
        """The turn that sound is pushed into."""

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
            viewers=self.session.attendance.viewers,
            created_at=self.session.created_at,
            recording=self._recorded(),
        )

    async def start(self) -> None:
        """Mark it as running."""
        self.session.start()

    async def say(self, command: Say) -> TurnAccepted:
        """Begin to speak."""
        choice = VoiceChoice(command.tts_provider, command.voice, command.tts_model)
        return TurnAccepted(self.session.say(command.text, choice, command.expression))

    async def chat(self, command: Chat) -> TurnAccepted:
        """Begin to answer."""
        choice = VoiceChoice(command.tts_provider, command.voice, command.tts_model)
        given = [Passage(passage.text, passage.source, passage.score) for passage in command.passages]
        reading = Reading(given, command.top_k or PASSAGES)
        turn = self.session.chat(
            command.prompt,
            choice,
            barge_in=command.barge_in,
            aloud=command.aloud,
            reading=reading,
            feeling=command.expression,
        )
        return TurnAccepted(turn)

    async def recite(self, command: Recite) -> TurnAccepted:
        """Begin to play a recording."""
        pcm = await self._recording(command.upload, command.sample_rate, LONGEST_SPEECH, SAMPLE_RATE)
        return TurnAccepted(self.session.recite(_pieces(faded(pcm, FADE))))

    async def push_audio(self, command: PushAudio) -> TurnAccepted:
        """Take more of a turn's sound."""
        pcm = _samples(command.pcm, command.sample_rate)
        if not command.turn:
            inflow = Inflow(command.sample_rate)
            self._inflow = (self.session.recite(inflow.speech()), inflow)
        elif self._inflow is None or not command.turn == self._inflow[0] == self.session.turn:
            raise Conflict("interrupted")
        turn, inflow = self._inflow
        if command.sample_rate != inflow.sample_rate:
            raise InvalidInput("sample_rate must stay the same within a turn")
        await inflow.put(pcm, command.last)
        return TurnAccepted(turn)

    async def transcribe(self, command: Transcribe) -> Transcription:
        """Recognise a recording."""
        pcm = await self._recording(command.upload, command.sample_rate, LONGEST_RECORDING, HEARD_RATE)
        return Transcription(await self.session.transcribe(pcm, chat=command.chat))

    async def listen(self, command: Listen) -> None:
        """Hear a question out."""
        pcm: Samples | None = None
        if command.plan.source == "recording":
            try:
                path = self._uploads.path(command.upload)
                # The first channel, as of microphones and of pushed sound (contract kiosk 1.5).
                pcm = await asyncio.to_thread(
                    read_file, path, LONGEST_RECORDING, first_channel=True, may_be_empty=True
                )
            finally:
                await asyncio.to_thread(self._uploads.forget, command.upload)
        self._pushed = None
        await self.session.listen(command.plan, pcm)

    async def hear(self, command: Hear) -> None:
        """Take more of what the user says."""
        heard = _samples(command.pcm, command.sample_rate)
        if self._pushed is None or self._pushed[0] != command.sample_rate:
            self._pushed = (command.sample_rate, Resampler(command.sample_rate, HEARD_RATE))
        pcm = self._pushed[1].push(heard)
        if command.last:
            pcm = np.concatenate([pcm, self._pushed[1].flush()])
            self._pushed = None
        await self.session.hear(pcm, command.last)

    async def stop_listening(self) -> bool:
        """End the question here."""
        return self.session.stop_listening()

    async def interrupt(self) -> bool:
        """Stop what is being recognised or said."""
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

    async def record(self) -> None:
        """Record what it plays."""
        await self.session.recording.start()

    async def stop_recording(self) -> Recorded:
        """Complete the recording."""
        await self.session.recording.stop()
        return self._recorded()

    async def customise(self, command: Customise) -> None:
        """Give the chat model another system prompt."""
        self.session.customise(command.system_prompt)

    def events(self, after: int = 0) -> AsyncIterator[Record]:
        """What has happened and what happens."""
        return self.session.events.read(after)

    async def close(self) -> None:
        """End it."""
        await self.session.close()

    def _recorded(self) -> Recorded:
        recording = self.session.recording
        return Recorded(recording.state, to_ms(recording.length), recording.error)

    async def _recording(self, upload: str, raw_rate: int, longest: float, rate: int) -> Samples:
        """An upload as int16 mono at `rate` Hz; the file is gone then."""
        try:
            path = self._uploads.path(upload)
            if raw_rate:
                return await asyncio.to_thread(read_raw, path, raw_rate, longest, rate)
            return await asyncio.to_thread(read_file, path, longest, rate)
        finally:
            await asyncio.to_thread(self._uploads.forget, upload)


def _samples(pcm: bytes, sample_rate: int) -> Samples:
    if len(pcm) % 2 or not 4000 <= sample_rate <= 192_000:
        raise InvalidInput("sound has to be whole samples, s16le mono, at 4000 to 192000 Hz")
    return from_bytes(pcm)


async def _pieces(pcm: Samples) -> AsyncIterator[Speech]:
    for start in range(0, len(pcm), PIECE):
        yield Speech(pcm[start : start + PIECE], SAMPLE_RATE)


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

    @property
    def occupancy(self) -> Occupancy:
        """How full it is."""
        return Occupancy(self.full)

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

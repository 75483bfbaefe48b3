"""`SessionPool` makes sessions, `SessionHandle` is the door to one."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

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
from visavis.session.events import Record

RETENTION = 600.0
"""Seconds an ended session can still be asked about."""


class SessionHandle(Protocol):
    """One session, wherever it runs. After it is terminated `info` and `events` still work for a while;
    the verbs then raise `Conflict`. If its process dies, `WorkerLost` is raised and `Terminated` logged.
    """

    id: str

    async def info(self) -> SessionInfo:
        """What it is and how it is."""

    async def start(self) -> None:
        """Mark it as running; `Conflict` if it is already or is terminated."""

    async def say(self, command: Say) -> TurnAccepted:
        """Begin to speak; starts the session if need be. Raises `InvalidInput` for an unknown voice."""

    async def chat(self, command: Chat) -> TurnAccepted:
        """Begin to answer; starts the session if need be. Raises `Conflict`, `InvalidInput`."""

    async def recite(self, command: Recite) -> TurnAccepted:
        """Begin to play a recording, whose file is gone when this returns; starts the session if need be.

        Raises `InvalidInput` (it can't be decoded, or is empty), `TooLarge`, `Conflict`.
        """

    async def push_audio(self, command: PushAudio) -> TurnAccepted:
        """Take more of a turn's sound; waits while two seconds of it are still to be played.

        Raises `InvalidInput` (half a sample), `Conflict` (interrupted: begin another turn).
        """

    async def transcribe(self, command: Transcribe) -> Transcription:
        """Recognise a recording, whose file is gone afterwards.

        Raises `InvalidInput` (it can't be decoded), `TooLarge`, `Conflict` (interrupted), `StageFailed`.
        """

    async def listen(self, command: Listen) -> None:
        """Begin to hear a question out; what comes of it are events, `Understood` the last before an answer.

        A recording's file is gone when this returns. Raises `InvalidInput` (a recording that can't be decoded, a
        microphone that is not there), `TooLarge`, `Conflict` (it listens already), `Unavailable`.
        """

    async def hear(self, command: Hear) -> None:
        """Take more of what the user says.

        Raises `Conflict` (it has nothing to hear with, or does not listen), `InvalidInput` (half a sample).
        """

    async def stop_listening(self) -> bool:
        """End the question here and go on with what was heard. False if none is being heard."""

    async def interrupt(self) -> bool:
        """Stop what is being recognised or said: when this returns, no packet of it will leave.

        False if there was nothing.
        """

    async def pause(self) -> bool:
        """Hold the turn in flight at the present sample. False if there is none."""

    async def resume(self) -> bool:
        """Go on from that sample. False if nothing is held."""

    async def offer(self, offer: Offer) -> Answer:
        """Connect a viewer. `InvalidInput` if the SDP is malformed, `Conflict` if terminated."""

    async def record(self) -> None:
        """Record what it plays, idle or not, until it ends, is stopped or is as long as the settings allow.

        A recording that is complete takes the place of an earlier one. If it fails on the way, that is told as
        `Warned("recording_failed", …)` and the session goes on. Raises `Conflict` (it is being recorded, it has
        no face), `Unavailable` (nothing can be written).
        """

    async def stop_recording(self) -> Recorded:
        """Complete the recording: when this returns its file is there, or it has failed.

        Raises `Conflict` if it was never recorded.
        """

    async def customise(self, command: Customise) -> None:
        """Give the chat model another system prompt, from the next answer on. Raises `Conflict`."""

    def events(self, after: int = 0) -> AsyncIterator[Record]:
        """The events with `seq > after`: those the ring still has, then each as it happens.

        Ends after `Terminated`. A reader that falls behind by more than the ring holds is dropped: the
        iterator raises `TooLarge`.
        """

    async def close(self) -> None:
        """End the session. Closing twice is fine."""


class ModelStatus(msgspec.Struct, frozen=True):
    """A face model, and whether it can be used."""

    id: str
    backend: str
    connected: bool
    reason: str


class SessionPool(Protocol):
    """Makes sessions and finds them again. An async context manager: leaving it ends them all."""

    async def __aenter__(self) -> "SessionPool":
        """Begin to make ready; returns at once, sessions wait for what they need."""

    async def __aexit__(self, *exc: object) -> None:
        """End every session and process."""

    async def create(self, request: NewSession, session_id: str = "") -> SessionHandle:
        """Make a session, of the id given or a new one.

        Raises `NotFound` (avatar), `InvalidInput` (model, provider, voice), `AtCapacity`, `UpstreamFailed`.
        """

    def get(self, session_id: str) -> SessionHandle:
        """The session of that id, also for ten minutes after its end; else `NotFound`."""

    def sessions(self) -> Sequence[SessionHandle]:
        """Those that are not terminated."""

    async def drain(self) -> None:
        """End every session, and take no new one."""

    @property
    def full(self) -> bool:
        """Whether a new session would be refused now."""

    @property
    def occupancy(self) -> Occupancy:
        """How full it is."""

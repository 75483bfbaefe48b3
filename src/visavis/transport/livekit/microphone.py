"""The microphone of somebody in the room, whose voice the avatar lends its face to (contract protoface 2.3)."""

import asyncio
import logging

from visavis.media.samples import from_bytes
from visavis.media.timeline import SAMPLE_RATE
from visavis.transport import Visitor
from visavis.transport.livekit.library import rtc
from visavis.transport.livekit.speaker import Speaker

WAITING = 50
"""Frames that may wait to be taken, the oldest are dropped: a second."""

CLOSING = 2.0
"""Seconds a stream may take to end."""

log = logging.getLogger(__name__)


class RoomMicrophone:
    """Listens to the speaker's microphone, whenever there is one."""

    def __init__(self, speaker: Speaker, visitor: Visitor) -> None:
        self._speaker = speaker
        self._visitor = visitor
        self._listening: dict[str, asyncio.Task[None]] = {}
        """By the tracks' ids."""

    def published(self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        """Somebody has a track: subscribe to it if it is the one."""
        audio = publication.kind == rtc.TrackKind.KIND_AUDIO
        microphone = publication.source in (rtc.TrackSource.SOURCE_MICROPHONE, rtc.TrackSource.SOURCE_UNKNOWN)
        if audio and microphone and self._speaker.admits(participant.identity):
            publication.set_subscribed(True)

    def subscribed(self, track: rtc.Track, participant: rtc.RemoteParticipant) -> None:
        """Its sound is coming."""
        if track.kind != rtc.TrackKind.KIND_AUDIO or track.sid in self._listening:
            return
        task = asyncio.create_task(self._listen(track, participant.identity), name="listen to a track")
        self._listening[track.sid] = task
        task.add_done_callback(lambda done: self._done(track.sid, done))

    def unsubscribed(self, track: rtc.Track) -> None:
        """It is gone."""
        if task := self._listening.get(track.sid):
            task.cancel()

    async def close(self) -> None:
        """Listen no more."""
        tasks = list(self._listening.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _listen(self, track: rtc.Track, identity: str) -> None:
        intake = self._visitor.open(identity, SAMPLE_RATE, continuous=True)
        stream = rtc.AudioStream(
            track, capacity=WAITING, sample_rate=SAMPLE_RATE, num_channels=1, frame_size_ms=20
        )
        try:
            async for event in stream:
                self._visitor.received()
                intake.push(from_bytes(event.frame.data.tobytes()))
        finally:
            intake.end()
            closing = asyncio.ensure_future(stream.aclose())
            await asyncio.wait([closing], timeout=CLOSING)

    def _done(self, sid: str, task: asyncio.Task[None]) -> None:
        del self._listening[sid]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("listening to a track failed by a defect", exc_info=error)

"""`LiveKitRoom`: a session as a participant of a LiveKit room."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction

from visavis.errors import InvalidInput
from visavis.media.chunk import AVChunk
from visavis.media.loops import LoopStore
from visavis.outbound.livekit import livekit_url
from visavis.settings import Settings
from visavis.transport import RoomFailed, Visitor
from visavis.transport.livekit.calls import Calls
from visavis.transport.livekit.joining import join, leave
from visavis.transport.livekit.library import rtc
from visavis.transport.livekit.microphone import RoomMicrophone
from visavis.transport.livekit.pictures import RoomPictures
from visavis.transport.livekit.sound import RoomSound
from visavis.transport.livekit.speaker import Speaker
from visavis.transport.livekit.streams import TOPIC, Streams
from visavis.transport.livekit.token import ON_BEHALF, patron

JOINING = 9.0
"""Seconds until it is in the room and has published."""

UNHEARD = 0.5
"""Seconds after which it speaks although nobody has subscribed to its sound. Those who are there take some 0.2:
an agent speaks as soon as it sees the tracks, and its first word would be lost to everybody."""

STRAGGLING = 0.25
"""Seconds by which others may subscribe later than the first."""

STREAM = "protoface-avatar"
"""Of both tracks: receivers keep in step what belongs to one stream."""

NORMAL = {
    rtc.DisconnectReason.CLIENT_INITIATED,
    rtc.DisconnectReason.PARTICIPANT_REMOVED,
    rtc.DisconnectReason.ROOM_DELETED,
    rtc.DisconnectReason.ROOM_CLOSED,
}
"""What ends a visit without a failure (contract protoface 2.5)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Where a session is a guest, and how."""

    url: str = field(repr=False)
    name: str
    token: str = field(repr=False)
    track: bool = False
    """Whether it lends its face to a microphone, instead of saying what streams bring."""
    subscribe_to: str = ""
    """Whose microphone; empty for the first one."""


class LiveKitRoom:
    """Implements `Room`."""

    def __init__(
        self, invitation: Invitation, settings: Settings, loops: LoopStore, picture: tuple[int, int, Fraction]
    ) -> None:
        """`picture`: width, height and pictures a second."""
        self.frames = 0
        """Pictures that were published."""
        self._invitation = invitation
        self._settings = settings
        self._fps = picture[2]
        self._room = rtc.Room()
        self._sound = RoomSound()
        self._pictures = RoomPictures(loops, *picture, settings.max_video_kbps)
        self._calls = Calls(self._room)
        self._visitor: Visitor | None = None
        self._streams: Streams | None = None
        self._microphone: RoomMicrophone | None = None
        self._speaker = Speaker(invitation.subscribe_to if invitation.track else "")
        self._patron = ""
        """Whose avatar it is, if that is known."""
        self._tasks: list[asyncio.Task[None]] = []
        self._published = False
        self._audible = asyncio.Event()
        self._closed = False

    @property
    def alone(self) -> bool:
        """Whether nobody else is there."""
        return not self._room.remote_participants

    @property
    def unsent(self) -> int:
        """Samples that were played and have not left yet."""
        return self._sound.unsent

    async def join(self, visitor: Visitor) -> str:
        """See `Room`."""
        began = time.monotonic()
        self._visitor = visitor
        self._patron = patron(self._invitation.token, self._invitation.name, time.time())
        try:
            url = await livekit_url(self._invitation.url, self._settings)
        except InvalidInput:
            raise RoomFailed("transport.join_failed") from None
        if not self._invitation.track and self._patron:
            # Before strangers can be the first.
            self._speaker.admits(self._patron)
        self._listen(visitor)
        await join(self._room, url, self._invitation.token, within=JOINING - (time.monotonic() - began))
        # It has served: the library comes back with tokens that the server gives it.
        self._invitation = replace(self._invitation, token="")
        self._begin()
        try:
            async with asyncio.timeout(JOINING - (time.monotonic() - began)):
                await self._publish()
        except TimeoutError:
            raise RoomFailed("transport.join_failed") from None
        except rtc.participant.PublishTrackError:
            raise RoomFailed("transport.token_invalid") from None
        self._published = True
        return self._room.local_participant.identity

    def play(self, chunk: AVChunk) -> None:
        """See `Transport`. Sound and pictures of the same time leave together."""
        if not self._published or self._closed:
            return
        if len(chunk.pcm):
            self._sound.send(chunk.pcm)
        for start, picture in chunk.pictures:
            self._pictures.show(start, picture)
            self.frames += 1
            if self.frames == 1 and self._visitor is not None:
                self._visitor.shown()

    def flush(self) -> None:
        """See `Transport`."""
        if not self._closed:
            self._sound.flush()
            self._pictures.flush()

    async def until_heard(self) -> None:
        """See `Room`."""
        await self._audible.wait()

    def started(self, sender: str) -> None:
        """See `Room`."""
        self._calls.started(sender)

    def finished(self, sender: str, seconds: float, *, interrupted: bool) -> None:
        """See `Room`."""
        self._calls.finished(sender, seconds, interrupted=interrupted)

    async def close(self) -> None:
        """See `Room`."""
        if self._closed:
            return
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._streams is not None:
            await self._streams.close()
        if self._microphone is not None:
            await self._microphone.close()
        await leave(self._room)
        await self._sound.close()
        await self._pictures.close()

    def _listen(self, visitor: Visitor) -> None:
        """Take in whatever the room tells, from its first moment on."""
        self._room.on("disconnected", self._disconnected)
        if self._invitation.track:
            self._microphone = microphone = RoomMicrophone(self._speaker, visitor)
            self._room.on("track_published", microphone.published)
            self._room.on("track_subscribed", lambda track, _, who: microphone.subscribed(track, who))
            self._room.on("track_unsubscribed", lambda track, *_: microphone.unsubscribed(track))
        else:
            self._streams = Streams(self._speaker, visitor)
            self._room.register_byte_stream_handler(TOPIC, self._streams.opened)

    def _begin(self) -> None:
        """It is connected: see who is there."""
        own = self._room.local_participant
        own.register_rpc_method("lk.clear_buffer", self._clear)
        self._patron = self._patron or own.attributes.get(ON_BEHALF, "")
        if not self._invitation.track and self._patron:
            self._speaker.admits(self._patron)
        if self._microphone is not None:
            for participant in self._room.remote_participants.values():
                for publication in participant.track_publications.values():
                    self._microphone.published(publication, participant)
        self._run(self._sound.run(), "send sound")
        self._run(self._calls.run(), "call the speaker")

    async def _publish(self) -> None:
        own = self._room.local_participant
        encoding = rtc.VideoEncoding(
            # Left to itself the library picks both by size, and encodes 15 pictures of 25.
            max_framerate=float(self._fps),
            max_bitrate=self._settings.max_video_kbps * 1000,
        )
        camera = rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_CAMERA,
            simulcast=False,
            stream=STREAM,
            video_codec=rtc.VideoCodec.VP8,
            video_encoding=encoding,
            video_encoder=rtc.VideoEncoderBackend.Value("ENCODER_BACKEND_PRE_ENCODED"),
        )
        microphone = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, stream=STREAM)
        _, heard = await asyncio.gather(
            own.publish_track(self._pictures.track, camera), own.publish_track(self._sound.track, microphone)
        )
        self._run(self._wait_for_ears(heard), "wait to be heard")

    async def _wait_for_ears(self, sound: rtc.LocalTrackPublication) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(UNHEARD):
                await sound.wait_for_subscription()
                if len(self._room.remote_participants) > 1:
                    # The server tells of the first only, which may be the agent itself.
                    await asyncio.sleep(STRAGGLING)
        self._audible.set()

    def _clear(self, call: rtc.RpcInvocationData) -> str:
        """Somebody wants silence (contract protoface 2.2)."""
        known = self._speaker.is_known_as(call.caller_identity) or (self._patron == call.caller_identity != "")
        if not known or self._visitor is None or self._closed:
            return "reject"
        if self._streams is not None:
            self._streams.clear()
        self._visitor.clear()
        return "ok"

    def _disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        if self._closed or self._visitor is None:
            return
        code = "" if reason in NORMAL else "transport.connection_lost"
        if reason == rtc.DisconnectReason.DUPLICATE_IDENTITY:
            code = "transport.removed"
        self._visitor.left(code)

    def _run(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None and self._visitor is not None:
            log.error("a room's media failed by a defect: %s", type(error).__name__)
            self._visitor.left("worker.error")

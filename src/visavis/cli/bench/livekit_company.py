"""Company for an avatar in its room: an agent that has it speak, and a viewer who notes what arrives, and when."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import click
import numpy as np

from visavis.cli.bench.livekit_rooms import Rooms
from visavis.cli.bench.livekit_signal import AUDIBLE
from visavis.face import counter
from visavis.media.samples import EMPTY, Samples
from visavis.media.timeline import SAMPLE_RATE, to_seconds
from visavis.transport.livekit.library import rtc

AVATAR = "avatar"
"""Its identity, by the token that it is given."""
AGENT = "agent"

GIVE_UP = 20.0
"""Seconds after which what should have come counts as missing."""


class Shown(NamedTuple):
    """A picture as it is shown to the viewer."""

    at: float
    """`time.monotonic()`."""
    flash: bool


class Heard(NamedTuple):
    """A piece of sound as it is given to the viewer's loudspeaker."""

    at: float
    """`time.monotonic()` when its first sample was."""
    pcm: Samples
    """48 kHz."""


class Someone:
    """A participant, made of LiveKit's own client; it decodes as any viewer does."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.pictures: list[Shown] = []
        self.sound: list[Heard] = []
        self.finished: list[float] = []
        """Played positions in seconds, as the avatar told them."""
        self._news = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.room.on("track_subscribed", lambda track, *_: self._watch(track))

    async def until(self, happened: Callable[[], object], what: str) -> None:
        """Wait for something, which is looked at whenever anything arrives. Raises `click.ClickException`."""
        try:
            async with asyncio.timeout(GIVE_UP):
                while not happened():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise click.ClickException(f"{what} did not come within {GIVE_UP:g} s") from None

    async def quiet(self, seconds: float) -> None:
        """Wait until nothing has been heard for so long, by what arrives."""
        count = round(seconds * SAMPLE_RATE)
        silent = 0
        while silent < count:
            seen = len(self.sound)
            await self.until(lambda: len(self.sound) > seen, "sound")  # noqa: B023  # it is waited for right here
            for piece in self.sound[seen:]:
                silent = 0 if loud(piece.pcm) else silent + len(piece.pcm)

    def forget(self) -> None:
        """Begin anew; whoever has the old lists keeps them."""
        self.pictures, self.sound = [], []

    async def stream(self, rate: int) -> rtc.ByteStreamWriter:
        """A new utterance for the avatar."""
        return await self.room.local_participant.stream_bytes(
            "AUDIO_1",
            topic="lk.audio_stream",
            mime_type="application/octet-stream",
            attributes={"sample_rate": str(rate), "num_channels": "1"},
            destination_identities=[AVATAR],
        )

    async def clear(self) -> str:
        """Have the avatar stop; returns its answer."""
        return await self.room.local_participant.perform_rpc(
            destination_identity=AVATAR, method="lk.clear_buffer", payload=""
        )

    async def join(self, rooms: Rooms, identity: str, name: str) -> None:
        """Go in. Raises `click.ClickException`."""
        try:
            async with asyncio.timeout(GIVE_UP):
                await self.room.connect(rooms.url, rooms.token(identity, name))
        except (rtc.ConnectError, TimeoutError):
            raise click.ClickException("the LiveKit server can't be reached, or does not take the key") from None
        own = self.room.local_participant
        own.register_rpc_method("lk.playback_started", lambda call: "ok")
        own.register_rpc_method("lk.playback_finished", self._told)

    async def leave(self) -> None:
        """Go out."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self.room.disconnect()

    def _told(self, call: rtc.RpcInvocationData) -> str:
        self.finished.append(float(json.loads(call.payload)["playback_position"]))
        self._news.set()
        return "ok"

    def _watch(self, track: rtc.Track) -> None:
        work = self._hear(track) if track.kind == rtc.TrackKind.KIND_AUDIO else self._see(track)
        self._tasks[track.sid] = asyncio.create_task(work, name="watch an avatar")

    async def _hear(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=SAMPLE_RATE, num_channels=1)
        try:
            async for event in stream:
                self.sound.append(Heard(time.monotonic(), np.frombuffer(event.frame.data, dtype=np.int16)))
                self._news.set()
        finally:
            await stream.aclose()

    async def _see(self, track: rtc.Track) -> None:
        stream = rtc.VideoStream(track, format=rtc.VideoBufferType.I420)
        try:
            async for event in stream:
                now, frame = time.monotonic(), event.frame
                luma = np.frombuffer(frame.data, np.uint8, frame.width * frame.height)
                self.pictures.append(Shown(now, counter.flashing(luma.reshape(frame.height, frame.width))))
                self._news.set()
        finally:
            await stream.aclose()


@dataclass(frozen=True, slots=True)
class Company:
    """The two who are in a room before the avatar comes."""

    name: str
    agent: Someone = field(repr=False)
    viewer: Someone = field(repr=False)
    token: str = field(repr=False)
    """For the avatar."""


@asynccontextmanager
async def company(rooms: Rooms, name: str) -> AsyncIterator[Company]:
    """An agent and a viewer in room `name`, until the block ends."""
    agent, viewer = Someone(), Someone()
    # It sends, and looks at nothing: that would be decoded twice.
    agent.room.on("track_published", lambda publication, *_: publication.set_subscribed(subscribed=False))
    try:
        await agent.join(rooms, AGENT, name)
        await viewer.join(rooms, "viewer", name)
        yield Company(name, agent, viewer, rooms.token(AVATAR, name, {"lk.publish_on_behalf": AGENT}))
    finally:
        await agent.leave()
        await viewer.leave()


def joined(sound: Sequence[Heard]) -> Samples:
    """All that was heard, in one piece."""
    return np.concatenate([piece.pcm for piece in sound]) if sound else EMPTY


def moment(sound: Sequence[Heard], sample: int) -> float:
    """When a sample of all that was heard was given to the loudspeaker, as `time.monotonic()`."""
    for piece in sound:
        if sample < len(piece.pcm):
            return piece.at + to_seconds(sample)
        sample -= len(piece.pcm)
    return sound[-1].at + to_seconds(sample + len(sound[-1].pcm))


def loud(pcm: Samples) -> bool:
    """Whether there is anything to be heard in it."""
    return bool(len(pcm)) and int(np.abs(pcm.astype(np.int32)).max()) > AUDIBLE

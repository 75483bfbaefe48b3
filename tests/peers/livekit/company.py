"""Company for a guest: a participant of its room, made of LiveKit's own client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from livekit import rtc

from tests.peers.livekit.conftest import Server
from tests.transport.livekit.minting import token
from visavis.media.samples import EMPTY, Samples

RATE = 48_000


class Someone:
    """Sees, hears and calls the avatar, and sends it sound."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.room = rtc.Room()
        self.sound: Samples = EMPTY
        """What was heard of the avatar."""
        self.pictures = 0
        self.calls: list[tuple[str, str]] = []
        """What the avatar told: method and payload."""
        self._changed = asyncio.Condition()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.room.on("track_subscribed", lambda track, *_: self._watch(track))
        self.room.on("track_unsubscribed", lambda track, *_: self._unwatch(track))

    async def until(self, happened: Any, seconds: float = 15) -> None:
        """Wait for something to be so, that is looked at whenever anything comes in."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(happened)

    def finished(self) -> list[str]:
        return [payload for method, payload in self.calls if method == "lk.playback_finished"]

    async def told(self, method: str, call: rtc.RpcInvocationData) -> str:
        self.calls.append((method, call.payload))
        await self._notify()
        return "ok"

    async def clear(self) -> str:
        return await self.room.local_participant.perform_rpc(
            destination_identity="avatar", method="lk.clear_buffer", payload=""
        )

    async def stream(
        self, rate: int = 24_000, channels: int = 1, mime: str = "application/octet-stream"
    ) -> rtc.ByteStreamWriter:
        return await self.room.local_participant.stream_bytes(
            "AUDIO_1",
            topic="lk.audio_stream",
            mime_type=mime,
            attributes={"sample_rate": str(rate), "num_channels": str(channels)},
            destination_identities=["avatar"],
        )

    async def say(self, pcm: Samples, rate: int = 24_000) -> None:
        writer = await self.stream(rate)
        await writer.write(pcm.tobytes())
        await writer.aclose()

    async def leave(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self.room.disconnect()

    def _watch(self, track: rtc.Track) -> None:
        work = self._hear(track) if track.kind == rtc.TrackKind.KIND_AUDIO else self._see(track)
        self._tasks[track.sid] = asyncio.create_task(work)

    def _unwatch(self, track: rtc.Track) -> None:
        if task := self._tasks.pop(track.sid, None):
            task.cancel()

    async def _hear(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        try:
            async for event in stream:
                heard = np.frombuffer(event.frame.data, dtype=np.int16)
                self.sound = np.concatenate((self.sound, heard))
                await self._notify()
        finally:
            await stream.aclose()

    async def _see(self, track: rtc.Track) -> None:
        stream = rtc.VideoStream(track)
        try:
            async for _ in stream:
                self.pictures += 1
                await self._notify()
        finally:
            await stream.aclose()

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def someone(
    server: Server, room: str, identity: str = "agent", *, answers: bool = True
) -> AsyncIterator[Someone]:
    """`answers`: takes the calls of avatars, as agents do and browsers don't."""
    made = Someone(identity)
    await made.room.connect(server.url, token(identity, room))
    if answers:
        for method in ("lk.playback_started", "lk.playback_finished"):
            made.room.local_participant.register_rpc_method(method, lambda call, m=method: made.told(m, call))
    try:
        yield made
    finally:
        await made.leave()


def loud(pcm: Samples) -> int:
    """How many hundredths of a second there is something to be heard."""
    whole = pcm[: len(pcm) // 480 * 480].reshape(-1, 480).astype(int)
    return int((np.abs(whole).max(axis=1, initial=0) > 1500).sum()) if len(whole) else 0


def tone(seconds: float, rate: int = 24_000) -> Samples:
    times = np.arange(round(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * 300 * times)).astype(np.int16)

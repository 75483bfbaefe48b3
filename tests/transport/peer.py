"""A WebRTC peer as a client has it: aiortc with decoders, over whatever addresses there are, loopback too."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError

from visavis.media.pictures import I420
from visavis.media.samples import Samples
from visavis.transport.ice import Network
from visavis.transport.viewer import WebRtcViewer
from visavis.transport.webrtc import WebRtcTransport

PATIENCE = 20.0
"""Seconds until a test gives up waiting."""


class Comings(asyncio.Queue[tuple[str, str]]):
    """Who joined and who left, in order."""

    def joined(self, viewer: WebRtcViewer) -> None:
        self.put_nowait(("joined", viewer.id))

    def left(self, viewer: WebRtcViewer) -> None:
        self.put_nowait(("left", viewer.id))

    async def next(self) -> tuple[str, str]:
        async with asyncio.timeout(PATIENCE):
            return await self.get()


class Peer:
    """Receives and decodes; what it got is in `pictures` and `sound`."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.pictures: list[I420] = []
        self.sound: list[Samples] = []
        self.gone = asyncio.Event()
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.connection.on("track", self._receive)
        self.connection.on("connectionstatechange", self._state_changed)

    async def offer(
        self, kinds: Iterable[str] = ("audio", "video"), codec: str = "", direction: str = "recvonly"
    ) -> str:
        for kind in kinds:
            transceiver = self.connection.addTransceiver(kind, direction)
            if codec and kind == "video":
                codecs = RTCRtpReceiver.getCapabilities("video").codecs  # type: ignore[union-attr]  # there are some
                transceiver.setCodecPreferences([each for each in codecs if codec in each.mimeType])
            self._adapt(transceiver.receiver.transport)
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    def add_data_channel(self) -> None:
        self.connection.createDataChannel("chat")
        self._adapt(self.connection.sctp.transport)  # type: ignore[union-attr]  # there is one now

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def join(self, transport: WebRtcTransport, viewer_id: str = "main", **offer: Any) -> "Peer":
        await self.accept(await transport.offer(viewer_id, await self.offer(**offer)))
        return self

    async def seen(self, count: int) -> list[I420]:
        """Wait until `count` more pictures have come; returns those."""
        before = len(self.pictures)
        await self._until(lambda: len(self.pictures) >= before + count)
        return self.pictures[before : before + count]

    async def heard(self, count: int) -> Samples:
        """Wait until `count` more packets of sound have come; returns their samples."""
        before = len(self.sound)
        await self._until(lambda: len(self.sound) >= before + count)
        return np.concatenate(self.sound[before : before + count])

    def transceiver(self, kind: str) -> RTCRtpTransceiver:
        return next(each for each in self.connection.getTransceivers() if each.kind == kind)

    async def close(self) -> None:
        await self.connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def _adapt(self, transport: Any) -> None:
        Network(loopback=True).adapt(transport.transport._connection)

    def _state_changed(self) -> None:
        if self.connection.connectionState in ("closed", "failed"):
            self.gone.set()

    def _receive(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._decode(track)))

    async def _decode(self, track: MediaStreamTrack) -> None:
        with suppress(MediaStreamError):
            while True:
                frame: Any = await track.recv()
                if track.kind == "video":
                    self.pictures.append(frame.to_ndarray())
                else:
                    self.sound.append(frame.to_ndarray().reshape(-1)[::2])
                self._news.set()

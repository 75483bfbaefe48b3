"""`Viewer`: a WebRTC peer that time-stamps what it receives, and decodes and decrypts none of it.

It does ICE and DTLS as a browser does and reads the headers of RTP, which SRTP leaves in the clear (RFC 3711),
so that a process can be hundreds of viewers and still be on time. Receiver reports are sent as by a browser.
"""

import asyncio
import struct
import time
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

from aioice import Connection
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket, is_rtcp

from visavis.transport.ice import Network

Kind: TypeAlias = Literal["audio", "video"]

SILENCE_BYTES = 8
"""An Opus packet up to this size is silence: 3 bytes (RFC 6716, 2.1.9), a few more while an encoder calms down.
Speech has 30 to 250."""

CONNECT_TIMEOUT = 20.0
"""Seconds from the answer to a connection."""

TAGS = {b"SRTP_AES128_CM_SHA1_80": 10}
"""Bytes that SRTP adds to a packet, by profile; 16 for all the others (RFC 7714)."""

REPORT_EVERY = 1.0
"""Seconds from one receiver report to the next."""

OUR_SSRC = 1
"""Who the reports are from; nobody compares it with anything."""

FIXED = struct.Struct("!BBHII")
"""The header that every RTP packet has."""


class Packet(NamedTuple):
    """What can be known of an RTP packet without its key."""

    at: float
    """`time.monotonic()` when it was read."""
    kind: Kind
    timestamp: int
    """RTP time: packets of one picture share it."""
    size: int
    """Bytes of payload."""
    marker: bool
    """Whether it is the last one of its picture."""

    @property
    def audible(self) -> bool:
        """Whether it is sound, and not silence."""
        return self.kind == "audio" and self.size > SILENCE_BYTES


class Viewer:
    """One peer. `packets` grows as they come; whoever has seen enough may clear it.

    `microphone` is what it sends, if anything.
    """

    def __init__(self, microphone: MediaStreamTrack | None = None) -> None:
        self.packets: list[Packet] = []
        self._microphone = microphone
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._kinds: dict[int, Kind] = {}
        self._overhead = 16
        self._highest: dict[int, int] = {}
        self._connected = asyncio.Event()
        self._waiting: list[tuple[Callable[[Packet], bool], asyncio.Future[Packet]]] = []
        self._reporting: asyncio.Task[None] | None = None
        self._peer.on("connectionstatechange", self._state_changed)

    async def offer(self) -> str:
        """An offer to receive sound and pictures, and to send what the microphone gives, with all candidates."""
        network = Network(loopback=True)
        for kind in ("audio", "video"):
            if kind == "audio" and self._microphone is not None:
                transceiver = self._peer.addTransceiver(self._microphone, "sendrecv")
            else:
                transceiver = self._peer.addTransceiver(kind, "recvonly")
            connection = transceiver.receiver.transport.transport._connection
            network.adapt(connection)
            self._listen(connection)
        await self._peer.setLocalDescription(await self._peer.createOffer())
        return self._peer.localDescription.sdp

    async def accept(self, sdp: str) -> None:
        """Take the answer; it connects in the background."""
        await self._peer.setRemoteDescription(RTCSessionDescription(sdp, "answer"))
        for transceiver in self._peer.getTransceivers():
            kind: Kind = "video" if transceiver.kind == "video" else "audio"
            for codec in transceiver._codecs:
                if codec.payloadType is not None and not codec.mimeType.endswith("/rtx"):
                    self._kinds[codec.payloadType] = kind

    async def connected(self) -> None:
        """Return when media can flow. `TimeoutError` if that takes too long."""
        async with asyncio.timeout(CONNECT_TIMEOUT):
            await self._connected.wait()

    async def first(self, wanted: Callable[[Packet], bool], timeout: float) -> Packet | None:
        """The first packet from now on that is `wanted`; None if none comes within `timeout` seconds."""
        future: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        waiter = (wanted, future)
        self._waiting.append(waiter)
        try:
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            return None
        finally:
            self._waiting.remove(waiter)

    async def close(self) -> None:
        """Hang up."""
        if self._reporting is not None:
            self._reporting.cancel()
        await self._peer.close()

    def _listen(self, connection: Connection) -> None:
        """Take RTP for ourselves before aiortc decrypts it; the rest (DTLS, RTCP) is aiortc's."""
        pass_on = connection.data_received

        def received(data: bytes, component: int) -> None:
            if 127 < data[0] < 192 and not is_rtcp(data):
                self._stamp(data)
            else:
                pass_on(data, component)

        connection.data_received = received  # type: ignore[method-assign]  # no public hook

    def _stamp(self, data: bytes) -> None:
        """Note a packet (RFC 3550, 5.1). Retransmissions are left out: their payload type is not in `_kinds`."""
        at = time.monotonic()
        flags, second, sequence, timestamp, ssrc = FIXED.unpack_from(data)
        if (kind := self._kinds.get(second & 0x7F)) is None:
            return
        header = FIXED.size + 4 * (flags & 0x0F)
        if flags & 0x10:
            header += 4 + 4 * int.from_bytes(data[header + 2 : header + 4])
        packet = Packet(at, kind, timestamp, len(data) - header - self._overhead, bool(second & 0x80))
        self._highest[ssrc] = sequence
        self.packets.append(packet)
        for wanted, future in self._waiting:
            if not future.done() and wanted(packet):
                future.set_result(packet)

    def _state_changed(self) -> None:
        if self._peer.connectionState == "connected" and self._reporting is None:
            profile = self._transport._ssl.get_selected_srtp_profile() if self._transport._ssl else b""
            self._overhead = TAGS.get(profile, 16)
            self._reporting = asyncio.create_task(self._report(), name="receiver reports")
            self._connected.set()

    @property
    def _transport(self) -> RTCDtlsTransport:
        """The one that sound and pictures share."""
        return self._peer.getTransceivers()[0].receiver.transport

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(REPORT_EVERY)
            reports = [
                RtcpReceiverInfo(ssrc, 0, 0, highest_sequence=sequence, jitter=0, lsr=0, dlsr=0)
                for ssrc, sequence in self._highest.items()
            ]
            try:
                await self._transport._send_rtp(bytes(RtcpRrPacket(OUR_SSRC, reports)))
            except ConnectionError:
                return

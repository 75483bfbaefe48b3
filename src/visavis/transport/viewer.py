"""`WebRtcViewer`: one browser, or any other WebRTC peer, that watches a broadcast."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from aioice.ice import StunProtocol
from aioice.stun import Message
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.rtcicetransport import RTCIceParameters
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.rtp import RTCP_PSFB_APP, AnyRtcpPacket, RtcpPsfbPacket, unpack_remb_fci

from visavis.errors import InvalidInput
from visavis.media.encoding import VideoCodec
from visavis.transport.broadcast import Broadcast
from visavis.transport.ice import Network
from visavis.transport.microphone import prefer_speech
from visavis.transport.offer import MALFORMED, Kind, ViewerOffer
from visavis.transport.packet_track import PacketTrack
from visavis.transport.video_stream import VideoStream

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 20.0
"""Seconds from the answer to a connection; after that the peer counts as lost."""

SILENT_AFTER = 6.0
"""Seconds without a sign of life: browsers send STUN checks every 2.5 s and RTCP about every second."""

CLOSE_TIMEOUT = 2.0
"""Seconds a peer may take to be let go."""

REFUSED = (*MALFORMED, InternalError, InvalidAccessError, InvalidStateError, OperationError)
"""What aiortc raises on an offer that parses but can't be answered."""


class WebRtcViewer:
    """A peer connection that sends a broadcast's packets, and hears what the peer says about them.

    `changed` is called whenever `is_connected` or `is_over` has changed, but not by `close`. A peer that
    falls silent isn't connected, but may come back; after 30 s (RFC 7675) it is over. With `microphone` the
    peer's sound is accepted and its track handed over; otherwise the peer is told not to send any, which
    costs nothing.
    """

    def __init__(
        self,
        viewer_id: str,
        broadcast: Broadcast,
        network: Network,
        *,
        changed: Callable[["WebRtcViewer"], None],
        microphone: Callable[[RTCRtpReceiver], None] | None = None,
    ) -> None:
        self.id = viewer_id
        self.video_codec: VideoCodec | None = None
        """The negotiated one; None before the answer, or without video."""
        self.is_connected = False
        """Whether the peer is there, as far as we can hear."""
        self.is_over = False
        """Whether it is gone for good."""
        self._broadcast = broadcast
        self._network = network
        self._changed = changed
        self._microphone = microphone
        self._peer: RTCPeerConnection | None = None
        self._audio: PacketTrack | None = None
        self._video: tuple[VideoStream, PacketTrack] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._heard_at = 0.0

    async def answer(self, sdp: str) -> str:
        """Answer an offer, with all candidates. Raises `InvalidInput`, or `AtCapacity` without a free port."""
        offer = ViewerOffer.parse(sdp)
        self._peer = RTCPeerConnection(RTCConfiguration(iceServers=list(self._network.ice_servers)))
        self._peer.on("connectionstatechange", self._state_changed)
        if self._microphone:
            self._peer.on("track", self._heard_track)
        answered = False
        try:
            answer = await self._negotiate(self._peer, offer)
            answered = True
        except REFUSED as error:
            logger.info("offer refused: %s", type(error).__name__)
            raise InvalidInput(
                "The SDP offer can't be answered: video needs VP8 or H264 (packetization-mode=1), "
                "audio needs Opus, and both need rtcp-mux."
            ) from error
        finally:
            if not answered:
                await self.close()
        self._timer = asyncio.get_running_loop().call_later(CONNECT_TIMEOUT, self._gone)
        return answer

    async def close(self) -> None:
        """Let the peer go and free its queues, in at most `CLOSE_TIMEOUT`."""
        self.is_over, self.is_connected = True, False
        if self._timer:
            self._timer.cancel()
        if self._audio:
            self._broadcast.audio.unsubscribe(self._audio)
        if self._video:
            stream, track = self._video
            stream.unsubscribe(track)
        if self._peer:
            try:
                await asyncio.wait_for(self._peer.close(), CLOSE_TIMEOUT)
            except TimeoutError:
                logger.warning("a peer took more than %s s to close", CLOSE_TIMEOUT)
            except REFUSED as error:
                # A connection that an odd offer left half made; the offer itself has been answered.
                logger.warning("a peer could not be closed in order: %s", type(error).__name__)

    async def _negotiate(self, peer: RTCPeerConnection, offer: ViewerOffer) -> str:
        # Preferences count only if they are set before the offer is read.
        ours = {kind: peer.addTransceiver(kind, self._direction(kind)) for kind in offer.kinds}
        for kind, transceiver in ours.items():
            transceiver.setCodecPreferences(preferred_codecs(kind))
        await peer.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        for transceiver in peer.getTransceivers():
            if transceiver not in ours.values():
                transceiver.direction = "inactive"
        # Bundled sections share one transport.
        transports = {transceiver.receiver.transport for transceiver in peer.getTransceivers()}
        for transport in transports | ({peer.sctp.transport} if peer.sctp else set()):
            self._adapt(transport)
        if "audio" in ours:
            self._audio = self._broadcast.audio.subscribe()
            ours["audio"].sender.replaceTrack(self._audio)
            listen(ours["audio"].sender, self._heard)
        if "video" in ours:
            self._send_video(ours["video"])
        await peer.setLocalDescription(await peer.createAnswer())
        return peer.localDescription.sdp

    def _direction(self, kind: Kind) -> str:
        return "sendrecv" if kind == "audio" and self._microphone else "sendonly"

    def _send_video(self, transceiver: RTCRtpTransceiver) -> None:
        self.video_codec = negotiated_codec(transceiver)
        stream = self._broadcast.video(self.video_codec)
        track = stream.subscribe()
        self._video = stream, track
        transceiver.sender.replaceTrack(track)
        transceiver.sender._send_keyframe = stream.request_key  # type: ignore[method-assign]  # no public hook
        listen(transceiver.sender, self._heard)

    def _adapt(self, transport: RTCDtlsTransport) -> None:
        connection = transport.transport._connection
        self._network.adapt(connection)
        request_received = connection.request_received

        def checked(message: Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
            self._alive()
            request_received(message, addr, protocol)

        connection.request_received = checked  # type: ignore[method-assign]  # no public hook
        start = transport.transport.start

        async def start_unless_closed(remoteParameters: RTCIceParameters) -> None:
            with suppress(InvalidStateError):
                await start(remoteParameters)

        # A peer that is closed while it connects raises in a task of aiortc's that nobody awaits.
        transport.transport.start = start_unless_closed  # type: ignore[method-assign]  # no public hook

    def _heard(self, bandwidth_kbps: float | None) -> None:
        self._alive()
        if bandwidth_kbps is not None and self._video:
            stream, track = self._video
            stream.report(track, bandwidth_kbps)

    def _heard_track(self, track: MediaStreamTrack) -> None:
        for transceiver in self._peer.getTransceivers() if self._peer else ():
            if self._microphone and track.kind == "audio" and transceiver.receiver.track is track:
                prefer_speech(transceiver)
                self._microphone(transceiver.receiver)

    def _state_changed(self) -> None:
        state = self._peer.connectionState if self._peer else "closed"
        if self.is_over:
            return
        if state == "connected":
            self._alive()
            self._watch()
            self._set_connected(True)
        elif state in ("failed", "closed"):
            self._gone()

    def _alive(self) -> None:
        self._heard_at = asyncio.get_running_loop().time()

    def _watch(self) -> None:
        """See from time to time whether the peer has been heard."""
        if self._timer:
            self._timer.cancel()
        if self.is_over:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(SILENT_AFTER / 3, self._watch)
        self._set_connected(loop.time() - self._heard_at < SILENT_AFTER)

    def _set_connected(self, connected: bool) -> None:
        if connected != self.is_connected:
            self.is_connected = connected
            self._changed(self)

    def _gone(self) -> None:
        if not self.is_over:
            self.is_over, self.is_connected = True, False
            self._changed(self)


def preferred_codecs(kind: Kind) -> list[RTCRtpCodecCapability]:
    """What we can send, best first: VP8, then H264 constrained baseline; Opus. With retransmission (RFC 4588)."""
    codecs = RTCRtpSender.getCapabilities(kind).codecs
    wanted = ("audio/opus",) if kind == "audio" else ("video/vp8", "video/h264")
    order = {name: rank for rank, name in enumerate((*wanted, "video/rtx"))}
    usable = [codec for codec in codecs if codec.mimeType.lower() in order]
    return sorted(
        usable,
        key=lambda codec: (order[codec.mimeType.lower()], codec.parameters.get("profile-level-id") != "42e01f"),
    )


def negotiated_codec(transceiver: RTCRtpTransceiver) -> VideoCodec:
    """The codec aiortc will packetise for: the first of what both sides have."""
    return "VP8" if transceiver._codecs[0].name == "VP8" else "H264"


def listen(sender: RTCRtpSender, heard: Callable[[float | None], None]) -> None:
    """Call `heard` for whatever the peer reports about a stream, with its REMB in kb/s where it sends one.

    aiortc keeps REMB for an encoder of its own, which packets never meet.
    """
    handle = sender._handle_rtcp_packet

    async def handle_and_tell(packet: AnyRtcpPacket) -> None:
        heard(_remb(packet))
        await handle(packet)

    sender._handle_rtcp_packet = handle_and_tell  # type: ignore[method-assign]  # no public hook


def _remb(packet: AnyRtcpPacket) -> float | None:
    if not isinstance(packet, RtcpPsfbPacket) or packet.fmt != RTCP_PSFB_APP:
        return None
    try:
        bits, _ = unpack_remb_fci(packet.fci)
    except ValueError:
        return None
    return bits / 1000

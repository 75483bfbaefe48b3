"""`WebRtcViewer`: one browser, or any other WebRTC peer, that watches a broadcast."""

import asyncio
import logging
from collections.abc import Callable

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.rtcrtpparameters import RTCRtpCodecCapability
from aiortc.rtp import RTCP_PSFB_APP, AnyRtcpPacket, RtcpPsfbPacket, unpack_remb_fci

from visavis.errors import InvalidInput
from visavis.media.encoding import VideoCodec
from visavis.transport.broadcast import Broadcast
from visavis.transport.ice import Network
from visavis.transport.offer import MALFORMED, Kind, ViewerOffer
from visavis.transport.packet_track import PacketTrack
from visavis.transport.video_stream import VideoStream

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 20.0
"""Seconds from the answer to a connection; after that the peer counts as lost."""

CLOSE_TIMEOUT = 2.0
"""Seconds a peer may take to be let go."""

REFUSED = (*MALFORMED, InternalError, InvalidAccessError, InvalidStateError, OperationError)
"""What aiortc raises on an offer that parses but can't be answered."""


class WebRtcViewer:
    """A peer connection that sends a broadcast's packets, and hears what the peer says about them.

    `connected` is called once it can send; `lost` once, if the peer goes or never comes, but not after
    `close`. With `microphone` the peer's sound is accepted and its track handed over; otherwise the
    peer is told not to send any, which costs nothing.
    """

    def __init__(
        self,
        viewer_id: str,
        broadcast: Broadcast,
        network: Network,
        *,
        connected: Callable[["WebRtcViewer"], None],
        lost: Callable[["WebRtcViewer"], None],
        microphone: Callable[[MediaStreamTrack], None] | None = None,
    ) -> None:
        self.id = viewer_id
        self.video_codec: VideoCodec | None = None
        """The negotiated one; None before the answer, or without video."""
        self.is_connected = False
        self.has_connected = False
        """Whether it ever was."""
        self._broadcast = broadcast
        self._network = network
        self._connected = connected
        self._lost = lost
        self._microphone = microphone
        self._peer: RTCPeerConnection | None = None
        self._audio: PacketTrack | None = None
        self._video: tuple[VideoStream, PacketTrack] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._over = False

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
        if not self._over and not self.is_connected:
            self._deadline = asyncio.get_running_loop().call_later(CONNECT_TIMEOUT, self._gone)
        return answer

    async def close(self) -> None:
        """Let the peer go and free its queues, in at most `CLOSE_TIMEOUT`."""
        self._over = True
        self.is_connected = False
        if self._deadline:
            self._deadline.cancel()
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

    async def _negotiate(self, peer: RTCPeerConnection, offer: ViewerOffer) -> str:
        # Preferences count only if they are set before the offer is read.
        ours = {kind: peer.addTransceiver(kind, self._direction(kind)) for kind in offer.kinds}
        for kind, transceiver in ours.items():
            transceiver.setCodecPreferences(preferred_codecs(kind))
        await peer.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        for transceiver in peer.getTransceivers():
            if transceiver not in ours.values():
                transceiver.direction = "inactive"
            self._network.adapt(transceiver.receiver.transport.transport._connection)
        if peer.sctp:
            self._network.adapt(peer.sctp.transport.transport._connection)
        if "audio" in ours:
            self._audio = self._broadcast.audio.subscribe()
            ours["audio"].sender.replaceTrack(self._audio)
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
        report_bandwidth(transceiver.sender, stream, track)

    def _heard_track(self, track: MediaStreamTrack) -> None:
        if self._microphone and track.kind == "audio":
            self._microphone(track)

    def _state_changed(self) -> None:
        state = self._peer.connectionState if self._peer else "closed"
        if self._over:
            return
        if state == "connected" and not self.is_connected:
            self.is_connected = self.has_connected = True
            if self._deadline:
                self._deadline.cancel()
            self._connected(self)
        elif state in ("failed", "closed"):
            self._gone()

    def _gone(self) -> None:
        if not self._over:
            self._over = True
            self.is_connected = False
            self._lost(self)


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


def report_bandwidth(sender: RTCRtpSender, stream: VideoStream, track: PacketTrack) -> None:
    """Pass the peer's REMB on to the stream; aiortc keeps it for an encoder that packets never meet."""
    handle = sender._handle_rtcp_packet

    async def heard(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            try:
                bits, sources = unpack_remb_fci(packet.fci)
            except ValueError:
                return
            if sender._ssrc in sources:
                stream.report(track, bits / 1000)
            return
        await handle(packet)

    sender._handle_rtcp_packet = heard  # type: ignore[method-assign]  # no public hook

"""Encoders for packets that go over a network: VP8, H264 and Opus, each call one packet."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, Protocol, TypeAlias

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.plane import VideoPlane

from visavis.media.pictures import I420
from visavis.media.samples import Samples
from visavis.media.timeline import PACKET, SAMPLE_RATE, VIDEO_CLOCK

VideoCodec: TypeAlias = Literal["VP8", "H264"]

SILENCE = b"\xf8\xff\xfe"
"""20 ms of digital silence as Opus: a CELT fullband mono frame whose silence flag is set (RFC 6716, 4.3).
Any decoder turns it into zeros, whichever encoder spoke before it."""

NEVER = 1_000_000
"""A key frame distance that no stream reaches: key frames come when asked for."""


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """One picture as one packet; H264 is in Annex B form, with its parameter sets before every key frame."""

    data: bytes = field(repr=False)
    key: bool
    """Whether a decoder can start here."""


class VideoEncoder(Protocol):
    """Encodes the pictures of one stream at one size and one bit rate. Not thread-safe."""

    codec: VideoCodec
    kbps: int
    """What it aims at, in kilobits per second."""

    def encode(self, pixels: I420, pts_90k: int, key: bool) -> EncodedPicture:
        """Encode the next picture, as a key frame if `key`. `pts_90k` is its time at 90 kHz, ascending."""


class PictureEncoder:
    """What both video encoders share: a frame whose planes are written over for each picture."""

    codec: VideoCodec

    def __init__(self, context: VideoCodecContext, width: int, height: int, fps: Fraction, kbps: int) -> None:
        self.kbps = kbps
        self._context = context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.framerate = fps
        context.time_base = Fraction(1, VIDEO_CLOCK)
        context.bit_rate = kbps * 1000
        context.gop_size = NEVER
        context.thread_count = 1
        self._frame = picture_frame(width, height)
        self._planes = plane_views(self._frame)
        self._last = -1

    def encode(self, pixels: I420, pts_90k: int, key: bool) -> EncodedPicture:
        """See `VideoEncoder.encode`."""
        fill(self._planes, pixels)
        # Both codecs refuse a time that does not ascend, and a refused picture is a frozen one.
        self._last = max(pts_90k, self._last + 1)
        self._frame.pts = self._last
        self._frame.pict_type = PictureType.I if key else PictureType.NONE
        [packet] = self._context.encode(self._frame)
        return EncodedPicture(bytes(packet), packet.is_keyframe)


class Vp8Encoder(PictureEncoder):
    """Realtime VP8 on libvpx, set as libwebrtc sets it for one spatial and one temporal layer."""

    codec: VideoCodec = "VP8"

    def __init__(self, width: int, height: int, fps: Fraction, kbps: int) -> None:
        context = av.CodecContext.create("libvpx", "w")
        super().__init__(context, width, height, fps, kbps)
        # As fine as the loops are encoded, so that nothing jumps between them. Finer ones double the bit rate and
        # the packets (107 against 60 a second) for 3 dB that nobody sees at 44 dB.
        context.qmin, context.qmax = 20, 56
        rate = str(kbps * 1000)
        context.options = {
            "deadline": "realtime",
            "cpu-used": "-14",
            "lag-in-frames": "0",
            "auto-alt-ref": "0",
            # Equal rates make it constant bit rate, with a buffer of one second.
            "minrate": rate,
            "maxrate": rate,
            "bufsize": rate,
            "undershoot-pct": "100",
            "overshoot-pct": "15",
            # Blocks that do not change are skipped. From 500 on the background is seen to fall into blocks.
            "static-thresh": "100",
            # Per cent of a mean frame: a key frame in mid-stream must not become a burst.
            "max-intra-rate": "500",
        }
        context.open()


class H264Encoder(PictureEncoder):
    """Realtime H264 on x264: constrained baseline, which every WebRTC peer has to decode (RFC 7742, 6)."""

    codec: VideoCodec = "H264"

    def __init__(self, width: int, height: int, fps: Fraction, kbps: int) -> None:
        context = av.CodecContext.create("libx264", "w")
        super().__init__(context, width, height, fps, kbps)
        # Below 20 nothing is left to be seen, only larger key frames.
        context.qmin = 20
        context.profile = "Baseline"
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "sc_threshold": "0",
            "maxrate": str(kbps * 1000),
            "bufsize": str(kbps * 500),
            **baseline_level(width, height, fps),
        }
        context.open()


def baseline_level(width: int, height: int, fps: Fraction) -> dict[str, str]:
    """Level 3.1, as negotiated (profile-level-id 42e01f), wherever the picture fits into it (H.264, table A-1)."""
    macroblocks = -(-width // 16) * -(-height // 16)
    return {"level": "3.1"} if macroblocks <= 3600 and macroblocks * fps <= 108_000 else {}


def video_encoder(codec: VideoCodec, width: int, height: int, fps: Fraction, kbps: int) -> VideoEncoder:
    """A live encoder, ready for its first picture. Takes 4 to 7 ms: not for an event loop."""
    kind = Vp8Encoder if codec == "VP8" else H264Encoder
    return kind(width, height, fps, kbps)


class OpusEncoder:
    """Speech as Opus: mono, 48 kHz, 20 ms packets, 32 kb/s. It holds 6.5 ms of sound between calls."""

    def __init__(self) -> None:
        self._context = av.CodecContext.create("libopus", "w")
        self._context.bit_rate = 32_000
        self._context.format = "s16"
        self._context.layout = "mono"
        self._context.sample_rate = SAMPLE_RATE
        self._context.time_base = Fraction(1, SAMPLE_RATE)
        # A packet takes 0.09 ms at level 0, 0.15 at 4 and 0.4 at 10, the default; at this rate they sound alike.
        self._context.options = {"application": "voip", "frame_duration": "20", "compression_level": "0"}
        self._context.open()
        self._frame = av.AudioFrame(format="s16", layout="mono", samples=PACKET)
        self._frame.sample_rate = SAMPLE_RATE
        self._frame.time_base = self._context.time_base
        self._samples = np.frombuffer(memoryview(self._frame.planes[0]), dtype=np.int16)
        self._pts = 0

    def encode(self, pcm: Samples) -> bytes:
        """Encode the next 960 samples."""
        self._samples[:PACKET] = pcm
        self._frame.pts = self._pts
        self._pts += PACKET
        [packet] = self._context.encode(self._frame)
        return bytes(packet)


def picture_frame(width: int, height: int, pix_fmt: str = "yuv420p") -> av.VideoFrame:
    """A frame to be filled again and again, timed at 90 kHz."""
    frame = av.VideoFrame(width, height, pix_fmt)
    frame.time_base = Fraction(1, VIDEO_CLOCK)
    return frame


def plane_views(frame: av.VideoFrame) -> tuple[I420, I420, I420]:
    """Lightness and colour of a frame as arrays that can be written to, without the padding of their lines."""
    y, u, v = (plane_view(plane) for plane in frame.planes[:3])
    return y, u, v


def plane_view(plane: VideoPlane) -> I420:
    """One plane as an array that can be written to."""
    lines = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, : plane.width]


def fill(planes: tuple[I420, I420, I420], pixels: I420) -> None:
    """Copy a picture into the planes of a frame: 0.01 ms for 512 x 512, against 0.1 ms for a new frame."""
    luma, chroma = planes[0].shape, planes[1].shape
    flat = pixels.reshape(-1)
    first, size = luma[0] * luma[1], chroma[0] * chroma[1]
    planes[0][:] = flat[:first].reshape(luma)
    planes[1][:] = flat[first : first + size].reshape(chroma)
    planes[2][:] = flat[first + size :].reshape(chroma)

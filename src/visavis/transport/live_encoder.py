"""`LiveEncoder`: the encoder of what is drawn for one session, made and remade away from the event loop."""

import asyncio
import logging
from fractions import Fraction

import av

from visavis.media.encoding import EncodedPicture, VideoCodec, VideoEncoder, video_encoder
from visavis.media.pictures import I420

logger = logging.getLogger(__name__)


class LiveEncoder:
    """An encoder that is there a few milliseconds after it was asked for, and that can change its bit rate."""

    def __init__(self, codec: VideoCodec, width: int, height: int, fps: Fraction) -> None:
        self._codec = codec
        self._size = (width, height)
        self._fps = fps
        self._encoder: VideoEncoder | None = None
        self._making: asyncio.Task[None] | None = None

    @property
    def kbps(self) -> int:
        """The bit rate in force; 0 as long as there is no encoder."""
        return self._encoder.kbps if self._encoder else 0

    def prepare(self, kbps: int) -> None:
        """Have an encoder of this bit rate made, in a thread. Its first picture is a key frame."""
        if self._making is None and kbps != self.kbps:
            self._making = asyncio.create_task(self._make(kbps), name="make a live encoder")

    def encode(self, pixels: I420, pts_90k: int, key: bool) -> EncodedPicture | None:
        """Encode a picture; None as long as there is no encoder."""
        return self._encoder.encode(pixels, pts_90k, key) if self._encoder else None

    async def ready(self) -> None:
        """Wait for the encoder that is being made, if one is."""
        if self._making is not None:
            await self._making

    def release(self) -> None:
        """Let the encoder go, with its 10 MB."""
        self._encoder = None
        if self._making is not None:
            self._making.cancel()
            self._making = None

    async def _make(self, kbps: int) -> None:
        try:
            self._encoder = await asyncio.to_thread(video_encoder, self._codec, *self._size, self._fps, kbps)
        except av.FFmpegError:
            logger.exception("no %s encoder for %dx%d at %d kb/s", self._codec, *self._size, kbps)
        self._making = None

"""Decoders as a receiver has them."""

from typing import cast

import av
import numpy as np

from visavis.media.encoding import VideoCodec
from visavis.media.pictures import I420
from visavis.media.samples import Samples


class Pictures:
    """Decodes one stream; a packet that can't be decoded raises."""

    def __init__(self, codec: VideoCodec) -> None:
        self._context = av.CodecContext.create("libvpx" if codec == "VP8" else "h264", "r")

    def decode(self, data: bytes) -> I420:
        [frame] = self._context.decode(av.Packet(data))
        assert isinstance(frame, av.VideoFrame)
        return cast("I420", frame.to_ndarray())


class Sound:
    """Decodes one stream of Opus."""

    def __init__(self) -> None:
        self._context = av.CodecContext.create("libopus", "r")
        self._context.format = "s16"
        self._context.layout = "mono"
        self._context.sample_rate = 48_000

    def decode(self, data: bytes) -> Samples:
        [frame] = self._context.decode(av.Packet(data))
        assert isinstance(frame, av.AudioFrame)
        return frame.to_ndarray().reshape(-1).astype(np.int16)

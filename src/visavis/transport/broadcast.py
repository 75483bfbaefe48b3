"""`Broadcast`: what a playout plays, encoded once for every viewer that needs the same codec."""

from fractions import Fraction

from visavis.media.chunk import AVChunk
from visavis.media.encoding import VideoCodec
from visavis.media.loops import LoopStore
from visavis.transport.audio_stream import AudioStream
from visavis.transport.video_stream import VideoStream


class Broadcast:
    """The encoded streams of one session. Viewers subscribe to them; without viewers nothing is encoded.

    Sound and pictures of the same media time are handed on at the same moment, as receivers align them by
    when they were sent (RTCP sender reports, RFC 3550, 6.4).
    """

    def __init__(self, loops: LoopStore, width: int, height: int, fps: Fraction, max_kbps: int) -> None:
        self.audio = AudioStream()
        self._loops = loops
        self._picture = (width, height, fps)
        self._max_kbps = max_kbps
        self._video: dict[VideoCodec, VideoStream] = {}

    def video(self, codec: VideoCodec) -> VideoStream:
        """The stream in this codec; it costs nothing until somebody subscribes."""
        if codec not in self._video:
            self._video[codec] = VideoStream(codec, self._loops, *self._picture, self._max_kbps)
        return self._video[codec]

    def play(self, chunk: AVChunk) -> None:
        """Send one sound packet, or none, and the pictures that are due."""
        if len(chunk.pcm):
            self.audio.send(chunk.start, chunk.pcm, chunk.silent)
        for start, picture in chunk.pictures:
            for stream in self._video.values():
                stream.send(start, picture)

    def flush(self) -> None:
        """Drop whatever has not left yet."""
        self.audio.flush()
        for stream in self._video.values():
            stream.flush()

    async def close(self) -> None:
        """Let every viewer go."""
        self.audio.close()
        for stream in self._video.values():
            await stream.close()

"""`FilmWriter`: sound and pictures as a file; and `Mp4Writer`, whose files play anywhere."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from visavis.media.chunk import AVChunk
from visavis.media.encoding import fill, picture_frame, plane_views
from visavis.media.pictures import I420, Picture
from visavis.media.samples import SampleBuffer
from visavis.media.timeline import PACKET, SAMPLE_RATE, VIDEO_CLOCK, frame_start, to_video_clock

AAC_FRAME = 1024
"""Samples in one AAC frame."""

KEY_SECONDS = 2
"""From one key frame to the next: where a player can jump to."""


class FilmWriter:
    """What writers share: sound and picture both begin at time 0 and end within 20 ms of each other.

    The file appears under its name when it is complete. A gap in the sound becomes silence; a picture lasts until
    the next one. Encodes where it is called. Not thread-safe; raises `OSError`.
    """

    def __init__(
        self,
        path: Path,
        container: OutputContainer,
        streams: tuple[VideoStream, AudioStream],
        picture: av.VideoFrame,
        sound: av.AudioFrame,
        fps: Fraction,
    ) -> None:
        """`container` writes to `unfinished(path)`; `picture` and `sound` are frames as the streams take them."""
        self._path, self._part = path, unfinished(path)
        self._fps = fps
        self._container = container
        self._video, self._audio = streams
        self._video.codec_context.colorspace = Colorspace.SMPTE170M
        self._video.codec_context.color_range = ColorRange.MPEG
        self._video.codec_context.time_base = Fraction(1, VIDEO_CLOCK)
        self._video.codec_context.gop_size = round(fps * KEY_SECONDS)
        self._picture = picture
        self._planes = plane_views(picture)
        fill(self._planes, blank(picture.width, picture.height))
        self._sound = sound
        self._sound.sample_rate = SAMPLE_RATE
        self._sound.time_base = Fraction(1, SAMPLE_RATE)
        self._samples = np.frombuffer(memoryview(sound.planes[0]), dtype=np.float32)[: sound.samples]
        self._container.start_encoding()
        self._waiting = SampleBuffer()
        self._zero: int | None = None
        self._shown = 0
        self._picture_end = 0
        self._closed = False

    def write(self, chunk: AVChunk) -> None:
        """Add a chunk. The first one's start is time 0 of the file."""
        if self._zero is None:
            self._zero = chunk.start
        self._waiting.write(chunk.start - self._zero, chunk.pcm)
        for start, picture in chunk.pictures:
            self._show(start - self._zero, picture)
        self._encode_sound()

    def close(self) -> None:
        """Complete the file and put it in its place."""
        if self._closed:
            return
        self._closed = True
        try:
            self._align_ends()
            for stream in (self._video, self._audio):
                self._container.mux(stream.encode(None))
            self._container.close()
            self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)

    def abort(self) -> None:
        """Leave no file."""
        if not self._closed:
            self._closed = True
            try:
                # A full disk refuses the end of the file, too; it is deleted anyway.
                with suppress(OSError):
                    self._container.close()
            finally:
                self._part.unlink(missing_ok=True)

    def fill(self, picture: Picture) -> None:
        """Bring a picture into the frame that is encoded next."""
        fill(self._planes, picture.pixels)

    def _show(self, start: int, picture: Picture | None) -> None:
        """Encode a picture; None repeats the one before."""
        if self._picture_end and start <= self._shown:
            return
        # Whatever begins the sound, the file doesn't begin without a picture.
        self._shown = start if self._picture_end else 0
        self._picture_end = self._shown + frame_start(1, self._fps)
        if picture is not None:
            self.fill(picture)
        self._picture.pts = to_video_clock(self._shown)
        self._container.mux(self._video.encode(self._picture))

    def _encode_sound(self) -> None:
        while self._waiting.end - self._waiting.start >= len(self._samples):
            self._sound.pts = self._waiting.start
            np.divide(self._waiting.read(len(self._samples)), 32768, out=self._samples, dtype=np.float32)
            self._container.mux(self._audio.encode(self._sound))

    def _align_ends(self) -> None:
        """Repeat the last picture, or add silence, until both streams are equally long."""
        if not self._picture_end:
            self._show(0, None)
        while self._picture_end < self._waiting.end:
            self._show(self._picture_end, None)
        # Sound comes in whole frames; where that would leave it 20 ms longer, one more picture fits better.
        while (whole := self._whole_frames()) - (self._picture_end - self._waiting.start) >= PACKET:
            self._show(self._picture_end, None)
        self._waiting.write(
            self._waiting.end, np.zeros(whole - (self._waiting.end - self._waiting.start), np.int16)
        )
        self._encode_sound()

    def _whole_frames(self) -> int:
        """Samples of sound that are still to be written for it to last as long as the pictures."""
        missing = max(self._picture_end, self._waiting.end) - self._waiting.start
        return -(-missing // len(self._samples)) * len(self._samples)


class Mp4Writer(FilmWriter):
    """H264 and AAC, with the index in front ("faststart"). 2 to 3 ms per picture."""

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: Fraction,
        crf: int = 23,
        preset: str = "superfast",
        threads: int = 2,
    ) -> None:
        """`threads` are the video encoder's. Two: one encodes while the caller draws the next picture."""
        container = av.open(str(unfinished(path)), "w", format="mp4", options={"movflags": "faststart"})
        video = container.add_stream("libx264", rate=fps)
        context = video.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.thread_count = threads
        # Without pictures out of order a track lasts as long as its pictures do, however uneven they are.
        context.options = {"preset": preset, "crf": str(crf), "bf": "0"}
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate = 96_000
        # The default coder searches twice as long as x264 takes for the picture.
        audio.codec_context.options = {"aac_coder": "fast"}
        sound = av.AudioFrame(format="fltp", layout="mono", samples=AAC_FRAME)
        super().__init__(path, container, (video, audio), picture_frame(width, height), sound, fps)


def unfinished(path: Path) -> Path:
    """Where a film is until it is complete."""
    return path.with_name(path.name + ".part")


def blank(width: int, height: int) -> I420:
    """A black picture."""
    pixels = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    pixels[:height] = 16
    return pixels

"""`WebmWriter`: sound and pictures as a WebM, which may be transparent: for pages, and for cutting programs."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av

from visavis.media.containers import FilmWriter, unfinished
from visavis.media.encoding import picture_frame, plane_view
from visavis.media.pictures import Alpha, Picture
from visavis.media.timeline import PACKET, SAMPLE_RATE


class WebmWriter(FilmWriter):
    """VP9 and Opus. 26 ms of a core per 512 x 512 picture, 36 with `alpha`.

    With `alpha` each picture is transparent where that says so; its colours are not multiplied by it, as browsers
    expect (WebM container guidelines, "Alpha Channel": a second VP9 picture in `BlockAdditions`).
    """

    def __init__(
        self,
        path: Path,
        width: int,
        height: int,
        fps: Fraction,
        alpha: Callable[[Picture], Alpha] | None = None,
        crf: int = 24,
        threads: int = 2,
    ) -> None:
        container = av.open(str(unfinished(path)), "w", format="webm")
        video = container.add_stream("libvpx-vp9", rate=fps)
        context = video.codec_context
        pix_fmt = "yuv420p" if alpha is None else "yuva420p"
        context.width, context.height, context.pix_fmt = width, height, pix_fmt
        context.thread_count = threads
        # Without a bit rate `crf` alone decides. Pictures that are never shown can't be transparent. In realtime
        # mode it is six times as fast, but the file half as large again, and alpha nowhere quite 0.
        context.bit_rate = 0
        context.options = {
            "crf": str(crf),
            "deadline": "good",
            "cpu-used": "5",
            "row-mt": "1",
            "auto-alt-ref": "0",
            "lag-in-frames": "0",
        }
        audio = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate = 64_000
        sound = av.AudioFrame(format="flt", layout="mono", samples=PACKET)
        picture = picture_frame(width, height, pix_fmt)
        self._alpha = alpha
        self._matte = None if alpha is None else plane_view(picture.planes[3])
        if self._matte is not None:
            self._matte[:] = 0
        super().__init__(path, container, (video, audio), picture, sound, fps)

    def fill(self, picture: Picture) -> None:
        """See `FilmWriter`."""
        super().fill(picture)
        if self._matte is not None and self._alpha is not None:
            self._matte[:] = self._alpha(picture)

"""An MP4, decoded: what is seen and heard in it, and when. Times in seconds."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from visavis.face import counter
from visavis.media.timeline import SAMPLE_RATE

LOUD = 0.05
"""Of full scale: the beeps of the mock face have 0.49, its tones in tests 0.2 and more."""


@dataclass(frozen=True, slots=True)
class Film:
    """Sound and pictures."""

    sound: npt.NDArray[np.float32]
    times: list[float]
    """Of the pictures."""
    counts: list[int | None]
    """What the mock face's counter says in each picture."""
    flashes: list[float]
    """When the mock face begins to flash."""
    audio_end: float
    video_end: float

    @property
    def starts(self) -> list[float]:
        """When sound begins after a pause of 0.2 s or more, or at first."""
        loud = np.flatnonzero(np.abs(self.sound) > LOUD)
        if not len(loud):
            return []
        first = np.concatenate(([True], np.diff(loud) > SAMPLE_RATE // 5))
        return [float(place) / SAMPLE_RATE for place in loud[first]]

    def level(self, begin: float, end: float) -> float:
        """The largest sample between two times, 0 to 1."""
        piece = np.abs(self.sound[int(begin * SAMPLE_RATE) : int(end * SAMPLE_RATE)])
        return float(piece.max()) if len(piece) else 0.0


def read(path: Path) -> Film:
    """Decode all of a film."""
    times, counts, flashes = [], [], []
    flashing = False
    with av.open(str(path)) as file:
        video, audio = file.streams.video[0], file.streams.audio[0]
        ends = [_end(stream) for stream in (audio, video)]
        for picture in file.decode(video):
            luma = np.asarray(picture.to_ndarray()[: picture.height], np.uint8)
            times.append(picture.time or 0.0)
            counts.append(counter.read(luma))
            now = counter.flashing(luma)
            if now and not flashing:
                flashes.append(times[-1])
            flashing = now
    with av.open(str(path)) as file:
        begin = None
        pieces = []
        for frame in file.decode(file.streams.audio[0]):
            begin = (frame.time or 0.0) if begin is None else begin
            pieces.append(frame.to_ndarray()[0])
    assert begin is not None
    assert abs(begin) < 1e-3
    return Film(np.concatenate(pieces), times, counts, flashes, *ends)


def _end(stream: "av.VideoStream | av.AudioStream") -> float:
    assert stream.duration is not None
    assert stream.time_base is not None
    return float((stream.duration + (stream.start_time or 0)) * stream.time_base)

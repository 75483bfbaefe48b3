"""FLAC files."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE


def compress(raw: Path, target: Path) -> None:
    """Write the s16le mono sound at 48 kHz in `raw` to `target` as FLAC, and delete `raw`.

    Blocks for about a millisecond per second of sound: call it in a thread. Raises `OSError`.
    """
    import av

    with av.open(str(target), "w", format="flac") as container, raw.open("rb") as sound:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        stream.format = "s16"
        written = 0
        while data := sound.read(2 * SAMPLE_RATE):
            pcm: Samples = np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)
            frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
            frame.sample_rate = SAMPLE_RATE
            frame.pts = written
            written += len(pcm)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    raw.unlink()


def pieces(path: Path, samples: int) -> Iterator[Samples]:
    """The first `samples` samples of a file that `compress` wrote, piece by piece. Raises `OSError`."""
    import av

    left = samples
    with av.open(str(path), "r", format="flac") as file:
        for frame in file.decode(file.streams.audio[0]):
            pcm: Samples = frame.to_ndarray()[0].astype(np.int16, copy=False)[:left]
            left -= len(pcm)
            if len(pcm):
                yield pcm
            if left <= 0:
                return

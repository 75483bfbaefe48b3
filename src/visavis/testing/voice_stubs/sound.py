"""What the stubs say: a tone, as MP3."""

import io
from functools import cache
from typing import Any

import numpy as np

from visavis.media.samples import Samples


def tone(seconds: float = 1.0, sample_rate: int = 24_000) -> Samples:
    """A loud sine of 440 Hz."""
    times = np.arange(round(seconds * sample_rate)) / sample_rate
    return (12_000 * np.cos(2 * np.pi * 440 * times)).astype(np.int16)


@cache
def mp3_tone(seconds: float = 1.0, sample_rate: int = 24_000, bit_rate: int = 48_000) -> bytes:
    """The same as a bare MP3 stream, as services send it."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp3", options={"write_xing": "0", "id3v2_version": "0"}) as output:
        stream: Any = output.add_stream("libmp3lame", rate=sample_rate, layout="mono")
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(tone(seconds, sample_rate)[None], format="s16", layout="mono")
        frame.sample_rate = sample_rate
        frame.pts = 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def cut(data: bytes, size: int) -> list[bytes]:
    """The same in pieces of `size` bytes."""
    return [data[start : start + size] for start in range(0, len(data), size)]

"""Recordings in the formats that people have, made by the real encoders."""

import io
from typing import Any

import av
import numpy as np

from visavis.media.samples import Samples

FORMATS: dict[str, tuple[str, str, str, str, int]] = {
    # name: container, codec, sample format, layout, Hz
    "wav-16": ("wav", "pcm_s16le", "s16", "mono", 16_000),
    "wav-24-stereo": ("wav", "pcm_s24le", "s32", "stereo", 44_100),
    "wav-float": ("wav", "pcm_f32le", "flt", "mono", 48_000),
    "aiff": ("aiff", "pcm_s16be", "s16", "mono", 22_050),
    "flac": ("flac", "flac", "s16", "mono", 16_000),
    "mp3": ("mp3", "libmp3lame", "s16p", "mono", 44_100),
    "mp3-stereo": ("mp3", "libmp3lame", "s16p", "stereo", 24_000),
    "ogg-opus": ("ogg", "libopus", "s16", "mono", 48_000),
    "ogg-stereo": ("ogg", "libopus", "s16", "stereo", 48_000),
    "webm-opus": ("webm", "libopus", "s16", "mono", 48_000),
    "matroska": ("matroska", "libopus", "s16", "mono", 48_000),
    "m4a": ("ipod", "aac", "fltp", "mono", 44_100),
    "mp4": ("mp4", "aac", "fltp", "stereo", 48_000),
    "aac": ("adts", "aac", "fltp", "mono", 48_000),
}


def tone(seconds: float, rate: int) -> Samples:
    """A tone of 440 Hz at a quarter of full scale."""
    pcm: Samples = (8000 * np.sin(np.arange(round(seconds * rate)) * (2 * np.pi * 440 / rate))).astype(np.int16)
    return pcm


def recorded(name: str, seconds: float = 1.0, options: dict[str, str] | None = None) -> bytes:
    """A tone as a file of that format."""
    container, codec, sample_format, layout, rate = FORMATS[name]
    pcm = tone(seconds, rate)
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options or {}) as output:
        stream: Any = output.add_stream(codec, rate=rate, layout=layout, format=sample_format)
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=sample_format, layout=layout, rate=rate)
        for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(resampled))
        output.mux(stream.encode(None))
    return file.getvalue()

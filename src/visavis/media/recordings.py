"""Recordings that somebody sends: decoded to the sound a recogniser takes."""

from itertools import chain
from pathlib import Path

import numpy as np

from visavis.errors import InvalidInput, TooLarge
from visavis.media.samples import Resampler, Samples, from_bytes
from visavis.media.timeline import HEARD_RATE


def read_raw(path: Path, sample_rate: int, max_seconds: float, rate: int = HEARD_RATE) -> Samples:
    """Raw s16le mono sound at `sample_rate` Hz, as int16 mono at `rate` Hz. Raises `InvalidInput`, `TooLarge`."""
    if not 4000 <= sample_rate <= 192_000:
        raise InvalidInput("sample_rate must be 4000 to 192000 Hz")
    if path.stat().st_size > 2 * sample_rate * max_seconds:
        raise TooLarge(f"the recording is longer than {max_seconds:.0f} s")
    resampler = Resampler(sample_rate, rate)
    pcm = from_bytes(path.read_bytes())
    return _filled([resampler.push(pcm), resampler.flush()])


def read_file(
    path: Path,
    max_seconds: float,
    rate: int = HEARD_RATE,
    *,
    first_channel: bool = False,
    may_be_empty: bool = False,
) -> Samples:
    """A file of any container and codec FFmpeg knows, as int16 mono at `rate` Hz. Blocks: call it in a thread.

    Its channels are mixed, or the `first_channel` is all that is taken. Raises `InvalidInput` if there is no sound
    that can be decoded, `TooLarge` if there is too much. With `may_be_empty` a well-formed file of no length is
    fine.
    """
    import av

    parts: list[Samples] = []
    count = 0
    try:
        with av.open(str(path), "r") as file:
            if not file.streams.audio:
                raise InvalidInput("the file has no sound")
            # Planar: the first row is the first channel, of as many as there are.
            resampler = av.AudioResampler(format="s16p", layout=None if first_channel else "mono", rate=rate)
            for frame in chain(file.decode(file.streams.audio[0]), [None]):
                for piece in resampler.resample(frame):
                    parts.append(piece.to_ndarray()[0])
                    count += len(parts[-1])
                if count > rate * max_seconds:
                    raise TooLarge(f"the recording is longer than {max_seconds:.0f} s")
    except (av.FFmpegError, ValueError):
        raise InvalidInput("the file can't be decoded as sound") from None
    return np.zeros(0, np.int16) if may_be_empty and not parts else _filled(parts)


def _filled(parts: list[Samples]) -> Samples:
    pcm = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    if not len(pcm):
        raise InvalidInput("the recording is empty")
    return pcm

"""A film as a viewer has it: its pictures and its sound, each where the file says that it belongs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import av
import click
import numpy as np
import numpy.typing as npt

from visavis.media.samples import Samples
from visavis.media.timeline import SAMPLE_RATE

Luma: TypeAlias = npt.NDArray[np.uint8]
"""Height x width."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture of a film."""

    start: float
    """Seconds from the film's beginning until it is shown."""
    stop: float
    """Until the next one is."""
    luma: Luma = field(repr=False)

    @property
    def middle(self) -> float:
        """The middle of its time: what moves is shown as it is then."""
        return (self.start + self.stop) / 2


def shots(path: Path) -> Iterator[Shot]:
    """The pictures in order. Raises `click.ClickException` if there are none."""
    with av.open(str(path)) as film:
        if not film.streams.video:
            raise click.ClickException("the film has no pictures")
        stream = film.streams.video[0]
        length = 1 / float(stream.average_rate or 25)
        last: tuple[float, Luma] | None = None
        for frame in film.decode(stream):
            start = float((frame.pts or 0) * stream.time_base) if stream.time_base else 0.0
            plane = frame.planes[0]
            luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            if last is not None:
                yield Shot(last[0], start, last[1])
            last = start, luma[: frame.height, : frame.width].copy()
        if last is not None:
            yield Shot(last[0], last[0] + length, last[1])


def sound(path: Path) -> Samples:
    """The sound from the film's beginning on, 48 kHz mono. Raises `click.ClickException` if there is none."""
    pieces: list[tuple[int, Samples]] = []
    with av.open(str(path)) as film:
        if not film.streams.audio:
            raise click.ClickException("the film has no sound")
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
        for frame in film.decode(film.streams.audio[0]):
            for piece in resampler.resample(frame):
                if piece.pts is not None and piece.time_base is not None:
                    start = round(piece.pts * piece.time_base * SAMPLE_RATE)
                    pieces.append((start, piece.to_ndarray()[0].astype(np.int16)))
    whole = np.zeros(max((start + len(pcm) for start, pcm in pieces), default=0), np.int16)
    for start, pcm in pieces:
        # What lies before the beginning is not heard.
        kept = pcm[max(-start, 0) :]
        whole[max(start, 0) : max(start, 0) + len(kept)] = kept
    return whole

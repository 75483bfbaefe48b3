"""`AVChunk`: a stretch of sound together with the pictures that belong to it."""

from dataclasses import dataclass, field

from visavis.media.pictures import Picture
from visavis.media.samples import Samples


@dataclass(frozen=True, slots=True)
class AVChunk:
    """A stretch of media time with its sound and its pictures, tied from birth.

    A CPU face makes one per picture, a remote model one of 28 pictures for 1.12 s, the playout one per
    sound packet. Times are media time: samples at 48 kHz since the start of the stream they are part of.
    """

    start: int
    """Media time of the first sample."""
    pcm: Samples = field(repr=False)
    """The sound: int16 mono, 48 kHz; may be empty for a chunk that only carries a picture."""
    pictures: tuple[tuple[int, Picture], ...] = ()
    """(start, picture), ascending; each start lies in `[start, start + max(len(pcm), 1))`."""
    silent: bool = False
    """True when the sound is known to be digital silence, so that nobody needs to encode it."""

    @property
    def end(self) -> int:
        """Media time just after the last sample."""
        return self.start + len(self.pcm)

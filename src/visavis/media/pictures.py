"""Pictures: `Live` pixels, or a place in a `Loop` that was drawn and encoded once for every session."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

I420: TypeAlias = npt.NDArray[np.uint8]
"""One picture, YUV 4:2:0 planar, limited range BT.601: uint8, (height * 3 // 2) x width, both sides even."""

Alpha: TypeAlias = npt.NDArray[np.uint8]
"""How much of a picture is there at each place, 0 to 255: uint8, height x width."""

BGR: TypeAlias = npt.NDArray[np.uint8]
"""One picture as OpenCV has it: uint8, height x width x 3."""


@dataclass(frozen=True, slots=True)
class LoopClip:
    """A motion loop of one avatar at one size: its frames are shared, read-only, by every session.

    The last frame flows into the first. At every index that is a multiple of `key_interval` the pose
    is one that the avatar's other clips share, and the encoded loop has a key frame there.
    """

    key: str
    """Names the content: avatar, clip, size and a digest of the source. Safe as a file name."""
    frames: Sequence[I420] = field(repr=False, compare=False)
    """Every frame's pixels, usually a memory map; never written to."""
    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    fps: Fraction
    """Pictures per second."""
    key_interval: int
    """Frames from one key frame to the next; divides the number of frames."""

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, slots=True)
class Live:
    """A picture that was drawn for one session."""

    pixels: I420 = field(repr=False, compare=False)
    """The whole picture."""
    state: object = field(default=None, repr=False, compare=False)
    """Whatever the face that drew it needs to draw the next one; nobody else reads it."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Frame `index` of a shared loop: whoever sends it can send packets that were encoded before."""

    clip: LoopClip
    index: int

    @property
    def pixels(self) -> I420:
        """The frame's pixels, shared: read only."""
        return self.clip.frames[self.index]

    @property
    def is_key(self) -> bool:
        """Whether an encoded loop can be joined here."""
        return self.index % self.clip.key_interval == 0


Picture: TypeAlias = Live | Loop

"""Faces: a stream of speech → a stream of sound with pictures. The contract."""

from collections.abc import AsyncIterator
from fractions import Fraction
from typing import Literal, Protocol, runtime_checkable

from visavis.avatar import Avatar
from visavis.media.chunk import AVChunk
from visavis.media.pictures import Alpha, Picture
from visavis.registry import Provider
from visavis.tts import Speech

Mood = Literal["idle", "listen", "think"]
"""What a face does while it does not speak."""


class Face(Protocol):
    """The face of one session."""

    width: int
    """Pixels, even."""
    height: int
    """Pixels, even."""
    fps: Fraction
    """Pictures per second."""
    look_ahead: int
    """Media time: how much speech it needs beyond a picture before it can draw that picture, at most."""

    mood: Mood
    """Set by the session; counts from the next `rest` on. Faces may pass over it."""

    def rest(self, after: Picture | None) -> Picture:
        """The picture that follows `after` when nothing is being said; the first one for None.

        Called at the frame rate on the event loop: under 2 ms. Closes an open mouth over a few live
        pictures, then returns the idle loop, whose frames follow one another.
        """

    def animate(self, speech: AsyncIterator[Speech], after: Picture | None) -> AsyncIterator[AVChunk]:
        """Draw one utterance, beginning from the pose of `after` (the picture being shown, if any).

        `speech` is at 48 kHz. The chunks start at 0, are consecutive and carry as many samples as the
        speech; pictures lie on the grid of `fps`, the first at 0. Draws only as far ahead as it is read.
        Raises `StageFailed("face", …)`.
        """

    async def close(self) -> None:
        """Let go of what it holds."""


@runtime_checkable
class Cutout(Protocol):
    """What a `Face` can do besides that puts `Avatar.background` behind the person."""

    def alpha(self, picture: Picture) -> Alpha:
        """Where the person is in `picture`, which it made. In any thread."""


class FaceProvider(Provider, Protocol):
    """Entry-point group `visavis.face`: what OpenTalking calls a model."""

    backend: str
    """mock, local, direct_ws or omnirt (contract opentalking 1.1)."""

    def open(self, avatar: Avatar) -> Face:
        """A face for `avatar`. Called in a thread: may draw and encode loops the first time.

        Raises `InvalidInput` if the avatar can't be used with this model.
        """

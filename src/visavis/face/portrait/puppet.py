"""`Puppet`: an avatar that can be made to speak, shared by all its sessions; and the drawn one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from visavis.avatar import Avatar
from visavis.face.portrait import motion
from visavis.face.portrait.motion import Motion
from visavis.face.portrait.pose import Look
from visavis.face.portrait.repertoire import Repertoire
from visavis.face.portrait.rig import Rig
from visavis.media.pictures import I420, Alpha, Loop, LoopClip


class Puppet(Protocol):
    """Draws pictures and keeps nothing of a session."""

    @property
    def clips(self) -> Mapping[Motion, LoopClip]:
        """At least `idle`; others may come while it is used, perhaps because they were asked for by `get`.

        All have the length and the key interval of `idle`; several motions may share one clip.
        """

    def draw(self, place: Loop, look: Look) -> I420:
        """A new picture: frame `place` of one of its clips, with the face changed to `look`."""

    def alpha(self, place: Loop) -> Alpha:
        """Where the person is in that frame, whatever the face does."""


class Drawn:
    """The puppet of a rig: its motions are drawn when they are needed first, into `folder`."""

    def __init__(self, avatar: Avatar, folder: Path) -> None:
        self._rig = Rig(avatar)
        self._fps = avatar.fps
        self.clips = Repertoire(folder, avatar, (self._rig.width, self._rig.height), self._frame)

    def draw(self, place: Loop, look: Look) -> I420:
        """Patch the lower face of the loop's frame."""
        # `loops.Frames` gives each caller an array of its own.
        picture = place.pixels
        pose = motion.pose(self.clips.motion(place.clip), place.index, self._fps)
        self._rig.speak(picture, pose, look)
        return picture

    def alpha(self, place: Loop) -> Alpha:
        """See `Puppet`. A smile widens the outline by a third of a pixel at most, which is left out."""
        return self._rig.alpha(motion.pose(self.clips.motion(place.clip), place.index, self._fps))

    def _frame(self, name: Motion, index: int) -> I420:
        return self._rig.frame(motion.pose(name, index, self._fps))

"""`Puppet`: an avatar that can be made to speak, shared by all its sessions; and the drawn one."""

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Protocol

from visavis.avatar import Avatar
from visavis.face.portrait import loops, motion
from visavis.face.portrait.motion import Motion
from visavis.face.portrait.pose import Look
from visavis.face.portrait.rig import Rig
from visavis.media.pictures import I420, Loop, LoopClip


class Puppet(Protocol):
    """Draws pictures and keeps nothing of a session."""

    @property
    def clips(self) -> Mapping[Motion, LoopClip]:
        """At least `idle`. All have its length and its key interval; several motions may share one clip."""

    def draw(self, place: Loop, look: Look) -> I420:
        """A new picture: frame `place` of one of its clips, with the face changed to `look`."""


class Drawn:
    """The puppet of a rig: its loops are drawn the first time it is opened in `folder`."""

    def __init__(self, avatar: Avatar, folder: Path) -> None:
        self._rig = Rig(avatar)
        self._fps = avatar.fps
        self.clips: Mapping[Motion, LoopClip] = {
            name: self._clip(avatar, folder, name) for name in motion.GESTURES
        }
        self._poses = {
            clip.key: [motion.pose(name, index, avatar.fps) for index in range(len(clip))]
            for name, clip in self.clips.items()
        }

    def draw(self, place: Loop, look: Look) -> I420:
        """Patch the lower face of the loop's frame."""
        # `loops.Frames` gives each caller an array of its own.
        picture = place.pixels
        self._rig.speak(picture, self._poses[place.clip.key][place.index], look.mouth)
        return picture

    def _clip(self, avatar: Avatar, folder: Path, name: Motion) -> LoopClip:
        lengths = motion.length(avatar.fps), motion.key_interval(avatar.fps)
        size = self._rig.width, self._rig.height
        return loops.clip(folder, avatar, name, size, avatar.fps, lengths, partial(self._frame, name, avatar.fps))

    def _frame(self, name: Motion, fps: Fraction, index: int) -> I420:
        return self._rig.frame(motion.pose(name, index, fps))

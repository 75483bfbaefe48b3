"""`Puppet`: an avatar that can be made to speak, shared by all its sessions; and the drawn one."""

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Protocol

from visavis.avatar import Avatar
from visavis.face.portrait import loops, motion
from visavis.face.portrait.pose import Mouth
from visavis.face.portrait.rig import Rig
from visavis.media.pictures import I420, Loop, LoopClip


class Puppet(Protocol):
    """Draws pictures and keeps nothing of a session."""

    idle: LoopClip
    speak: LoopClip
    """Has the length and the key interval of `idle`; may be the same clip."""

    def draw(self, place: Loop, mouth: Mouth) -> I420:
        """A new picture: frame `place` with its mouth as `mouth`."""


class Drawn:
    """The puppet of a rig: its loops are drawn the first time it is opened in `folder`."""

    def __init__(self, avatar: Avatar, folder: Path) -> None:
        self._rig = Rig(avatar)
        self._fps = avatar.fps
        self.idle = self._clip(avatar, folder, "idle")
        self.speak = self._clip(avatar, folder, "speak")
        self._poses = {
            clip.key: [motion.pose(name, index, avatar.fps) for index in range(len(clip))]
            for name, clip in self._named()
        }

    def draw(self, place: Loop, mouth: Mouth) -> I420:
        """Patch the lower face of the loop's frame."""
        # `loops.Frames` gives each caller an array of its own.
        picture = place.pixels
        self._rig.speak(picture, self._poses[place.clip.key][place.index], mouth)
        return picture

    def _named(self) -> tuple[tuple[motion.Motion, LoopClip], ...]:
        return ("idle", self.idle), ("speak", self.speak)

    def _clip(self, avatar: Avatar, folder: Path, name: motion.Motion) -> LoopClip:
        lengths = motion.length(avatar.fps), motion.key_interval(avatar.fps)
        size = self._rig.width, self._rig.height
        return loops.clip(folder, avatar, name, size, avatar.fps, lengths, partial(self._frame, name, avatar.fps))

    def _frame(self, name: motion.Motion, fps: Fraction, index: int) -> I420:
        return self._rig.frame(motion.pose(name, index, fps))

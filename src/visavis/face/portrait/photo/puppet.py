"""The puppet of a photograph or of a sequence of them: moves its head and eyes, and speaks.

It needs to know where the face is (`metadata.animation` of the manifest); without that, it is a still picture.
"""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from visavis.avatar import Avatar
from visavis.errors import InvalidInput
from visavis.face.portrait import motion
from visavis.face.portrait.motion import Motion
from visavis.face.portrait.photo import film
from visavis.face.portrait.photo.film import Film
from visavis.face.portrait.photo.marks import Marks, read
from visavis.face.portrait.photo.painter import Painter
from visavis.face.portrait.photo.picture import Texture, cut, texture
from visavis.face.portrait.pose import Look, Pose
from visavis.face.portrait.repertoire import Repertoire
from visavis.face.still import still_loop
from visavis.media.pictures import BGR, I420, Alpha, Loop, LoopClip


class Photo:
    """The puppet of an avatar that is not drawn; its motions are made when they are needed first, into `folder`.

    `InvalidInput` if it has no picture that can be read.
    """

    def __init__(self, avatar: Avatar, folder: Path) -> None:
        width, height = avatar.width // 2 * 2, avatar.height // 2 * 2
        marks = read(avatar.metadata.get("animation"), width, height)
        found = film.find(avatar, marks)
        self._face: _Moving | _Filmed | None = None
        self.clips: Mapping[Motion, LoopClip]
        if found is not None:
            self.clips = {"idle": found.clip(folder)}
            self._face = None if marks is None else _Filmed(found, marks, width, height)
        elif marks is not None:
            moving = _Moving(avatar, folder, marks, (width, height))
            self.clips, self._face = moving.clips, moving
        else:
            self.clips = {"idle": still_loop(avatar)}

    def draw(self, place: Loop, look: Look) -> I420:
        """Change the face of the loop's frame: the mouth, and brows and lids if `look` moves them."""
        if self._face is None:
            return np.array(place.pixels)
        # `loops.Frames` gives each caller an array of its own.
        picture = place.pixels
        if not look.at_rest:
            self._face.change(picture, place, look)
        return picture

    def alpha(self, place: Loop) -> Alpha:
        """A photograph is opaque, with whatever is behind the person."""
        return np.full((place.clip.height, place.clip.width), 255, dtype=np.uint8)


class _Moving:
    """One photograph, which moves by itself."""

    def __init__(self, avatar: Avatar, folder: Path, marks: Marks, size: tuple[int, int]) -> None:
        pixels = texture(_picture(avatar), *size)
        self._fps = avatar.fps
        self._painter = Painter(marks, pixels, *size, still=False)
        self._still = self._painter.whole(pixels)
        # Only what can move stays in memory.
        self._texture: Texture = pixels.part(*self._painter.live())
        self.clips = Repertoire(folder, avatar, size, self._frame)

    def change(self, picture: I420, place: Loop, look: Look) -> None:
        """Draw `look` over the frame `place`, in place."""
        pose = motion.pose(self.clips.motion(place.clip), place.index, self._fps)
        self._painter.look(picture, self._texture, pose, look)

    def _frame(self, name: Motion, index: int) -> I420:
        picture = self._still.copy()
        self._painter.pose(picture, self._texture, motion.pose(name, index, self._fps))
        return picture


class _Filmed:
    """A film with a face in it: only its mouth is changed."""

    def __init__(self, found: Film, marks: Marks, width: int, height: int) -> None:
        self._film, self._marks = found, marks
        pixels = cut(found.first(), (0, 0, width, height))
        self._painter = Painter(marks, pixels, width, height, still=True)

    def change(self, picture: I420, place: Loop, look: Look) -> None:
        """Draw the mouth of `look` over the frame `place`, in place."""
        if look.mouth.at_rest:
            return
        mouth = self._film.mouth(place.index, self._marks.mouth)
        pixels = cut(picture, self._painter.lower_face(mouth))
        self._painter.mouth(picture, pixels, _AS_IT_IS, look.mouth, mouth)


_AS_IT_IS = Pose()


def _picture(avatar: Avatar) -> BGR:
    path = avatar.reference()
    found = None if path is None else cv2.imread(str(path), cv2.IMREAD_COLOR)
    if found is None:
        raise InvalidInput(f"avatar {avatar.id!r} has no reference or preview picture that can be read")
    return found.astype(np.uint8, copy=False)

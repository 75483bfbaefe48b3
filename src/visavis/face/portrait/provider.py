"""`PortraitProvider`: opens portraits. Light to import: OpenCV is loaded with the first portrait."""

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from visavis.avatar import Avatar
from visavis.face import Face
from visavis.settings import Settings

if TYPE_CHECKING:
    from visavis.face.portrait.puppet import Puppet

KEPT = 16
"""Puppets that stay open, the ones used last; a puppet is about 10 MB beside its motions, which are on disk."""

_puppets: OrderedDict[str, "Puppet"] = OrderedDict()
_opening = threading.Lock()


class PortraitProvider:
    """Faces for drawn rigs and still pictures, rendered here on the CPU."""

    name = "portrait"
    backend = "local"

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / "cache" / "loops"

    def missing(self) -> str | None:
        """Nothing: all it needs is installed with Visavis."""
        return None

    def open(self, avatar: Avatar) -> Face:
        """A face for `avatar`; draws its idle loop the first time, in less than a second.

        `InvalidInput` if it has no picture.
        """
        import cv2

        from visavis.face.portrait.face import PortraitFace
        from visavis.face.portrait.loops import digest
        from visavis.face.portrait.photo import Photo
        from visavis.face.portrait.puppet import Drawn
        from visavis.face.portrait.rig import FILE
        from visavis.lipsync import Reader

        # Loads its network here, in a thread, and not on the event loop at the first word.
        Reader()
        # One thread draws one session: OpenCV's own threads would take the other sessions' core.
        cv2.setNumThreads(1)
        size = f"{avatar.width}x{avatar.height} {avatar.fps}"
        key = f"{self._folder.absolute()} {avatar.path.absolute()} {size} {digest(avatar)}"
        with _opening:
            if key not in _puppets:
                drawn = (avatar.path / FILE).is_file()
                _puppets[key] = Drawn(avatar, self._folder) if drawn else Photo(avatar, self._folder)
            _puppets.move_to_end(key)
            while len(_puppets) > KEPT:
                _puppets.popitem(last=False)
            return PortraitFace(_puppets[key])

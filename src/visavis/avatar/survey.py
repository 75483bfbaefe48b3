"""The faces of bundles that do not say where theirs are: looked for once, and kept beside the bundles.

Bundles of OpenTalking have pictures for a model that finds the face by itself. What is found, and what is not,
is kept under the cache of the data directory, by the bundle's picture: another picture is looked at anew.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from visavis.avatar.analysis.examination import examine
from visavis.avatar.bundle import Avatar
from visavis.errors import InvalidInput
from visavis.ids import new_id
from visavis.settings import Settings

RIG = "rig.json"
"""The file that a drawn avatar has: it needs no landmarks."""

VERSION = 1
"""Raise it when other landmarks would be found."""


def wanting(avatar: Avatar) -> bool:
    """Whether it has a picture and nobody said where the face in it is."""
    if isinstance(avatar.metadata.get("animation"), dict) or (avatar.path / RIG).is_file():
        return False
    return avatar.reference() is not None


class Survey:
    """Reads and writes below the cache directory. Every method blocks."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._directory = settings.data_dir / "cache" / "faces"

    def applied(self, avatar: Avatar) -> Avatar:
        """The avatar with the landmarks that were found, if any were."""
        if not wanting(avatar):
            return avatar
        animation = self._kept(avatar).get("animation")
        if not isinstance(animation, dict):
            return avatar
        return replace(
            avatar, manifest={**avatar.manifest, "metadata": {**avatar.metadata, "animation": animation}}
        )

    def known(self, avatar: Avatar) -> bool:
        """Whether its picture has been looked at."""
        return bool(self._kept(avatar))

    def look(self, avatar: Avatar) -> str | None:
        """Look at its picture, unless that was done; why it will not do, None if it will. Takes a second.

        Raises `Unavailable`.
        """
        kept = self._kept(avatar)
        if not kept:
            kept = self._found(avatar)
            self._keep(avatar, kept)
        refusal = kept.get("refusal")
        return str(refusal) if refusal else None

    def _found(self, avatar: Avatar) -> dict[str, Any]:
        picture = avatar.reference()
        if picture is None:
            return {"refusal": "it has no picture"}
        work = self._settings.data_dir / "cache" / "portraits"
        try:
            found = examine(self._settings, picture, work, cut=False, keep=False)
        except InvalidInput as error:
            return {"refusal": error.message}
        return {"animation": found.animation}

    def _kept(self, avatar: Avatar) -> dict[str, Any]:
        try:
            told = json.loads(self._place(avatar).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return told if isinstance(told, dict) else {}

    def _keep(self, avatar: Avatar, found: dict[str, Any]) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        unfinished = self._directory / f"{new_id()}.part"
        try:
            unfinished.write_text(json.dumps(found), "utf-8")
            unfinished.replace(self._place(avatar))
        finally:
            unfinished.unlink(missing_ok=True)

    def _place(self, avatar: Avatar) -> Path:
        picture = avatar.reference()
        status = picture.stat() if picture is not None else None
        stamp = f"{status.st_size:x}-{status.st_mtime_ns:x}" if status is not None else "none"
        # A long id in CJK with the stamp would be too long a name; ids differ in their ends.
        return self._directory / f"{avatar.id[-48:]}-{stamp}-{VERSION}.json"

"""The avatars that users make, from a picture each, and delete again."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from visavis.avatar.bundle import Avatar, read
from visavis.avatar.customisation import MANIFEST, Customisations
from visavis.errors import Forbidden
from visavis.ids import new_id
from visavis.settings import Settings

SLUG_MAX = 32
"""Characters of a name that go into an id (contract opentalking 1.2)."""

_KEPT = re.compile(r"[^0-9A-Za-z_\-\u3400-\u4dbf\u4e00-\u9fff]+")


def slug(name: str) -> str:
    """What of a name goes into an id: ASCII letters and digits, CJK, `_`, `-`."""
    return _KEPT.sub("-", name).strip("-_")[:SLUG_MAX].rstrip("-_") or "avatar"


class Gallery:
    """Writes below `data_dir/avatars` and nowhere else. Every method blocks."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._directory = settings.data_dir / "avatars"
        self._loops = settings.data_dir / "cache" / "loops"
        self._customisations = Customisations(settings)
        self._now = now

    def add(
        self,
        name: str,
        base: Avatar,
        picture: Path,
        size: tuple[int, int],
        metadata: dict[str, Any],
        frames: Path | None = None,
        fps: int | None = None,
    ) -> Avatar:
        """Make an avatar that looks like `picture`, a checked PNG, and has the pace of `base`.

        `frames` is a directory of the pictures that it moves by, with `fps` of them a second. It is in the
        catalogue when it is complete.
        """
        avatar_id, place = self._new(slug(name))
        try:
            shutil.copyfile(picture, place / "reference.png")
            shutil.copyfile(picture, place / "preview.png")
            if frames is not None:
                shutil.copytree(frames, place / "frames")
            manifest = {
                "id": avatar_id,
                "name": name,
                "model_type": base.model_type,
                "version": "1.0",
                "fps": fps or base.manifest.get("fps", 25),
                "sample_rate": base.sample_rate,
                "width": size[0],
                "height": size[1],
                "metadata": {
                    "custom_avatar": True,
                    "base_avatar_id": base.id,
                    "source_image": "reference.png",
                    "reference_mode": "image" if frames is None else "frames",
                    **metadata,
                },
            }
            unfinished = place / f"{new_id()}.part"
            unfinished.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")
            unfinished.replace(place / MANIFEST)
            return read(place)
        except BaseException:  # whatever it was: half an avatar is none
            shutil.rmtree(place, ignore_errors=True)
            raise

    def delete(self, avatar: Avatar) -> None:
        """Delete an avatar that a user made; sessions that show it go on. Raises `Forbidden` for any other."""
        place = self._directory / avatar.id
        if not avatar.custom or not (place / MANIFEST).is_file():
            raise Forbidden("this avatar came with the server: only avatars that were uploaded can be deleted")
        # At once it is out of the catalogue, whatever becomes of the rest.
        (place / MANIFEST).unlink(missing_ok=True)
        self._customisations.forget(avatar.id)
        shutil.rmtree(place, ignore_errors=True)
        for drawn in self._loops.glob(f"{avatar.id}-*"):
            drawn.unlink(missing_ok=True)

    def _new(self, name: str) -> tuple[str, Path]:
        """A new id and its directory."""
        made = self._now()
        while True:
            stamp = f"{made:%Y%m%d-%H%M%S}-{made.microsecond // 1000:03d}"
            avatar_id = f"custom-{name}-{stamp}"
            place = self._directory / avatar_id
            try:
                place.mkdir(parents=True)
            except FileExistsError:
                made += timedelta(milliseconds=1)
            else:
                return avatar_id, place

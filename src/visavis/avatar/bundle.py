"""One avatar: a directory with `manifest.json` (contract opentalking 3), read leniently."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from visavis.errors import InvalidInput
from visavis.ids import is_slug

REFERENCES = ("reference.png", "reference.jpg", "reference.jpeg", "preview.png")
"""Where a bundle's still picture may be, best first."""

RIG = "rig.json"
"""Lists the layers of a drawn avatar."""

FRAMES = ("frames", "full_frames")
"""Directories of a bundle whose first picture is the still one where there is no other."""

PREVIEW_VIDEOS = ("preview.mp4", "preview.webm")
"""Where a bundle may have a film of the avatar."""


@dataclass(frozen=True, slots=True)
class Avatar:
    """What a manifest says, checked."""

    id: str
    name: str | None
    model_type: str
    """The model the bundle was made for: a hint, never a gate."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    fps: Fraction
    """Pictures per second; 24, 25 and 30 occur."""
    sample_rate: int
    """Hz; kept for clients, the engine has its own."""
    manifest: dict[str, Any] = field(repr=False)
    """The whole manifest, as it was read."""
    path: Path = field(repr=False)
    """The bundle's directory: never shown to a client."""
    background: str | Path | None = field(default=None, repr=False)
    """What is behind a drawn person in place of what its files say: `#rrggbb`, a picture, or `transparent`."""

    @property
    def metadata(self) -> dict[str, Any]:
        """The manifest's free part."""
        value = self.manifest.get("metadata")
        return value if isinstance(value, dict) else {}

    @property
    def hidden(self) -> bool:
        """Whether lists leave it out."""
        return self.metadata.get("hidden") is True

    @property
    def custom(self) -> bool:
        """Whether a user made it (and may delete it)."""
        return self.metadata.get("custom_avatar") is True

    @property
    def drawn(self) -> bool:
        """Whether it is put together from layers, so that what is behind the person can be another."""
        return (self.path / RIG).is_file()

    def reference(self) -> Path | None:
        """The still picture, if the bundle has one."""
        found = (self.path / name for name in REFERENCES if (self.path / name).is_file())
        return next(found, None) or next(self._frames(), None)

    def preview_video(self) -> Path | None:
        """A film of it, if the bundle has one."""
        return next((self.path / name for name in PREVIEW_VIDEOS if (self.path / name).is_file()), None)

    def _frames(self) -> Iterator[Path]:
        for name in FRAMES:
            place = self.path / name
            names = sorted(place.iterdir()) if place.is_dir() else []
            yield from (path for path in names if path.suffix.lower() in (".png", ".jpg", ".jpeg"))


def read(path: Path) -> Avatar:
    """Read the bundle at `path`; `InvalidInput` names what is wrong with it."""
    try:
        manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise InvalidInput(f"avatar {path.name!r} has no readable manifest.json") from None
    if not isinstance(manifest, dict) or not is_slug(path.name):
        raise InvalidInput(
            f"avatar {path.name!r}: the manifest is not an object or the directory's name not a slug"
        )
    try:
        width, height = int(manifest["width"]), int(manifest["height"])
        fps = Fraction(str(manifest.get("fps", 25)))
        rate = int(manifest.get("sample_rate", 16_000))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        raise InvalidInput(f"avatar {path.name!r}: width, height, fps or sample_rate is not a number") from None
    if not (16 <= width <= 4096 and 16 <= height <= 4096 and 1 <= fps <= 60):
        raise InvalidInput(f"avatar {path.name!r}: sides must be 16 to 4096 pixels, fps 1 to 60")
    name = manifest.get("name")
    return Avatar(
        id=path.name,
        name=name if isinstance(name, str) else None,
        model_type=str(manifest.get("model_type", "portrait")),
        width=width,
        height=height,
        fps=fps,
        sample_rate=rate,
        manifest=manifest,
        path=path,
    )

"""`make_portrait`: an avatar of a photo or a short film, whoever asked for it and by whatever API."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from visavis.avatar import consent as agreement
from visavis.avatar.analysis.examination import examine
from visavis.avatar.bundle import Avatar
from visavis.avatar.consent import Consent
from visavis.avatar.gallery import Gallery
from visavis.ids import new_id
from visavis.settings import Settings


def make_portrait(
    settings: Settings,
    picture_path: Path,
    name: str,
    base: Avatar,
    consent: Consent | None,
    points: Mapping[str, Any] | None = None,
    *,
    still: bool = False,
    told: Mapping[str, Any] | None = None,
) -> Avatar:
    """Make an avatar of the photo or film in `picture_path`, a file as somebody sent it; it can talk at once.

    `base` gives its pace; `points` are parts of `metadata.animation` that somebody corrected, of the whole photo;
    `still` takes a picture without a face, which will not move; `told` is kept in its metadata. Blocks for a
    second, for a film up to a minute: call it in a thread. Raises `InvalidInput` with what to do, `Unavailable`.
    """
    agreement.check(settings, consent)
    work = settings.data_dir / "cache" / "portraits" / new_id()
    work.mkdir(parents=True)
    try:
        found = examine(settings, picture_path, work, points, "no" if still else "yes")
        metadata: dict[str, Any] = {**(told or {}), "idle_mode": "loop"}
        if found.animation is not None:
            metadata |= {"animation": found.animation, "landmarks": found.landmarks}
        if consent is not None:
            metadata["consent"] = consent.told()
        frames = work / "frames" if found.fps else None
        size = found.width, found.height
        return Gallery(settings).add(name, base, work / "reference.png", size, metadata, frames, found.fps)
    finally:
        shutil.rmtree(work, ignore_errors=True)

"""What users changed about an avatar: kept beside its bundle, which stays as it is, and undone by deleting it."""

import json
import shutil
from pathlib import Path
from typing import Any

from visavis.avatar import bundle
from visavis.avatar.bundle import Avatar
from visavis.ids import is_slug, new_id
from visavis.settings import Settings

MANIFEST = "manifest.json"
PROMPT = "prompt.txt"
SAMPLE = "sample.wav"

TAKEN = ("name", "model_type", "version")
"""Keys of a manifest that hold whatever the avatar looks like."""

KEPT = ("hidden", "description", "person_mode", "custom_avatar", "base_avatar_id")
"""The same of its metadata: where a mouth was says nothing about another picture."""


class Customisations:
    """One directory for each avatar that was changed. Every method blocks."""

    def __init__(self, settings: Settings) -> None:
        self._directory = settings.data_dir / "customised"

    def applied(self, avatar: Avatar) -> Avatar:
        """The avatar with its new picture, if it has one. `InvalidInput` if that can't be read."""
        place = self._directory / avatar.id
        return bundle.read(place) if (place / MANIFEST).is_file() else avatar

    def prompt(self, avatar_id: str) -> str:
        """What its sessions tell the chat model; empty if nobody changed that."""
        try:
            return (self._directory / avatar_id / PROMPT).read_text("utf-8") if is_slug(avatar_id) else ""
        except FileNotFoundError:
            return ""

    def sample(self, avatar_id: str) -> Path | None:
        """A sample of the voice it is to have, if there is one."""
        path = self._directory / avatar_id / SAMPLE
        return path if is_slug(avatar_id) and path.is_file() else None

    def set_prompt(self, avatar: Avatar, prompt: str) -> None:
        """Keep a system prompt; empty for the usual one."""
        if prompt:
            self._write(avatar, PROMPT, prompt.encode())
        else:
            (self._directory / avatar.id / PROMPT).unlink(missing_ok=True)

    def set_picture(
        self, avatar: Avatar, picture: Path, size: tuple[int, int], animation: dict[str, Any] | None = None
    ) -> None:
        """Let it look like `picture`, a checked PNG, from the next session on.

        `animation` says where the face in it is; without, it does not move.
        """
        self._write(avatar, "reference.png", picture.read_bytes())
        kept = {key: avatar.metadata[key] for key in KEPT if key in avatar.metadata}
        manifest: dict[str, Any] = {key: avatar.manifest[key] for key in TAKEN if key in avatar.manifest}
        manifest |= {
            "id": avatar.id,
            "fps": avatar.manifest.get("fps", 25),
            "sample_rate": avatar.sample_rate,
            "width": size[0],
            "height": size[1],
            "metadata": {
                **kept,
                "customised": True,
                "source_image": "reference.png",
                **({} if animation is None else {"animation": animation}),
            },
        }
        # Last: from now on it is used.
        self._write(avatar, MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1).encode())

    def set_sample(self, avatar: Avatar, sample: Path) -> None:
        """Keep a sample of a voice, a checked WAV file."""
        self._write(avatar, SAMPLE, sample.read_bytes())

    def forget(self, avatar_id: str) -> None:
        """Undo all of it."""
        if is_slug(avatar_id):
            (self._directory / avatar_id / MANIFEST).unlink(missing_ok=True)
            shutil.rmtree(self._directory / avatar_id, ignore_errors=True)

    def _write(self, avatar: Avatar, name: str, content: bytes) -> None:
        place = self._directory / avatar.id
        place.mkdir(parents=True, exist_ok=True)
        unfinished = place / f"{name}.{new_id()}.part"
        try:
            unfinished.write_bytes(content)
            unfinished.replace(place / name)
        finally:
            unfinished.unlink(missing_ok=True)

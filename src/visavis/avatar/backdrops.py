"""What stands behind a drawn person, in place of its own background: a colour, a picture, or nothing."""

import re
from dataclasses import replace
from pathlib import Path

from visavis.avatar.bundle import Avatar
from visavis.errors import InvalidInput
from visavis.ids import is_slug
from visavis.media.picture_header import check
from visavis.settings import Settings

GREEN = "#00b140"
"""What `green` stands for: the usual green of a screen that is keyed out."""
TRANSPARENT = "transparent"
"""Nothing at all: for films that keep where the person is."""
SUFFIXES = ("png", "jpg", "jpeg")
"""Of pictures."""
LARGEST = 32 * 2**20
"""Bytes of a picture."""


class Backdrops:
    """Those that sessions may choose: colours, and the pictures that the operator put into `backgrounds`."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / "backgrounds"
        self._usual = settings.background

    def applied(self, avatar: Avatar, wanted: str | Path = "") -> Avatar:
        """`avatar` before `wanted`, or, if that is empty and it is drawn, before the configured one. Blocks.

        `wanted` is `green`, `#rrggbb`, `transparent` or the name of a picture among `backgrounds`; or, from the
        machine's own user and never from a client, any picture's path. Raises `InvalidInput`.
        """
        if not avatar.drawn:
            if wanted:
                raise InvalidInput(
                    f"avatar {avatar.id!r} is a picture: only drawn avatars can have another background"
                )
            return avatar
        chosen = wanted or self._usual
        return replace(avatar, background=self._found(chosen)) if chosen else avatar

    def _found(self, wanted: str | Path) -> str | Path:
        if isinstance(wanted, Path):
            return _checked(wanted, wanted.name)
        if wanted == TRANSPARENT:
            return wanted
        code = GREEN if wanted == "green" else wanted.lower()
        if re.fullmatch(r"#[0-9a-f]{6}", code):
            return code
        stem, _, suffix = wanted.rpartition(".")
        if suffix not in SUFFIXES or not is_slug(stem):
            raise InvalidInput("a background is 'green', '#rrggbb' or the name of a picture: 'wall.png'")
        return _checked(self._folder / wanted, wanted)


def _checked(path: Path, name: str) -> Path:
    """`path`, absolute, if there is a picture that is neither too large nor cut off."""
    try:
        if path.stat().st_size > LARGEST:
            raise InvalidInput(f"background {name!r}: more than {LARGEST // 2**20} MiB")
        content = path.read_bytes()
    except OSError:
        raise InvalidInput(f"there is no background {name!r} that can be read") from None
    try:
        check(content)
    except InvalidInput as error:
        raise InvalidInput(f"background {name!r}: {error.message}") from None
    return path.absolute()

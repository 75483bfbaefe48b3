"""Personas: who an avatar is, as a file. Prompt, greeting, looks, voice, language, documents and tools.

`persona.toml` has the fields of `Persona`; its id is the name of the file, or of the directory it is in.
"""

from pathlib import Path
from typing import Any

import msgspec

from visavis.errors import InvalidInput, NotFound
from visavis.ids import is_slug
from visavis.settings import Settings

STOCK = Path(__file__).parent / "stock"
"""The personas of this project."""

MAX_BYTES = 64 * 1024
"""Of a file: a prompt longer than that is no prompt."""


class PersonaVoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The voice it speaks with; what is empty is left to the configuration."""

    provider: str = ""
    name: str = ""


class Persona(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who an avatar is. What is empty is left to the configuration."""

    name: str
    """For people."""
    prompt: str = ""
    """The chat model's system prompt."""
    greeting: str = ""
    """Said once, when the first viewer joins."""
    avatar: str = ""
    """An avatar's id."""
    model: str = ""
    """A face model."""
    voice: PersonaVoice = PersonaVoice()
    language: str = ""
    """BCP 47 tag: what it listens for, and what it takes Latin script to be."""
    knowledge: tuple[str, ...] = ()
    """Collections of documents; empty for the default one."""
    tools: tuple[str, ...] | None = None
    """The enabled tool providers it uses; None for all of them."""


class Personas:
    """Looks personas up: the operator's, under `data_dir`, then this project's own."""

    def __init__(self, settings: Settings) -> None:
        self._places = (settings.data_dir / "personas", STOCK)

    def ids(self) -> list[str]:
        """Every persona's id, in alphabetical order; whether each is usable only reading it tells."""
        found = {
            path.stem if path.is_file() else path.name
            for place in self._places
            for path in (place.iterdir() if place.is_dir() else ())
            if path.suffix == ".toml" or path.is_dir()
        }
        return sorted(persona_id for persona_id in found if self.knows(persona_id))

    def knows(self, persona_id: Any) -> bool:
        """Whether there is a persona of that id; anything may be asked for."""
        return self._path(persona_id) is not None

    def persona(self, persona_id: str) -> Persona:
        """The persona of that id. `NotFound` if there is none; `InvalidInput` names what is wrong with it."""
        path = self._path(persona_id)
        if path is None:
            raise NotFound(f"persona not found: {persona_id[:80]!r}; `visavis doctor` lists those that are there")
        try:
            data = path.read_bytes()
        except OSError:
            raise InvalidInput(f"persona {persona_id!r}: the file can't be read") from None
        if len(data) > MAX_BYTES:
            raise InvalidInput(f"persona {persona_id!r}: the file is larger than {MAX_BYTES // 1024} KiB")
        try:
            made = msgspec.toml.decode(data, type=Persona)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise InvalidInput(f"persona {persona_id!r}: {error}") from None
        if not made.name.strip():
            raise InvalidInput(f"persona {persona_id!r}: name is empty")
        if made.avatar and not is_slug(made.avatar):
            raise InvalidInput(f"persona {persona_id!r}: avatar is not an id: letters, digits, '-' and '_' only")
        return made

    def _path(self, persona_id: Any) -> Path | None:
        if not isinstance(persona_id, str) or not is_slug(persona_id):
            return None
        paths = [
            path
            for place in self._places
            for path in (place / f"{persona_id}.toml", place / persona_id / "persona.toml")
        ]
        try:
            return next((path for path in paths if path.is_file()), None)
        except OSError:
            # 128 Chinese characters are a slug, and more bytes than a file name may have.
            return None

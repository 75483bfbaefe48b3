"""`visavis doctor`: what is active, from where, what is missing, and how to get it."""

import os
import platform
from collections.abc import Iterator, Mapping

import click

from visavis import __version__
from visavis.aliases import ALIASES
from visavis.api.capabilities import Capabilities
from visavis.avatar import Catalogue
from visavis.cli.configuration import settings as read_settings
from visavis.errors import InvalidInput
from visavis.persona import Personas
from visavis.settings import Settings, unused_names

KINDS = {"face": "faces", "tts": "voices", "asr": "recognisers", "llm": "chat models", "tools": "tools"}
SECRET = ("key", "secret", "password", "token")


@click.command()
def doctor() -> None:
    """Show what is active, from where, what is missing, and how to get it."""
    settings = read_settings()
    click.echo(f"visavis {__version__}, Python {platform.python_version()}, {os.cpu_count()} cores")
    click.echo("\nsettings that differ from the default")
    for line in _changed(settings):
        click.echo(f"  {line}")
    if unused := unused_names(os.environ):
        click.echo("\nsettings of OpenTalking that are not used here")
        for name in unused:
            click.echo(f"  {name}")
    capabilities = Capabilities(settings)
    in_use = {settings.default_model, settings.tts, settings.chat_provider, *settings.tool_providers}
    for kind, title in KINDS.items():
        click.echo(f"\n{title}")
        for line in _providers(capabilities.missing(kind), in_use):
            click.echo(f"  {line}")
    click.echo("\necho of the avatar in microphones")
    click.echo(f"  {_echo(settings)}")
    click.echo("\navatars")
    for avatar in Catalogue(settings).avatars():
        click.echo(f"  {avatar.id:20} {avatar.width}x{avatar.height}, {float(avatar.fps):g} fps")
    click.echo("\npersonas")
    for line in _personas(Personas(settings)):
        click.echo(f"  {line}")


def _echo(settings: Settings) -> str:
    return f"{settings.echo:20} ready"


def _personas(personas: Personas) -> Iterator[str]:
    for persona_id in personas.ids():
        try:
            persona = personas.persona(persona_id)
            yield f"{persona_id:20} {persona.name}"
        except InvalidInput as error:
            yield f"{persona_id:20} not usable: {error.message}"


def _changed(settings: Settings) -> Iterator[str]:
    count = 0
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        if value == field.get_default(call_default_factory=True):
            continue
        count += 1
        shown = "***" if value and any(word in name for word in SECRET) else value
        yield f"{name} = {shown}  ({_origin(name)})"
    if not count:
        yield "none"


def _origin(name: str) -> str:
    for variable in (f"VISAVIS_{name.upper()}", *ALIASES.get(name, ())):
        if variable in os.environ:
            return f"environment, {variable}"
    return ".env or the file named by VISAVIS_CONFIG"


def _providers(missing: Mapping[str, str | None], in_use: set[str]) -> Iterator[str]:
    for name, lack in missing.items():
        yield f"{'*' if name in in_use else ' '} {name:18} {f'not usable: {lack}' if lack else 'ready'}"
    if not missing:
        yield "  none yet"
